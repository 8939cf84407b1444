/** A login node for a test: an sshd of its own on the loopback, with keys and configuration in a temporary directory, for the user who runs the test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { controlPath } from '../../proxy-server/sites/ssh.js';
import { freePorts } from './free-ports.js';

const SSHD = '/usr/sbin/sshd';
/** Where sshd wants to shut its unprivileged part in; made by the start of the service, which tests do without. */
const EMPTY = '/run/sshd';

/** Why none can be started here, if so. */
export function loginNodeMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'tests with sshd need root on Linux';
  const missing = [SSHD, '/usr/bin/ssh', '/usr/bin/ssh-keygen'].filter((path) => !existsSync(path));
  if (missing.length === 0) return undefined;
  return `tests with sshd need ${missing.join(', ')} (test/support/install-servers.sh installs it)`;
}

export class SshLoginNode {
  readonly host = '127.0.0.1';
  readonly folder: string;
  readonly sshOptions: readonly string[];
  readonly #child: ChildProcess;
  readonly #madeEmpty: boolean;

  private constructor(folder: string, port: number, child: ChildProcess, madeEmpty: boolean) {
    this.folder = folder;
    const options = [`UserKnownHostsFile=${join(folder, 'known_hosts')}`, 'StrictHostKeyChecking=yes'];
    const words = [...options, 'IdentitiesOnly=yes', 'IdentityAgent=none'].flatMap((option) => ['-o', option]);
    this.sshOptions = ['-F', '/dev/null', '-p', String(port), '-i', join(folder, 'user'), ...words];
    this.#child = child;
    this.#madeEmpty = madeEmpty;
  }

  static async start(): Promise<SshLoginNode> {
    const folder = mkdtempSync(join(tmpdir(), 'proof-sshd-'));
    const [port] = await freePorts(1);
    const file = (name: string): string => join(folder, name);
    for (const name of ['host', 'user'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
    writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(file('host.pub'), 'utf8')}`);
    const config = `ListenAddress 127.0.0.1:${port}\nHostKey ${file('host')}\nAuthorizedKeysFile ${file('user.pub')}\nPidFile none\n`;
    const doors = 'PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n';
    writeFileSync(file('sshd_config'), `${config}${doors}StrictModes no\nUsePAM no\nUseDNS no\n`);
    const madeEmpty = mkdirSync(EMPTY, { recursive: true, mode: 0o755 }) !== undefined;
    const child = spawn(SSHD, ['-D', '-e', '-f', file('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    const node = new SshLoginNode(folder, port!, child, madeEmpty);
    let said = '';
    for await (const line of createInterface({ input: child.stderr! })) {
      said += `${line}\n`;
      if (!line.includes('Server listening')) continue;
      child.stderr!.resume();
      return node;
    }
    await node.stop();
    throw new Error(`sshd did not start: ${said}`);
  }

  /** Is the connection that all commands share open? */
  isShared(): boolean {
    return existsSync(this.#socket());
  }

  /** Ends the shared connection; new ones can be made. */
  closeShared(): void {
    const words = ['-F', '/dev/null', '-o', `ControlPath=${this.#socket()}`, '-O', 'exit', this.host];
    execFileSync('ssh', words, { stdio: 'ignore' });
  }

  #socket(): string {
    return controlPath({ host: this.host, sshOptions: this.sshOptions });
  }

  async stop(): Promise<void> {
    if (this.isShared()) this.closeShared();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    if (this.#madeEmpty) rmdirSync(EMPTY);
  }
}
