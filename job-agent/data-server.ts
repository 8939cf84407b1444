/**
 * The xrootd beside the agent: serves the files of this node, read only, to whoever has the pool's key, and tells which they are.
 * It lives as long as the agent; a node without the program, or where it cannot start, works without.
 */
import { existsSync } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import type { DataServerSettings } from '../protocol/agent-messages.js';
import type { Logger } from '../protocol/log.js';
import { XrootdDaemon } from '../storage/xrootd-daemon/daemon.js';

export interface ServedFile {
  /** Below the served directory. */
  readonly path: string;
  readonly size: number;
}

/** More are served, and not told of. */
const MOST_FILES = 100_000;
const READY_WITHIN_MS = 15_000;
const TRY_EVERY_MS = 50;

export class DataServer {
  readonly #daemon: XrootdDaemon;
  readonly #settings: DataServerSettings;

  private constructor(daemon: XrootdDaemon, settings: DataServerSettings) {
    this.#daemon = daemon;
    this.#settings = settings;
  }

  /** undefined: not on this node, and the log tells why. @param slot mark of all that this agent starts */
  static async start(settings: DataServerSettings, slot: string, log: Logger): Promise<DataServer | undefined> {
    const command = settings.command.includes('/') ? settings.command : inPath(settings.command);
    if (command === undefined || !existsSync(command)) {
      log.warn(`no data server: there is no ${settings.command} on this node`);
      return undefined;
    }
    if (!existsSync(settings.directory)) {
      log.warn(`no data server: there is no directory ${settings.directory} on this node`);
      return undefined;
    }
    try {
      const daemon = await XrootdDaemon.start({
        ...{ role: 'server', port: settings.port, files: settings.directory, command },
        ...{ keytab: settings.keytab, manager: settings.manager, user: settings.user },
        env: { PATH: process.env['PATH'] ?? '', LANG: 'C', PROOF_SLOT: slot },
        onEnded: (program, how) => log.warn(`${program} of the data server ended: ${how}; it is started again`),
      });
      await answers(daemon.port);
      log.info('data server is up', { port: daemon.port, directory: settings.directory });
      return new DataServer(daemon, settings);
    } catch (error) {
      log.warn(`no data server: ${(error as Error).message.split('\n')[0]}`);
      return undefined;
    }
  }

  /** Append a path below the served directory. */
  get url(): string {
    return `root://${hostname()}:${this.#daemon.port}//`;
  }

  /** In no order. */
  async files(): Promise<ServedFile[]> {
    const found: ServedFile[] = [];
    const { directory } = this.#settings;
    for await (const entry of await opendir(directory, { recursive: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const { size } = await stat(file).catch(() => ({ size: -1 })); // it went while we looked
      if (size >= 0) found.push({ path: relative(directory, file), size });
      if (found.length >= MOST_FILES) break;
    }
    return found;
  }

  stop(): Promise<void> {
    return this.#daemon.stop();
  }
}

function inPath(name: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).concat('/usr/bin');
  return places.map((place) => join(place, name)).find((path) => existsSync(path));
}

async function answers(port: number): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => socket.destroy());
      socket.once('error', () => {});
      socket.once('close', (hadError) => resolve(!hadError));
    });
    if (isOpen) return;
    if (Date.now() > until) throw new Error(`xrootd did not listen on port ${port} within ${READY_WITHIN_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
}
