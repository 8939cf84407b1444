/**
 * A real XRootD server, or a manager with data servers, for one test file: in a temporary directory, on free ports of the
 * loopback (loopback.c sees to that), as an ordinary user, gone at the end. test/support/install-servers.sh installs it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import { ISSUER, TokenIssuer } from './token-issuer.js';

export interface XrootdSetup {
  /** `none`: anybody may do anything. */
  readonly auth?: 'none' | 'host' | 'unix' | 'sss' | 'ztn';
  /** Reading needs a token, whatever the login (`ztn` implies it). */
  readonly tokens?: boolean;
  /** What goes over TLS only. The certificate's authority is `caFile`. */
  readonly tls?: 'login' | 'session';
  /** Data servers behind a manager; 0 or absent: a single server. */
  readonly dataServers?: number;
}

interface ServerSpec {
  readonly name: string;
  readonly role: 'server' | 'manager';
  readonly port: number;
  /** Servers are told apart by address. */
  readonly address: string;
}

const EXE = '/usr/bin/xrootd';
const SHIM_SOURCE = join(import.meta.dirname, '../../../test/support/servers/loopback.c');

const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'];

/** Why no such server can be started here, if so. */
export function xrootdMissing(setup: XrootdSetup = {}): string | undefined {
  if (process.platform !== 'linux') return 'XRootD tests need Linux';
  const needed = [EXE, '/usr/bin/cmsd', '/usr/bin/setpriv', '/usr/bin/gcc', '/usr/bin/openssl'].filter(
    (path) => !existsSync(path),
  );
  const tokenLibrary = 'libXrdAccSciTokens-5.so';
  if (needsTokens(setup) && !LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, tokenLibrary))))
    needed.push(tokenLibrary);
  if (needed.length === 0) return undefined;
  return `XRootD tests need ${needed.join(', ')} (test/support/install-servers.sh installs it)`;
}

const needsTokens = ({ tokens, auth }: XrootdSetup): boolean => tokens ?? auth === 'ztn';

export class XrootdCluster {
  readonly #folder: string;
  readonly #setup: XrootdSetup;
  readonly #specs: ServerSpec[] = [];
  readonly #processes = new Map<string, ChildProcess[]>();
  readonly #owner: { uid?: number; gid?: number };
  #managerPort = 0;
  #issuer: TokenIssuer | undefined;

  private constructor(folder: string, setup: XrootdSetup) {
    this.#folder = folder;
    this.#setup = setup;
    this.#owner = process.getuid?.() === 0 ? ownerOf('xrootd') : {};
  }

  static async start(setup: XrootdSetup = {}): Promise<XrootdCluster> {
    const cluster = new XrootdCluster(mkdtempSync(join(tmpdir(), 'xrootd-test-')), setup);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** `root://localhost:PORT/`: append a path from the root. */
  get rootUrl(): string {
    return `root://localhost:${this.#specs[0]!.port}/`;
  }
  get httpUrl(): string {
    return `${this.#setup.tls === undefined ? 'http' : 'https'}://localhost:${this.#specs[0]!.port}`;
  }
  /** `host:port` of a data server, as a manager names it. */
  serverName(index: number): string {
    const { address, port } = this.#data(index);
    return `${address}:${port}`;
  }
  get caFile(): string {
    return join(this.#folder, 'cert.pem');
  }
  /** A bearer token that the server takes. @param scope as `storage.read:/store` */
  async token(scope: string): Promise<string> {
    return this.#issuer!.token(scope);
  }
  get sssKeytab(): string {
    return join(this.#folder, 'client.keytab');
  }

  /** Puts a file on the data servers named (by default on the first). */
  write(path: string, bytes: Buffer | string, servers: readonly number[] = [0]): void {
    for (const index of servers) {
      const file = join(this.#root(this.#data(index)), path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, bytes);
      if (this.#owner.uid !== undefined) execFileSync('chown', ['-R', 'xrootd', this.#root(this.#data(index))]);
    }
  }
  chmod(path: string, mode: number): void {
    chmodSync(join(this.#root(this.#data(0)), path), mode);
  }

  /** As a crash would: no goodbye to anybody. */
  async killServer(index: number): Promise<void> {
    await this.#end(this.#data(index).name, 'SIGKILL');
  }
  async startServer(index: number): Promise<void> {
    await this.#launch(this.#data(index));
  }
  /** Freezes (or thaws) a server: it keeps its connections and says nothing. */
  signalServer(index: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const child of this.#processes.get(this.#data(index).name) ?? []) child.kill(signal);
  }

  async stop(): Promise<void> {
    for (const name of [...this.#processes.keys()]) await this.#end(name, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20 });
  }

  async #start(): Promise<void> {
    const { uid, gid } = this.#owner;
    chmodSync(this.#folder, 0o755);
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', join(this.#folder, 'loopback.so'), SHIM_SOURCE, '-ldl']);
    await this.#makeCredentials();
    for (const name of ['admin', 'log']) {
      mkdirSync(join(this.#folder, name));
      if (uid !== undefined) chownSync(join(this.#folder, name), uid, gid!);
    }
    const count = this.#setup.dataServers ?? 0;
    const ports = await freePorts(count + 2);
    if (count === 0) this.#specs.push({ name: 'single', role: 'server', port: ports[0]!, address: '127.0.0.1' });
    else {
      this.#managerPort = ports[0]!;
      this.#specs.push({ name: 'mgr', role: 'manager', port: ports[1]!, address: '127.0.0.1' });
      for (let i = 1; i <= count; i++)
        this.#specs.push({ name: `ds${i}`, role: 'server', port: ports[i + 1]!, address: `127.0.0.${i + 1}` });
    }
    for (const spec of this.#specs) await this.#launch(spec);
    if (count > 0) await this.#allJoined(count);
  }

  async #launch(spec: ServerSpec): Promise<void> {
    const { name, port, address } = spec;
    mkdirSync(this.#root(spec), { recursive: true });
    if (this.#owner.uid !== undefined) chownSync(this.#root(spec), this.#owner.uid, this.#owner.gid!);
    writeFileSync(join(this.#folder, `${name}.cfg`), this.#config(spec));
    // cmsd first: an xrootd that does not find its own tries again only after ten seconds.
    if (this.#managerPort > 0) {
      this.#spawn('cmsd', spec);
      if (spec.role === 'manager') await until(`cmsd ${name}`, () => canConnect(this.#managerPort, address));
      else await until(`cmsd ${name}`, async () => existsSync(join(this.#folder, 'admin', name, '.olb/olbd.admin')));
    }
    this.#spawn('xrootd', spec);
    await until(`xrootd ${name} (${this.#log('xrootd', name)})`, () => canConnect(port, address));
  }

  #spawn(exe: string, { name, address }: ServerSpec): void {
    const { uid, gid } = this.#owner;
    const as = uid === undefined ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const config = ['-I', 'v4', '-c', join(this.#folder, `${name}.cfg`), '-n', name];
    // pdeathsig: a test run that is killed leaves no server behind.
    // -s: besides its process id, a server writes its environment beside that file (otherwise into /tmp, for all to meet).
    const files = ['-l', join(this.#folder, 'log', exe), '-s', join(this.#folder, 'admin', `${exe}.${name}.pid`)];
    const words = [...as, '--pdeathsig=KILL', `/usr/bin/${exe}`, ...config, ...files];
    const child = spawn('/usr/bin/setpriv', words, {
      cwd: join(this.#folder, 'admin'),
      env: {
        PATH: '/usr/bin:/bin',
        LD_PRELOAD: join(this.#folder, 'loopback.so'),
        LOOPBACK_ADDRESS: address,
        XDG_CACHE_HOME: this.#folder,
      },
      stdio: 'ignore',
    });
    this.#processes.set(name, [...(this.#processes.get(name) ?? []), child]);
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    for (const child of this.#processes.get(name) ?? []) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill(signal);
      await ended;
    }
    this.#processes.delete(name);
  }

  #config({ name, role, port }: ServerSpec): string {
    const { auth = 'none', tls } = this.#setup;
    const folder = this.#folder;
    const lines = [
      `all.role ${role}`,
      'all.export /',
      `oss.localroot ${join(folder, name)}`,
      `all.adminpath ${folder}/admin`,
      `all.pidpath ${folder}/admin`,
      'xrootd.chksum max 4 adler32 crc32 crc32c md5',
      'if exec xrootd',
      `xrd.port ${port}`,
      `xrd.protocol http:${port} libXrdHttp.so`,
      'http.listingdeny no',
      'http.header2cgi Authorization authz',
      'fi',
    ];
    if (tls !== undefined)
      lines.push(
        `xrd.tls ${folder}/cert.pem ${folder}/key.pem`,
        'xrd.tlsca noverify',
        `xrootd.tls capable ${tls}${tls === 'login' ? ' data' : ''}`,
        `http.cert ${folder}/cert.pem`,
        `http.key ${folder}/key.pem`,
      );
    if (this.#managerPort > 0) {
      // The defaults are made for thousands of servers: here the first is enough, and "no such file" takes one second.
      lines.push(`all.manager localhost:${this.#managerPort}`, 'cms.delay startup 1 lookup 1 servers 1 full 1 qdl 1');
      lines.push('cms.space min 1m 2m');
      if (role === 'manager') lines.push('if exec cmsd', `xrd.port ${this.#managerPort}`, 'fi');
    }
    if (auth !== 'none') {
      const extra = auth === 'sss' ? ` -s ${folder}/server.keytab` : '';
      lines.push('xrootd.seclib libXrdSec.so', `sec.protocol ${auth}${extra}`, `sec.protbind * only ${auth}`);
    }
    if (needsTokens(this.#setup))
      lines.push('ofs.authorize 1', `ofs.authlib libXrdAccSciTokens.so config=${folder}/scitokens.cfg`);
    return `${lines.join('\n')}\n`;
  }

  async #makeCredentials(): Promise<void> {
    const { tls, auth } = this.#setup;
    const mine = (path: string): void => {
      chmodSync(path, 0o600);
      if (this.#owner.uid !== undefined) chownSync(path, this.#owner.uid, this.#owner.gid!);
    };
    if (tls !== undefined) {
      const request = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ];
      const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      const files = ['-keyout', join(this.#folder, 'key.pem'), '-out', this.caFile];
      execFileSync('openssl', [...request, ...names, ...files], { stdio: 'ignore' });
      mine(join(this.#folder, 'key.pem'));
    }
    if (auth === 'sss') {
      const add = ['-k', 'test', '-u', 'pilot', '-g', 'pilot', 'add', this.sssKeytab];
      execFileSync('/usr/bin/xrdsssadmin', add, { stdio: 'ignore' });
      copyFileSync(this.sssKeytab, join(this.#folder, 'server.keytab'));
      mine(join(this.#folder, 'server.keytab'));
    }
    if (needsTokens(this.#setup)) {
      this.#issuer = await TokenIssuer.create();
      writeFileSync(
        join(this.#folder, 'scitokens.cfg'),
        `[Global]\n[Issuer test]\nissuer = ${ISSUER}\nbase_path = /\ndefault_user = xrootd\n`,
      );
      this.#issuer.preload(join(this.#folder, 'scitokens'));
      if (this.#owner.uid !== undefined) execFileSync('chown', ['-R', 'xrootd', join(this.#folder, 'scitokens')]);
    }
  }

  /** A client that asks the manager before that is told to come back in some seconds. */
  async #allJoined(count: number): Promise<void> {
    await until('all data servers at the manager', async () => {
      const log = readFileSync(this.#log('cmsd', 'mgr'), 'utf8');
      return /Status changed to active/.test(log) && [...log.matchAll(/Primary server.* logged in/g)].length >= count;
    });
  }

  #log = (exe: string, name: string): string => join(this.#folder, 'log', name, exe);
  #root = ({ name }: ServerSpec): string => join(this.#folder, name);
  #data(index: number): ServerSpec {
    return this.#specs[this.#managerPort > 0 ? index + 1 : index]!;
  }
}

function ownerOf(user: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function canConnect(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => socket.destroy(resolve(true) as undefined));
    socket.once('error', () => resolve(false));
  });
}

/** Waits for a condition of another process, which announces nothing: asks again every 20 ms. */
async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 5_000; i++) {
    if (await isTrue().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`gave up waiting for ${what}`);
}
