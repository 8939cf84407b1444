/** `proof proxy init` from end to end: authority, certificates and configuration as they are made, a server and users that live by them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { expect } from 'chai';
import type { PilotInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { COMMAND, type Ran, run } from '../support/cluster.js';
import { skipBecause } from '../support/summary-reporter.js';

describe('a first installation', () => {
  let top: string;
  let server: ChildProcess | undefined;
  let url = '';
  let warnings = '';
  const file = (...names: string[]): string => join(top, 'grid', ...names);
  const proof = (...words: string[]): Promise<Ran> =>
    run(words, { env: { PROOF_TOKEN: '', XDG_CONFIG_HOME: top, PROOF_CONFIG: file('client.yaml') } });
  /** Until it is so, or 100 s have gone. */
  const until = async <T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> => {
    const end = performance.now() + 100_000;
    for (;;) {
      const answer = await ask();
      if (isSo(answer)) return answer;
      if (performance.now() > end) throw new Error(`not so within 100 s: ${JSON.stringify(answer)} ${warnings}`);
    }
  };

  before(async function () {
    if (spawnSync('openssl', ['version']).status !== 0) skipBecause(this, 'openssl is not installed');
    top = mkdtempSync(join(tmpdir(), 'proof-first-'));
    const made = await run(['proxy', 'init', file(), '--name', '127.0.0.1', '--port', '0', '--admin', 'ada']);
    expect(made.status, made.stderr).to.equal(0);
    // The commands that it prints can be pasted anywhere.
    expect(made.stdout).to.contain(`proof proxy start --config ${file('proxy.yaml')}\n`);
    expect(made.stdout).to.contain(`proof --config ${file('client.yaml')} whoami`);
    server = spawn(process.execPath, [COMMAND, 'proxy', 'start', '--config', file('proxy.yaml')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.stderr!.on('data', (part: Buffer) => {
      warnings = (warnings + part.toString('utf8')).slice(-4000);
    });
    for await (const line of createInterface({ input: server.stdout! })) {
      // The name of its certificate, with the port that it got: agents are told the same.
      const said = /^listening on (https:\/\/127\.0\.0\.1:[1-9]\d*)$/.exec(line)?.[1];
      if (said === undefined) continue;
      url = said;
      server.stdout!.resume();
      break;
    }
    if (url === '') throw new Error(`it did not start: ${warnings}`);
    const client = readFileSync(file('client.yaml'), 'utf8');
    writeFileSync(file('client.yaml'), client.replace(/url: "[^"]*"/, `url: "${url}"`));
  });
  after(async () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    if (top !== undefined) rmSync(top, { recursive: true, force: true, maxRetries: 20 });
  });

  it('listens on the loopback alone where that is its name, and says how to start it, whatever the folder is called', async () => {
    for (const [name, listen] of [
      ['localhost', '127.0.0.1:7'],
      ['::1', '"[::1]:7"'],
      ['vobox.example.org', '0.0.0.0:7'],
    ] as const) {
      const folder = join(top, `it's ${listen}`);
      const { stdout } = await run(['proxy', 'init', folder, '--name', name, '--port', '7']);
      expect(readFileSync(join(folder, 'proxy.yaml'), 'utf8')).to.match(
        new RegExp(`^listen: ${listen.replace(/[[\]]/g, '\\$&')}$`, 'm'),
      );
      const command = /start it: proof (.*)$/m.exec(stdout)![1]!;
      const check = spawnSync('sh', [
        '-c',
        `'${process.execPath}' '${COMMAND}' ${command.replace(' start ', ' check ')}`,
      ]);
      expect([check.status, String(check.stderr)]).to.deep.equal([0, '']);
    }
  });

  it('keeps keys and token to its owner, and refuses a folder that holds something', async () => {
    for (const name of [
      'keys',
      'keys/ca.key',
      'keys/server.key',
      'keys/admin.key',
      'keys/admin.token',
      'state/key.json',
    ])
      expect(statSync(file(name)).mode & 0o077, name).to.equal(0);
    const again = await run(['proxy', 'init', file()]);
    expect([again.status, again.stderr]).to.satisfy(([s, e]: [number, string]) => s === 2 && e.includes('not empty'));
  });

  it('lets its admin in with the token, has workers, and nobody else gets in', async () => {
    const who = await proof('whoami');
    expect(who.stdout, who.stderr).to.match(/^ada \(admin\) until /);
    await until(
      async () => (await proof('workers')).stdout,
      (text) => text.split('warm').length === 3,
    );
    writeFileSync(join(top, 'stranger.yaml'), `hosts:\n  here: { url: "${url}", ca: ${file('ca.pem')} }\n`);
    const stranger = await proof('--config', join(top, 'stranger.yaml'), 'workers');
    expect([stranger.status, stranger.stderr]).to.satisfy(([s, e]: [number, string]) => s === 1 && /token/.test(e));
    writeFileSync(
      join(top, 'untrusting.yaml'),
      `hosts:\n  here: { url: "${url}", tokenFile: ${file('keys/admin.token')} }\n`,
    );
    const untrusting = await proof('--config', join(top, 'untrusting.yaml'), 'whoami');
    expect([untrusting.status, untrusting.stderr]).to.satisfy(
      ([s, e]: [number, string]) => s === 1 && /certificate/.test(e),
    );
  });

  it("lets a payload ask as its user, trusting the installation's authority", async () => {
    writeFileSync(
      join(top, 'ask.jdl'),
      `Executable = "${process.execPath}"; Arguments = "${COMMAND} whoami"; TTL = 600;`,
    );
    const submitted = await proof('submit', join(top, 'ask.jdl'), '--json');
    expect(submitted.status, submitted.stderr).to.equal(0);
    const { jobId } = JSON.parse(submitted.stdout) as { jobId: number };
    const jobs = async (): Promise<string> => (await proof('ps', '--json')).stdout;
    await until(
      async () => (await proof('spy', String(jobId), 'stdout')).stdout + (await jobs()),
      (text) => text.includes('ada (user) until '),
    );
  });

  it("keeps users' code in bubblewrap from every secret that it was made with: payloads, workers and the master", async function () {
    const [pilot] = await until(
      async () => JSON.parse((await proof('pilots', '--json')).stdout) as PilotInfo[],
      ([one]) => one?.isolation?.by !== undefined,
    );
    if (pilot?.isolation?.by !== 'bubblewrap') skipBecause(this, pilot?.isolation?.why ?? 'the agent did not say');
    const isPublic = (name: string): boolean => /\.(pem|yaml)$|^state$|^keys$/.test(name);
    expect(readdirSync(file()).filter((name) => !isPublic(name))).to.deep.equal([]);
    const keys = readdirSync(file('keys'));
    expect(keys).to.have.members(['admin.token', 'admin.key', 'ca.key', 'server.key']);
    const secrets = [...keys.map((name) => `keys/${name}`), 'state/key.json'].map((name) => file(name));
    writeFileSync(
      join(top, 'look.mjs'),
      `import { readFileSync } from 'node:fs';
const tell = (path) => { try { return readFileSync(path, 'utf8'); } catch (error) { return error.code; } };
console.log('SEEN ' + JSON.stringify(${JSON.stringify([...secrets, file('ca.pem')])}.map(tell)));\n`,
    );
    const isKept = (said: string): void => {
      const found = /SEEN (\[".*?-----END CERTIFICATE-----(?:\\n)?"\])/s.exec(said)?.[1];
      const [authority, ...answers] = (JSON.parse(found ?? '["nothing"]') as string[]).reverse();
      expect(authority, said).to.contain('BEGIN CERTIFICATE');
      expect(answers).to.have.length(secrets.length);
      for (const answer of answers) expect(answer).to.be.oneOf(['EACCES', 'ENOENT']);
    };
    writeFileSync(
      join(top, 'look.jdl'),
      `Executable = "${process.execPath}"; Arguments = "${join(top, 'look.mjs')}"; TTL = 600;`,
    );
    const { jobId } = JSON.parse((await proof('submit', join(top, 'look.jdl'), '--json')).stdout) as { jobId: number };
    isKept(
      await until(
        async () => (await proof('spy', String(jobId), 'stdout')).stdout,
        (text) => text.includes('SEEN'),
      ),
    );
    await writeDimuonFile(join(top, 'data.root'), { seed: 1, firstEvent: 0, events: 10, run: 1 });
    for (const [where, isMaster] of [
      ['worker', false],
      ['master', true],
    ] as const) {
      writeFileSync(
        join(top, `${where}.ts`),
        `import { Selector } from 'proof-grid';
import { readFileSync } from 'node:fs';
const tell = (path: string): string => { try { return readFileSync(path, 'utf8'); } catch (error) { return String((error as NodeJS.ErrnoException).code); } };
if (process.argv.join().includes('master') === ${isMaster} && process.env['PROOF_CONFIG'] === undefined)
  throw new Error('SEEN ' + JSON.stringify(${JSON.stringify([...secrets, file('ca.pem')])}.map(tell)));
export default class Look extends Selector { override branches = ['mu1_pt']; override process(): void {} }\n`,
      );
      const ran = await proof('run', '--host', 'here', join(top, `${where}.ts`), join(top, 'data.root'));
      isKept(ran.stderr);
    }
  });

  it('lets its admin log in by certificate, and not by one that another authority made', async () => {
    const config = join(top, 'stranger.yaml');
    writeFileSync(config, `hosts:\n  here: { url: "${url}", ca: ${file('ca.pem')} }\n`);
    const login = (cert: string, key: string): Promise<Ran> =>
      proof('--config', config, 'login', 'here', '--certificate', cert, '--key', key);
    const words = 'req -x509 -newkey rsa:2048 -nodes -keyout evil.key -out evil.pem -days 2 -subj /CN=ada';
    expect(spawnSync('openssl', words.split(' '), { cwd: top }).status).to.equal(0);
    const forged = await login(join(top, 'evil.pem'), join(top, 'evil.key'));
    expect([forged.status, forged.stderr]).to.satisfy(
      ([s, e]: [number, string]) => s === 1 && e.includes('is not accepted'),
    );
    const { stdout, stderr } = await login(file('admin.pem'), file('keys/admin.key'));
    expect(stdout, stderr).to.match(/^here: logged in as ada \(admin\) until /);
    expect((await proof('--config', config, 'whoami')).stdout).to.match(/^ada \(admin\) until /);
  });

  it('refuses a proxy certificate of its admin, in a sentence that says what to do', async () => {
    const config = join(top, 'stranger.yaml');
    writeFileSync(config, `hosts:\n  here: { url: "${url}", ca: ${file('ca.pem')} }\n`);
    writeFileSync(join(top, 'proxy.ext'), 'proxyCertInfo=critical,language:id-ppl-inheritAll\n');
    for (const words of [
      'req -newkey rsa:2048 -nodes -keyout proxy.key -out proxy.csr -subj /CN=ada/CN=12345',
      `x509 -req -in proxy.csr -CA ${file('admin.pem')} -CAkey ${file('keys/admin.key')} -set_serial 12345 -days 1 -extfile proxy.ext -out proxy.pem`,
    ]) {
      const made = spawnSync('openssl', words.split(' '), { cwd: top, encoding: 'utf8' });
      expect(made.status, made.stderr).to.equal(0);
    }
    const chain = readFileSync(join(top, 'proxy.pem'), 'utf8') + readFileSync(file('admin.pem'), 'utf8');
    writeFileSync(join(top, 'chain.pem'), chain);
    const { status, stderr } = await proof(
      ...[
        '--config',
        config,
        'login',
        'here',
        '--certificate',
        join(top, 'chain.pem'),
        '--key',
        join(top, 'proxy.key'),
      ],
    );
    expect(status).to.equal(1);
    expect(stderr).to.contain('proxy certificate').and.contain('the certificate that it was made from');
  });

  it('takes a renewed certificate for new connections without a restart, and keeps the former where the new one is none', async () => {
    const port = Number(new URL(url).port);
    /** Serial number of what is shown to a new connection. */
    const shown = async (): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(file('ca.pem')) });
      try {
        await once(socket, 'secureConnect');
        return socket.getPeerCertificate().serialNumber;
      } finally {
        socket.destroy();
      }
    };
    const put = (name: string, text: string | Buffer): void => {
      writeFileSync(file(`${name}.new`), text, { mode: 0o600 });
      renameSync(file(`${name}.new`), file(name));
    };
    const logged = async (): Promise<string> => readFileSync(file('state', 'log', 'proxy-server.log'), 'utf8');
    const former = await shown();
    const good = readFileSync(file('server.pem'));
    put('server.pem', 'no certificate\n');
    await until(logged, (log) => log.includes('the renewed TLS files are not taken'));
    expect(await shown()).to.equal(former);
    put('server.pem', good);
    const other = mkdtempSync(join(top, 'other-'));
    const extension = join(other, 'san');
    writeFileSync(extension, 'subjectAltName=IP:127.0.0.1\n');
    for (const words of [
      ['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'k', '-out', 'csr', '-subj', '/CN=127.0.0.1'],
      [
        'x509',
        '-req',
        '-in',
        'csr',
        '-CA',
        file('ca.pem'),
        '-CAkey',
        file('keys/ca.key'),
        '-set_serial',
        '4711',
        '-days',
        '2',
      ].concat(['-out', 'c', '-extfile', extension]),
    ])
      expect(spawnSync('openssl', words, { cwd: other }).status, words.join(' ')).to.equal(0);
    put('keys/server.key', readFileSync(join(other, 'k')));
    put('server.pem', readFileSync(join(other, 'c')));
    await until(shown, (serial) => serial === (4711).toString(16).toUpperCase());
    expect((await proof('whoami')).status).to.equal(0);
  });

  it('cuts off a TLS handshake that does not come to its end, and serves others meanwhile', async () => {
    const port = Number(new URL(url).port);
    const head = Buffer.from('16030102000100', 'hex'); // a ClientHello of 512 bytes, of which no more will come than drops
    const slow = Array.from({ length: 20 }, () => connectTcp(port, '127.0.0.1'));
    const closed = slow.map((socket) => {
      socket.on('error', () => {}); // a reset is an answer too
      socket.on('connect', () => socket.write(head));
      socket.resume();
      return new Promise<void>((resolve) => socket.once('close', () => resolve()));
    });
    const drip = setInterval(() => slow[0]!.writable && slow[0]!.write(Buffer.from([0])), 1000);
    try {
      expect((await proof('whoami')).status).to.equal(0);
      await Promise.all(closed);
    } finally {
      clearInterval(drip);
      for (const socket of slow) socket.destroy();
    }
  });
});
