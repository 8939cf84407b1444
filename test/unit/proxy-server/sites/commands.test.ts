/** Commands of batch systems, run for real: what hangs, fails, floods or is missing, here and through a stand-in for ssh. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandEnvironment, LocalBatchHost } from '../../../../proxy-server/sites/batch-host.js';
import { runCommand } from '../../../../proxy-server/sites/command-runner.js';
import { pilotScript } from '../../../../proxy-server/sites/pilot-script.js';
import { quoteWord } from '../../../../proxy-server/sites/quote-word.js';
import { SshBatchHost } from '../../../../proxy-server/sites/ssh.js';
import { failureOf } from '../../../support/failure.js';

const env = commandEnvironment({});
const sh = (script: string, timeoutMs = 60_000) => runCommand(['sh', '-c', script], { env, timeoutMs, input: 'in' });

/** Who was told to end does so when it gets the processor next. */
const ended = async (pid: string): Promise<void> => {
  while (existsSync(`/proc/${pid}/exe`)) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('proxy-server: commands of batch systems', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-commands-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('give their status and both outputs, in the language C and without variables of ours', async () => {
    process.env['PROOF_TEST_SECRET'] = 'x';
    const ran = await sh('cat; echo "$LC_ALL $PROOF_TEST_SECRET" >&2; exit 3');
    delete process.env['PROOF_TEST_SECRET'];
    expect(ran).to.deep.equal({ how: 'ended', status: 3, stdout: 'in', stderr: 'C \n' });
  });

  it('are ended with their children when they hang, also when they do not want to', async () => {
    const ran = await sh(`trap '' TERM; echo $$ >${folder}/pid; sleep 600 & wait; sleep 600`, 3_000);
    expect(ran).to.deep.equal({ how: 'failed', why: 'sh did not answer within 3 s' });
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    await ended(pid);
  });

  it('are not waited for longer when a child of theirs keeps the pipe', async () => {
    expect(await sh('sleep 5 & echo done')).to.deep.include({ how: 'ended', status: 0, stdout: 'done\n' });
  });

  it('that flood, or are killed, or are not there, fail in one clause', async () => {
    expect(await sh('exec cat /dev/zero')).to.deep.include({ how: 'failed', why: 'sh wrote more than 67108864 bytes' });
    expect(await sh('kill -9 $$')).to.deep.include({ how: 'failed', why: 'sh was killed by SIGKILL' });
    const missing = await runCommand(['proof-no-such-command'], { env, timeoutMs: 1000 });
    expect(missing).to.have.property('why').that.contains('no command proof-no-such-command');
  });

  it('get words as they are: nothing in them means anything to a shell', async () => {
    const words = ["it's", '$HOME', '`id`', 'a b', '', '*', '\\', '"', '-n', 'ü'];
    const echo = `printf '%s|' ${words.map(quoteWord).join(' ')}`;
    expect(await sh(echo)).to.deep.include({ stdout: `${words.join('|')}|` });
  });

  it('run on a login node by ssh, texts on standard input, ssh failures told as such', async () => {
    // Takes options up to "--", then host and one line for the shell there, as ssh does.
    const ssh = join(folder, 'ssh');
    writeFileSync(
      ssh,
      '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\n[ "$2" = dead ] && { echo no route >&2; exit 255; }\ncd "$(dirname "$0")" && exec sh -c "$3"\n',
    );
    chmodSync(ssh, 0o755);
    const remote = {
      type: 'slurm' as const,
      payload: false,
      options: [],
      environment: { SLURM_CONF: '/x y' },
      commandTimeoutS: 60,
    };
    const site = { type: 'ssh' as const, name: 'S', host: 'login', sshOptions: [], sshCommand: ssh, remote };
    const host = new SshBatchHost(site);
    expect(await host.run(['sh', '-c', 'echo "$SLURM_CONF $1 $LC_ALL"; cat', 'sh', "it's"], 'in')).to.equal(
      "/x y it's C\nin",
    );
    const directory = await host.directory();
    expect(directory).to.equal(join(folder, '.proof-pilots/S'));
    const file = join(directory, 'a b');
    await host.write(file, 's3cret');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(await host.tail(file)).to.equal('s3cret');
    expect(await host.tail(join(directory, 'none'))).to.equal('');
    await host.remove([file]);
    expect(readdirSync(directory)).to.deep.equal([]);
    const dead = new SshBatchHost({ ...site, host: 'dead' });
    expect((await failureOf(dead.run(['true']))).message).to.equal('Site S: login node dead cannot be used: no route');
  });

  it('that end with another status tell the first line that they said', async () => {
    const host = new LocalBatchHost({ site: 'S', directory: folder, environment: {}, timeoutMs: 60_000 });
    const error = await failureOf(host.run(['sh', '-c', 'echo; echo "over quota" >&2; echo more >&2; exit 4']));
    expect(error.message).to.equal('Site S: sh ended with status 4: over quota');
  });

  describe('the pilot script', () => {
    const script = (command: string, more: object = {}) =>
      pilotScript({
        site: 'S',
        pilotId: `p-${process.pid}`,
        agentCommand: ['sh', '-c', command],
        ttlS: 3600,
        wholeNode: false,
        about: { comment: 'Pilot job\necho stray', packages: ['VO@p::1'] },
        scratch: folder,
        settings: { text: '{"secret":"it\'s $HOME"}' },
        ...more,
      });

    it('tells whoever reads it what the JDL says of it, and runs none of that', async () => {
      expect(script('true')).to.contain('\n# Pilot job echo stray; VO@p::1\n');
      expect(await sh(script('true'))).to.deep.include({ status: 0, stdout: '' });
    });

    it('brings settings and scratch, returns the exit status, and leaves nothing', async () => {
      const ran = await sh(script('cat "$PROOF_SETTINGS"; ls "$PROOF_SCRATCH"; echo "$PROOF_WALL_TIME_END"; exit 7'));
      expect(ran).to.have.property('status', 7);
      const [settings, list, end] = (ran as { stdout: string }).stdout.split('\n');
      expect(settings).to.equal('{"secret":"it\'s $HOME"}');
      expect(list).to.equal('agent.json');
      expect(Number(end)).to.be.within(Date.now() + 3_500_000, Date.now() + 3_610_000);
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('gives the agent all cores that the batch system granted, else those of the node', async () => {
      const cores = async (environment: string): Promise<string> =>
        (
          (await sh(`${environment}\n${script('echo "$PROOF_CORES"', { wholeNode: true })}`)) as { stdout: string }
        ).stdout.trim();
      expect(await cores('')).to.equal(String(availableParallelism()));
      expect(await cores('export SLURM_CPUS_ON_NODE=48')).to.equal('48');
      writeFileSync(join(folder, 'machine.ad'), 'Cpus = 12\nTotalCpus = 64\n');
      expect(await cores(`export _CONDOR_MACHINE_AD=${folder}/machine.ad`)).to.equal('12');
    });

    it('kills what bears the mark of its slot', async () => {
      mkdirSync(join(folder, 'kept'));
      const stray = `PROOF_SLOT=p-${process.pid} setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!`;
      const ran = await sh(script(stray));
      const pid = (ran as { stdout: string }).stdout.trim();
      expect(pid).to.match(/^\d+$/);
      await ended(pid);
      expect(readdirSync(folder)).to.deep.equal(['kept']);
    });

    it('starts an agent again that was killed or failed, in the same state directory, and not for ever', async () => {
      const count =
        'mkdir -p "$PROOF_STATE_DIR"; echo x >>"$PROOF_STATE_DIR/starts"; n=$(wc -l <"$PROOF_STATE_DIR/starts");';
      const twice = `${count} case $n in 1) kill -KILL $$ ;; 2) exit 1 ;; *) echo "start $n"; exit 12 ;; esac`;
      const ran = await sh(script(twice));
      expect(ran).to.have.property('status', 12);
      expect(ran)
        .to.have.property('stdout')
        .that.matches(/status 137.*\n.*status 1\).*\nstart 3\n$/s);
      const always = await sh(script(`${count} echo "start $n"; kill -KILL $$`));
      expect(always).to.have.property('status', 137);
      expect((always as { stdout: string }).stdout.match(/start \d/g)).to.have.length(4);
      expect(await sh(script(`${count} echo "start $n"; exit 10`))).to.deep.include({
        status: 10,
        stdout: 'start 1\n',
      });
      const asked = `${count} echo "start $n"; kill -TERM "$PPID"; kill -KILL $$`;
      const ended = await sh(script(asked));
      expect(ended).to.have.property('status', 137);
      expect(ended)
        .to.have.property('stdout')
        .that.matches(/^start 1\n/)
        .and.not.contains('start 2');
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('hands a request to end on to the agent and waits for it', async () => {
      const agent = 'trap "echo ending; exit 5" TERM; kill -TERM "$PPID"; while :; do sleep 0.05; done';
      expect(await sh(script(agent))).to.deep.include({ status: 5, stdout: 'ending\n' });
    });
  });
});
