/**
 * What a confined process tree sees, as the words of bubblewrap's command line. Pure.
 *
 * The whole system read-only; /dev with its harmless devices, /proc and /dev/shm its own; nothing of `hidden`; one directory to write in.
 * Own user, pid, ipc and mount namespaces, no capabilities. The process group stays the caller's (there is no terminal to guard), so that
 * signals to the group reach what is inside; when the outer process dies, everything inside is killed by the kernel.
 * Source: bwrap(1) of bubblewrap 0.4 to 0.11.
 */
import { dirname } from 'node:path';
import type { NetworkPolicy } from '../protocol/isolation.js';

/** A place that exists, under its real path. */
export interface Place {
  readonly path: string;
  readonly kind: 'directory' | 'file';
}

/** The tunnel's socket inside: /dev is made anew there. */
export const TUNNEL = '/dev/proof-tunnel';

export interface Mounted {
  readonly from: string;
  /** Below /dev, which is made anew inside. */
  readonly to: string;
}

export interface View {
  /** Private and writable; also the working directory. */
  readonly scratch: string | null;
  readonly network: NetworkPolicy;
  /** Path of the Unix socket that is the way out without network. */
  readonly tunnel: string | null;
  /** Directories that are writable under another name inside, which lies in /dev. */
  readonly mounted: readonly Mounted[];
  /** It may outlive who started it. */
  readonly isDetached: boolean;
  readonly hidden: readonly Place[];
  /** Seen, read-only, although they lie below what is hidden. */
  readonly shown: readonly string[];
  /** No further user namespaces inside, where this bubblewrap can promise it. */
  readonly isFinal: boolean;
}

export function bubblewrapWords(view: View): string[] {
  const words = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-cgroup-try'];
  if (view.isFinal) words.push('--disable-userns');
  if (view.network === 'none') words.push('--unshare-net');
  if (!view.isDetached) words.push('--die-with-parent');
  words.push('--cap-drop', 'ALL', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc');
  const hidden = outermost(view.hidden);
  if (view.network === 'none' && view.tunnel !== null) words.push('--ro-bind', view.tunnel, TUNNEL);
  for (const { from, to } of view.mounted) words.push('--bind', from, to);
  for (const { path, kind } of hidden)
    words.push(...(kind === 'directory' ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path]));
  for (const path of view.shown.toSorted()) if (isBelowAny(path, hidden)) words.push('--ro-bind', path, path);
  if (view.scratch !== null) words.push('--bind', view.scratch, view.scratch);
  // After the binds, which need their mount points made. /tmp stays writable: it is empty and their own.
  for (const { path, kind } of hidden)
    if (kind === 'directory' && !TEMPORARY.has(path)) words.push('--remount-ro', path);
  words.push('--chdir', view.scratch ?? '/', '--');
  return words;
}

const TEMPORARY = new Set(['/tmp', '/var/tmp']);

/** Without those that lie below another one. */
function outermost(places: readonly Place[]): Place[] {
  const directories = new Set(places.filter(({ kind }) => kind === 'directory').map(({ path }) => path));
  const seen = new Set<string>();
  return places
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .filter(({ path }) => {
      if (seen.has(path)) return false;
      seen.add(path);
      return !parents(path).some((parent) => directories.has(parent));
    });
}

function isBelowAny(path: string, hidden: readonly Place[]): boolean {
  const above = new Set([path, ...parents(path)]);
  return hidden.some((place) => above.has(place.path));
}

/** '/a/b/c' -> ['/a/b', '/a', '/'] */
function parents(path: string): string[] {
  const found: string[] = [];
  for (let at = path; at !== '/' && at !== '.'; ) {
    at = dirname(at);
    found.push(at);
  }
  return found;
}
