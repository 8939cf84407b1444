/**
 * Where a master has its files and its socket. A confined one sees its own two directories under fixed names and nobody else's; both are made
 * before it starts, ahead of any session, and the first gets the session's name when there is one: a mount follows its directory.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Mounted } from '../isolation/bubblewrap-words.js';

const SESSION_INSIDE = '/dev/proof-session';
const SOCKET_INSIDE = '/dev/proof-socket';
export const SOCKET = 'm';

export class MasterPlaces {
  readonly #isConfined: boolean;
  readonly #socketFolder: string;
  #directory: string;

  /** @param of.session one that there is already; else a directory is made, for a session to come */
  constructor(of: {
    sessions: string;
    socketDir: string;
    isConfined: boolean;
    session: { readonly directory: string; readonly socket: string } | undefined;
  }) {
    const name = randomBytes(4).toString('hex');
    this.#isConfined = of.isConfined;
    const former = of.session?.socket;
    this.#socketFolder =
      former !== undefined && basename(former) === SOCKET ? dirname(former) : join(of.socketDir, name);
    this.#directory = of.session?.directory ?? join(of.sessions, `.spare-${name}`);
    for (const folder of [this.#socketFolder, this.#directory]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** The spare one becomes that of a session. */
  name(directory: string): void {
    if (directory === this.#directory) return;
    renameSync(this.#directory, directory);
    this.#directory = directory;
  }

  /** As this server sees it. */
  get socket(): string {
    return join(this.#socketFolder, SOCKET);
  }

  get mounted(): Mounted[] {
    return [
      { from: this.#directory, to: SESSION_INSIDE },
      { from: this.#socketFolder, to: SOCKET_INSIDE },
    ];
  }

  /** As the master sees them. */
  get inside(): { directory: string; socket: string } {
    if (!this.#isConfined) return { directory: this.#directory, socket: this.socket };
    return { directory: SESSION_INSIDE, socket: join(SOCKET_INSIDE, SOCKET) };
  }

  /** There will be no session. */
  remove(): void {
    for (const folder of [this.#directory, this.#socketFolder]) rmSync(folder, { recursive: true, force: true });
  }
}
