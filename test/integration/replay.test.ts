/** `proof replay`: one packet again, with what it had; `proof attach` and the quota of results. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { SessionInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, COMMAND, type Ran, run as runCommand, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';

const selector = (body: string): string => `
import { Selector } from 'proof-grid';
export default class Dice extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  dice = this.h1('dice', 'dice', 20, 0, 1);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry), this.random.gauss());
    this.dice.fill(this.random.uniform());
    ${body}
  }
}
`;
interface Packet {
  packetId: number;
  first: number;
  end: number;
  state: string;
}

describe('queries seen again', () => {
  let cluster: Cluster;
  const file = (name: string): string => join(cluster.folder, name);
  before(async () => {
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true, proxyConfig: 'maxQueriesKept: 3\n' });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: 2_000, run: 1 });
    writeFileSync(file('good.ts'), selector(''));
    writeFileSync(
      file('bad.ts'),
      selector(`if (entry === 7) { console.log('at seven'); throw new Error('odd entry'); }`),
    );
    await cluster.warm(1);
  });
  after(async () => cluster?.stop());
  const run = async (
    ...words: string[]
  ): Promise<{ query: string; outputs: unknown; failures: { packet: number; output: string }[] }> =>
    JSON.parse((await cluster.proof('run', '--host', 'here', ...words, '--json', '-')).stdout);

  it('replay a packet to the same bits: data, parameters and random numbers are its own', async () => {
    const answer = await run(file('good.ts'), file('data.root'), '--first', '100', '--entries', '1', '--seed', '5');
    const packets = JSON.parse((await cluster.proof('replay', answer.query, '--json')).stdout) as Packet[];
    expect(packets.map(({ first, end, state }) => ({ first, end, state }))).to.deep.equal([
      { first: 100, end: 101, state: 'done' },
    ]);
    const replayed = await cluster.proof('replay', answer.query, String(packets[0]!.packetId), '--json', '-');
    expect(replayed.status, replayed.stderr).to.equal(0);
    expect(JSON.parse(replayed.stdout).outputs).to.deep.equal(answer.outputs);
    const local = await cluster.proof(
      ...[
        'run',
        '--local',
        file('good.ts'),
        file('data.root'),
        '--first',
        '100',
        '--entries',
        '1',
        '--seed',
        '5',
        '--json',
        '-',
      ],
    );
    expect(JSON.parse(local.stdout).outputs).to.deep.equal(answer.outputs);
  });

  it('replay a packet that fails, to the same failure with its stack; it is listed by its number', async () => {
    const { query, failures } = await run(file('bad.ts'), file('data.root'), '--entries', '20');
    expect(failures[0]?.output).to.contain('at seven');
    const replayed = await cluster.proof('replay', query, String(failures[0]!.packet));
    expect(replayed.status).to.equal(1);
    expect(replayed.stderr)
      .to.match(/odd entry/)
      .and.match(/bad\.ts:\d+/);
    const none = await cluster.proof('replay', query, '9999');
    expect(none.stderr).to.contain('PROXY_NO_SUCH_PACKET');
  });

  it('tell of an entry that fails its packet, what was printed there, and the command that replays it', async () => {
    for (const [attempts, ...more] of [[3], [1, '--max-attempts', '1'], [3, '--host', 'here']]) {
      const words = ['run', file('bad.ts'), file('data.root'), '--entries', '20', '--quiet', ...more.map(String)];
      const { stderr } = await cluster.proof(...words);
      const [, count, packet, command] =
        /entry 7 after (\d) attempts?: Error: odd entry\n.*\n {2}The last that its worker printed:\n.*at seven\n {2}It is packet (\d+), which runs again here with: proof ([^\n]*)\n/s.exec(
          stderr,
        ) ?? [];
      expect(Number(count), stderr).to.equal(attempts);
      const typed = command!.split(' ');
      expect(typed.includes('--host'), command).to.equal(more.includes('here'));
      expect(typed.at(-1)).to.equal(packet);
      const replayed = await cluster.proof(...typed);
      expect([replayed.status, /Error: odd entry/.test(replayed.stderr)], replayed.stderr).to.deep.equal([1, true]);
    }
    const local = await cluster.proof('run', '--local', file('bad.ts'), file('data.root'), '--quiet');
    expect(local.stderr).to.contain('odd entry').and.not.to.contain('packet');
  });

  it('show what they print, however short they are, and never where the result alone is promised', async () => {
    writeFileSync(file('says.ts'), selector(`if (entry === 3) console.log('at three');`));
    const words = ['run', file('says.ts'), file('data.root'), '--entries', '5', '--json', '-'];
    for (const how of [['--host', 'here'], ['--local']]) {
      const ran = await cluster.proof(...words, ...how);
      expect(ran.stderr, how[0]).to.contain('at three');
      expect(JSON.parse(ran.stdout), how[0]).to.include({ status: 'completed' });
    }
  });

  it('replay a packet under a debugger, which finds the process at its address, waiting, and lets it run to the same bits', async () => {
    const answer = await run(file('good.ts'), file('data.root'), '--entries', '1', '--seed', '5');
    const [packet] = JSON.parse((await cluster.proof('replay', answer.query, '--json')).stdout) as Packet[];
    const child = spawn(
      process.execPath,
      [COMMAND, 'replay', answer.query, String(packet!.packetId), '--inspect', '--json', '-'],
      { env: { ...process.env, PROOF_CONFIG: file('config.yaml') }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const out = text(child.stdout);
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (data: Buffer) => {
        said += data.toString('utf8');
        const found = /Debugger listening on ws:\/\/([^/]+)\//.exec(said);
        if (found !== null) resolve(found[1]!);
      });
      child.once('exit', () => reject(new Error(`it did not wait: ${said}`)));
    });
    const targets = (await (await fetch(`http://${address}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
    expect(targets).to.have.length(1);
    const debuggers = new WebSocket(targets[0]!.webSocketDebuggerUrl);
    await once(debuggers, 'open');
    debuggers.send(JSON.stringify({ id: 1, method: 'Runtime.runIfWaitingForDebugger' }));
    debuggers.send(JSON.stringify({ id: 2, method: 'Debugger.enable' }));
    debuggers.on('message', (data) => {
      // It stops at the first line of the program; then it is let go.
      if ((JSON.parse(String(data)) as { method?: string }).method === 'Debugger.paused')
        debuggers.send(JSON.stringify({ id: 3, method: 'Debugger.resume' }));
      // It is at its end and waits for the debugger to go.
      if (String(data).includes('Runtime.executionContextDestroyed')) debuggers.close();
    });
    debuggers.send(JSON.stringify({ id: 4, method: 'Runtime.enable' }));
    const [status] = (await once(child, 'exit')) as [number];
    debuggers.terminate();
    expect(status).to.equal(0);
    expect(JSON.parse(await out).outputs).to.deep.equal(answer.outputs);
  });

  it('that run are gone into from another computer of the same user: attach follows to the end, exit leaves the session', async () => {
    const gate = new Gate(file('gate'));
    writeFileSync(file('slow.ts'), selector(gate.wait));
    const started = await cluster.proof('run', '--async', file('slow.ts'), file('data.root'));
    const query = /\S+:q1/.exec(started.stdout)![0];
    const session = query.replace(/:q1$/, '');
    const clients = async (): Promise<number> =>
      ((await (await fetch(`${cluster.url}/v1/sessions`)).json()) as SessionInfo[]).find(
        ({ sessionId }) => sessionId === session,
      )!.clients;
    while ((await clients()) > 0); // who handed it in has gone
    // Another home directory with a configuration of its own, and nothing else of the first.
    const elsewhere = mkdtempSync(join(tmpdir(), 'proof-elsewhere-'));
    try {
      const config = join(elsewhere, 'config.yaml');
      writeFileSync(config, `hosts:\n  grid: { url: "${cluster.url}" }\n`);
      const env = { HOME: elsewhere, XDG_CONFIG_HOME: elsewhere, PROOF_CONFIG: config };
      const there = (input: string, ...words: string[]): Promise<Ran> =>
        runCommand(words, { env, input, cwd: elsewhere });
      const attaching = there(
        `retrieve ${query} --json ${join(elsewhere, 'answer.json')}\nexit\n`,
        'attach',
        query,
        '--host',
        'grid',
      );
      while ((await clients()) === 0);
      gate.open();
      const attached = await attaching;
      expect(attached.status, attached.stderr).to.equal(0);
      const said = attached.stdout + attached.stderr;
      expect(said).to.contain(`Back in session ${session}`).and.contain(`${query} completed`);
      const answer = JSON.parse(readFileSync(join(elsewhere, 'answer.json'), 'utf8'));
      expect(answer.entries).to.deep.equal({ total: 2000, done: 2000, failed: 0, missing: 0 });
      const gone = await there('exit\n', 'attach', 'here-1-1', '--host', 'grid');
      expect([gone.status, gone.stderr]).to.satisfy(([s, e]: [number, string]) => s === 2 && e.includes('is not open'));
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('are kept up to the quota: the oldest that finished goes first, and the user is told, before and after', async () => {
    const list = async (): Promise<string[]> =>
      (JSON.parse((await cluster.proof('queries', '--json')).stdout) as { query: string }[]).map(({ query }) => query);
    while ((await list()).length < 3) await run(file('good.ts'), file('data.root'), '--entries', '10');
    const before = await list();
    expect((await cluster.proof('queries')).stdout)
      .to.contain('You keep 3 of 3 results')
      .and.contain('"proof archive" saves one');
    const words = `run ${file('good.ts')} ${file('data.root')} --entries 10 --quiet`;
    const told = await cluster.proofWith({ input: `${words}\n${words}\nqueries\nexit\n` }, 'open', 'here');
    expect(told.status, told.stderr).to.equal(0);
    expect(told.stdout + told.stderr).to.contain(`Past the quota of kept results, removed: ${before[0]}`);
    let now = await list();
    while (now.length > 3) now = await list();
    expect(now).to.have.length(3);
    expect(now).to.include(before[2]).and.not.include(before[0]).and.not.include(before[1]);
    const gone = await cluster.proof('retrieve', before[0]!);
    expect([gone.status, gone.stderr]).to.satisfy(([s, e]: [number, string]) => s === 1 && e.includes('that are kept'));
  });
});
