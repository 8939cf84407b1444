/**
 * How this node starts processes that run users' code: in bubblewrap where policy and node allow it, always with limits on open files and
 * without core dumps (a core of a worker holds the data and tokens in its memory). `prepareLauncher` tries it out once, at the agent's start.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, realpath, rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { IsolationFacts, IsolationPolicy, NetworkPolicy } from '../protocol/isolation.js';
import { bubblewrapWords, type Mounted } from './bubblewrap-words.js';
import { existingPlaces } from './existing-places.js';
import { SHOWN_OF_RUN, secretPlaces } from './secret-places.js';

export interface LauncherSettings {
  readonly isolation: IsolationPolicy;
  readonly network: NetworkPolicy;
  /** More paths that users' code shall not see; `*` in their last part. */
  readonly hidePaths: readonly string[];
  /** Socket of the way out, for `network: none` (tunnel.ts). */
  readonly tunnel?: string;
}

export interface Confinement {
  /** A directory that exists: private, writable, the working directory inside. */
  readonly scratch: string | null;
  /** Directories that are writable under another name, below /dev. */
  readonly mounted?: readonly Mounted[];
  readonly isDetached?: boolean;
  /** Open files of one process; null: as many as this one may have. */
  readonly openFiles?: number | null;
  /** Seen although it may lie below what is hidden. */
  readonly shown?: readonly string[];
}

export interface Launcher {
  readonly facts: IsolationFacts;
  /** The command as it is to be started (argv; file first): confined where this node confines. */
  words(command: readonly string[], confinement: Confinement): string[];
  /** For all that is started from now on. @returns true where something exists there that those before could see */
  hide(paths: readonly string[]): boolean;
}

/** Open files of one process: more than any reader of ours needs. */
const MOST_OPEN_FILES = 4096;
const PROBE_WITHIN_MS = 10_000;
/** This installation: nodes may have it below the pilot's scratch directory. */
const INSTALLATION = resolve(import.meta.dirname, '..', '..');

/** @param tmp a directory for trying it out */
export async function prepareLauncher(
  settings: LauncherSettings,
  env: NodeJS.ProcessEnv,
  tmp: string,
): Promise<Launcher> {
  const found = settings.isolation === 'never' ? 'isolation is switched off for this site' : await findBubblewrap(env);
  if (typeof found === 'string') return openLauncher(found);
  const hidden = new Set([...secretPlaces(env['HOME']), ...settings.hidePaths]);
  const installed = [await realpath(INSTALLATION), await realpath(process.execPath)];
  const confined = (isFinal: boolean): Launcher => ({
    facts: { by: 'bubblewrap', network: settings.network, why: null },
    words: (command, { scratch, shown = [], mounted = [], isDetached = false, openFiles }) => {
      const shownPlaces = existingPlaces([...SHOWN_OF_RUN, ...installed, ...shown]).map(({ path }) => path);
      const { network, tunnel = null } = settings;
      const seen = { hidden: existingPlaces([...hidden]), shown: shownPlaces, mounted };
      const view = { scratch, network, tunnel, isDetached, isFinal, ...seen };
      return limited([found.file, ...bubblewrapWords(view), ...command], openFiles);
    },
    hide: (paths) => {
      const fresh = paths.filter((path) => !hidden.has(path));
      for (const path of fresh) hidden.add(path);
      return existingPlaces(fresh).length > 0;
    },
  });
  let why = '';
  for (const launcher of [confined(true), confined(false)]) {
    const problem = await tryOut(launcher, tmp);
    if (problem === undefined) return launcher;
    why = problem;
  }
  return openLauncher(`bubblewrap does not work here: ${why}`);
}

/** Without isolation: what policy `never` means, and what `preferred` falls back to. */
export function openLauncher(why: string): Launcher {
  return {
    facts: { by: 'nothing', network: 'full', why },
    words: (command, { openFiles }) => limited(command, openFiles),
    hide: () => false,
  };
}

/** `exec` keeps the process id and the descriptors, the IPC channel's among them. */
function limited(command: readonly string[], openFiles: number | null = MOST_OPEN_FILES): string[] {
  const files = openFiles === null ? '' : `ulimit -n ${openFiles} 2>/dev/null; `;
  const script = `ulimit -c 0; ${files}umask 077; exec "$0" "$@"`;
  return ['/bin/sh', '-c', script, ...command];
}

async function findBubblewrap(env: NodeJS.ProcessEnv): Promise<{ file: string } | string> {
  for (const folder of [...(env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin']) {
    const file = join(folder, 'bwrap');
    if (folder.startsWith('/') && (await isExecutable(file))) return { file };
  }
  return 'bubblewrap (bwrap) is not installed on this node';
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a shell inside, which must see its own processes and be able to write. @returns undefined where it works, else why not */
async function tryOut(launcher: Launcher, tmp: string): Promise<string | undefined> {
  const scratch = await mkdtemp(join(tmp, 'probe-'));
  try {
    const [file, ...words] = launcher.words(['/bin/sh', '-c', 'echo x >probe && test -r /proc/self/status'], {
      scratch,
    });
    await promisify(execFile)(file!, words, { timeout: PROBE_WITHIN_MS, env: {} });
    return undefined;
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    return (stderr.trim().split('\n').at(-1) || message.split('\n')[0] || 'it failed').slice(0, 500);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** For people: one line. */
export function isolationSentence({ by, network, why }: IsolationFacts): string {
  return by === 'nothing'
    ? `not isolated: ${why ?? 'for no known reason'}`
    : `isolated by bubblewrap, ${network === 'none' ? 'without network' : 'with network'}`;
}
