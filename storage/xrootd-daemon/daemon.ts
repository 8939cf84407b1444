/**
 * Runs XRootD's own server (and its cmsd, in a cluster) as child processes, and starts again what ends, with growing pauses.
 * It refuses to run as root: then it runs as another user, to whom its directory is given.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, systemClock } from '../../protocol/clock.js';
import { isSameProcess } from '../../protocol/process-id.js';
import { READERS_ONLY, xrootdConfig } from './config.js';

export interface XrootdOptions {
  readonly role: 'server' | 'manager';
  /** 0: any free one. */
  readonly port: number;
  readonly files: string | null;
  /** The pool's key: text of a keytab. */
  readonly keytab: string;
  readonly manager: string | null;
  /** Program; cmsd lies beside it. */
  readonly command: string;
  /** Under root: whose it becomes. */
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the pauses before what ended is started again. */
  readonly clock?: Clock;
  readonly onEnded: (program: string, how: string) => void;
}

const PREFIX = 'proof-xrootd-';
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const KILL_AFTER_MS = 3_000;

export class XrootdDaemon {
  readonly #options: XrootdOptions;
  /** Whose it becomes; null: it stays who we are. */
  readonly #account: Account | null;
  readonly #children = new Map<string, ChildProcess>();
  readonly #cancels = new Set<() => void>();
  readonly port: number;
  /** Of its own files; the user that it becomes must reach it, so it is not below a directory of ours. */
  readonly #directory: string;
  #isClosed = false;

  private constructor(options: XrootdOptions, port: number, account: Account | null) {
    this.#options = options;
    this.#account = account;
    this.port = port;
    sweep();
    this.#directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  }

  /** @throws where the program or the user is not there */
  static async start(options: XrootdOptions): Promise<XrootdDaemon> {
    const port = options.port === 0 ? await freePort() : options.port;
    const account = process.getuid?.() === 0 ? await accountOf(options.user) : null;
    const daemon = new XrootdDaemon(options, port, account);
    try {
      daemon.#prepare();
    } catch (error) {
      await daemon.stop();
      throw error;
    }
    // cmsd first: an xrootd that does not find it tries again only after 10 s.
    if (options.manager !== null) daemon.#run('cmsd', FIRST_PAUSE_MS);
    daemon.#run('xrootd', FIRST_PAUSE_MS);
    return daemon;
  }

  async stop(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(
      [...this.#children.values()].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
        await gone;
        clearTimeout(kill);
      }),
    );
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #prepare(): void {
    const { keytab, role, files, manager } = this.#options;
    const directory = this.#directory;
    const own = { mode: 0o600 };
    writeFileSync(join(directory, 'keytab'), keytab, own);
    writeFileSync(join(directory, 'authorization'), READERS_ONLY, own);
    const text = xrootdConfig({
      role,
      port: this.port,
      files,
      directory,
      keytab: join(directory, 'keytab'),
      authorization: join(directory, 'authorization'),
      manager,
    });
    writeFileSync(join(directory, 'xrootd.cfg'), text, own);
    if (this.#account !== null)
      for (const name of ['.', ...readdirSync(directory)])
        chownSync(join(directory, name), this.#account.uid, this.#account.gid);
  }

  #run(program: 'xrootd' | 'cmsd', pauseMs: number): void {
    const { command, env, onEnded, clock = systemClock } = this.#options;
    const directory = this.#directory;
    const executable = command.replace(/xrootd$/, program);
    const words = [executable, '-I', 'v4', '-c', join(directory, 'xrootd.cfg'), '-n', 'proof'];
    const [first, ...rest] = this.#account === null ? words : [...asUser(this.#account), ...words];
    const log = openSync(join(directory, `${program}.log`), 'a', 0o600);
    const child = spawn(first!, rest, { cwd: directory, stdio: ['ignore', log, log], env: { ...env } });
    closeSync(log);
    this.#children.set(program, child);
    const started = clock.now();
    const ended = (how: string): void => {
      if (this.#isClosed) return;
      onEnded(program, how);
      const pause = clock.now() - started > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : pauseMs;
      const cancel = clock.after(pause, () => {
        this.#cancels.delete(cancel);
        this.#run(program, Math.min(LONGEST_PAUSE_MS, 2 * pause));
      });
      this.#cancels.add(cancel);
    };
    child.once('error', (error) => ended(error.message));
    child.once('exit', (status, signal) => ended(signal === null ? `exit status ${status}` : `killed by ${signal}`));
  }
}

/** With this process's end it ends too. */
const asUser = ({ uid, gid }: Account): string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--clear-groups',
  '--pdeathsig=TERM',
];

interface Account {
  readonly uid: number;
  readonly gid: number;
}

async function accountOf(user: string): Promise<Account> {
  const ask = async (what: string): Promise<number> => Number((await promisify(execFile)('id', [what, user])).stdout);
  return { uid: await ask('-u'), gid: await ask('-g') };
}

/** Free a moment ago: it cannot be told to take any and say which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

/** What processes left that were killed. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isSameProcess(Number(pid), null))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
