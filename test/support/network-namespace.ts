/** A network of its own, joined to this machine by one cable (veth): from inside, only this machine's end is reached. Root, Linux. */
import { execFileSync, spawnSync } from 'node:child_process';

/** Why there can be none, if so. */
export function namespaceMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  const name = `proof-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.error !== undefined) return 'ip (iproute2) is not installed';
  if (made.status !== 0) return `no network namespace can be made: ${made.stderr.trim()}`;
  spawnSync('ip', ['netns', 'del', name]);
  return undefined;
}

export class NetworkNamespace {
  readonly name: string;
  /** Of this machine, as it is seen from inside; and of the inside. */
  readonly outside: string;
  readonly inside: string;

  constructor() {
    const n = process.pid % 250;
    this.name = `proof-${process.pid}`;
    this.outside = `10.213.${n}.1`;
    this.inside = `10.213.${n}.2`;
    const [here, there] = [`pfo${process.pid}`, `pfi${process.pid}`];
    ip('netns', 'add', this.name);
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', this.name);
    ip('addr', 'add', `${this.outside}/30`, 'dev', here);
    ip('link', 'set', here, 'up');
    this.#inIt('addr', 'add', `${this.inside}/30`, 'dev', there);
    this.#inIt('link', 'set', there, 'up');
    this.#inIt('link', 'set', 'lo', 'up');
  }

  /** What starts a program inside, in front of its words. */
  get words(): string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  remove(): void {
    ip('netns', 'del', this.name); // takes the cable with it
  }

  #inIt(...words: string[]): void {
    ip('-n', this.name, ...words);
  }
}

const ip = (...words: string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};
