/** The guard of a payload, run by a real shell: what it writes, and what it does without an agent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { GUARD_SCRIPT } from '../../../../job-agent/guard/guard-script.js';
import { GuardedProgram, signalOf } from '../../../../job-agent/guard/guarded-program.js';
import { parseProcessName, parseProgramEnd, processLine } from '../../../../job-agent/guard/program-files.js';
import { readProcesses } from '../../../../job-agent/process-table.js';
import { systemClock } from '../../../../protocol/clock.js';
import { isSameProcess, startTimeOf } from '../../../../protocol/process-id.js';

describe('job-agent: what guards write', () => {
  it('is a process once its line is whole', () => {
    expect(parseProcessName('12 345\n')).to.deep.equal({ pid: 12, start: '345' });
    for (const text of ['', '12 345', '12\n', '12 x\n', '12 345\n6'])
      expect(parseProcessName(text)).to.equal(undefined);
    expect(processLine({ pid: 12, start: '345' })).to.equal('12 345\n');
  });

  it('is a status with the times of dash, bash and busybox', () => {
    const ends = [
      '0\n0m0.000000s 0m0.010000s\n1m1.500000s 0m0.250000s\n',
      '0\n0m0.000s 0m0.010s\n1m1.500s 0m0.250s\n',
      '0\n0m0,00s 0m0,01s\n1m1,50s 0m0,25s\n',
    ];
    for (const text of ends) expect(parseProgramEnd(text)).to.deep.equal({ status: 0, cpuSeconds: 61.75 });
    expect(parseProgramEnd('137\n')).to.deep.equal({ status: 137, cpuSeconds: 0 });
    expect(parseProgramEnd('')).to.equal(undefined);
  });

  it('tells a signal by its status', () => {
    expect([0, 1, 127, 128, 137, 143, 255].map(signalOf)).to.deep.equal([
      ...[null, null, null, null],
      ...['SIGKILL', 'SIGTERM', null],
    ]);
  });
});

describe('job-agent: a guard', () => {
  let folder: string;
  let directory: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-guard-'));
    directory = join(folder, 'job-1.1');
    mkdirSync(join(directory, 'work'), { recursive: true });
    writeFileSync(join(folder, 'guard.sh'), GUARD_SCRIPT);
    ownedBy(process.pid);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const ownedBy = (pid: number): void =>
    writeFileSync(join(folder, 'owner'), processLine({ pid, start: startTimeOf(pid) ?? '1' }));
  const start = (script: string, patienceS = 0): Promise<GuardedProgram> =>
    GuardedProgram.start({
      ...{ script: join(folder, 'guard.sh'), owner: join(folder, 'owner'), patienceS },
      ...{ directory, number: 1, mark: 'm', job: '1.1', isConfined: false, clock: systemClock },
      work: join(directory, 'work'),
      command: ['/bin/sh', '-c', script, 'a word', "it's another"],
      env: { PATH: process.env['PATH'] ?? '', COLOUR: 'blue' },
    });
  const said = (): string => readFileSync(join(directory, 'work', 'stdout'), 'utf8');

  it('runs a program with its words, environment and directory, in a session of its own', async () => {
    const program = await start(
      'echo "$0" "$1" "$COLOUR" "$PROOF_JOB" "$PROOF_PAYLOAD" "<$PROOF_GUARD>"; pwd; ps -o sid= -p $$; exit 3',
    );
    expect((await program.ended)?.status).to.equal(3);
    const [words, place, session] = said().split('\n');
    expect(words).to.equal("a word it's another blue 1.1 m <>");
    expect(place).to.equal(join(directory, 'work'));
    expect(Number(session)).to.equal(parseProcessName(readFileSync(join(directory, 'program-1.leader'), 'utf8'))?.pid);
    program.dismiss();
  });

  it('tells a signal, and the time that was used', async () => {
    const program = await start(`node -e 'while (process.cpuUsage().user < 3e5);'; kill -KILL $$`);
    const end = await program.ended;
    expect(end?.status).to.equal(137);
    expect(end?.cpuSeconds).to.be.within(0.3, 5);
    program.dismiss();
  });

  it('is found by another agent, while the program runs and when it has ended', async () => {
    const program = await start(`while [ ! -e ${folder}/go ]; do sleep 0.05; done; exit 5`);
    const find = () => GuardedProgram.find({ directory, number: 1, mark: 'm', isConfined: false, clock: systemClock });
    const found = find();
    expect(found?.family.members().length).to.be.greaterThan(0);
    writeFileSync(join(folder, 'go'), '');
    expect((await found?.ended)?.status).to.equal(5);
    await program.ended;
    expect((await find()?.ended)?.status).to.equal(5);
    program.dismiss();
    rmSync(join(directory, 'program-1.status'));
    expect(find()).to.equal(undefined);
  });

  it('that is killed tells nothing', async () => {
    const program = await start('exec sleep 1000');
    process.kill(program.child!, 'SIGKILL');
    expect(await program.ended).to.equal(null);
    expect(program.endAll()).to.deep.equal([]);
    program.dismiss();
  });

  it('ends everything and removes the directory when its agent is gone, and not while another has claimed it', async () => {
    const agent = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(agent, 'spawn');
    ownedBy(agent.pid!);
    const name = parseProcessName(readFileSync(join(folder, 'owner'), 'utf8'))!;
    const program = await start('exec sleep 1000');
    const leader = parseProcessName(readFileSync(join(directory, 'program-1.leader'), 'utf8'))!;
    const claim = join(directory, `left.${name.pid}.${name.start}`);
    mkdirSync(claim);
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    // A look a second, each behind a sleep of its own: some of them found no agent, and the claim of another.
    const pauses = new Set<number>();
    await until(() => {
      for (const { pid, group } of readProcesses()) if (group === program.child) pauses.add(pid);
      return pauses.size > 5;
    });
    expect(isSameProcess(leader.pid, leader.start)).to.equal(true);
    rmSync(claim, { recursive: true });
    await until(() => !existsSync(directory));
    await until(() => !isSameProcess(leader.pid, leader.start));
    await program.ended;
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}
