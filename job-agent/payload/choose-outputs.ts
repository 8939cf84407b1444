/** What of a payload's directory is kept, and where. Pure. */
import picomatch from 'picomatch';
import type { OutputWish } from '../../protocol/output-messages.js';

export interface OutputFile {
  readonly name: string;
  readonly size: number;
}

/** Files of one wish, which go together: one archive, or the same storage elements. */
export interface ChosenOutputs {
  readonly wish: OutputWish;
  readonly files: readonly OutputFile[];
}

export interface OutputChoice {
  readonly toStore: readonly ChosenOutputs[];
  /** For the ProxyServer: standard output and error, and what has no storage element. */
  readonly kept: readonly OutputFile[];
  /** Names that were asked for and are not there. */
  readonly missing: readonly string[];
}

const STREAMS = ['stdout', 'stderr'];

/** A file that several wishes name goes to each archive that wants it, and else where the first of them says. */
export function chooseOutputs(files: readonly OutputFile[], wishes: readonly OutputWish[]): OutputChoice {
  const toStore: ChosenOutputs[] = [];
  const kept = new Set(files.filter(({ name }) => STREAMS.includes(name)));
  const missing: string[] = [];
  const taken = new Set<string>();
  for (const wish of wishes) {
    const patterns = wish.names.map(matcher);
    missing.push(...patterns.filter(({ matches }) => !files.some(({ name }) => matches(name))).map(({ text }) => text));
    const matching = files.filter(({ name }) => patterns.some(({ matches }) => matches(name)));
    if (wish.targets.length === 0) for (const file of matching) kept.add(file);
    else {
      const chosen = wish.archive === null ? matching.filter(({ name }) => !taken.has(name)) : matching;
      if (wish.archive === null) for (const { name } of chosen) taken.add(name);
      if (chosen.length > 0) toStore.push({ wish, files: chosen });
    }
  }
  return { toStore, kept: [...kept], missing: [...new Set(missing)] };
}

function matcher(text: string): { text: string; matches: (name: string) => boolean } {
  const isMatch = picomatch(text, { nonegate: true, nobrace: true, noextglob: true });
  return { text, matches: (name) => name === text || isMatch(name) };
}
