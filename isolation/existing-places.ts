/** Which of the places to hide exist at this moment, under their real paths: bubblewrap cannot cover what is not there. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import picomatch from 'picomatch';
import type { Place } from './bubblewrap-words.js';

/** @param patterns paths; `*` is allowed in the last part */
export function existingPlaces(patterns: readonly string[]): Place[] {
  return patterns.flatMap(expand).flatMap(placeAt);
}

function expand(pattern: string): string[] {
  const name = basename(pattern);
  if (!name.includes('*')) return [pattern];
  const folder = dirname(pattern);
  const matches = picomatch(name, { dot: true });
  return namesIn(folder)
    .filter((found) => matches(found))
    .map((found) => join(folder, found));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there, or not for this account: then not for its workers either
  }
}

function placeAt(path: string): Place[] {
  try {
    const real = realpathSync(path);
    return real === '/' ? [] : [{ path: real, kind: statSync(real).isDirectory() ? 'directory' : 'file' }];
  } catch {
    return []; // likewise
  }
}
