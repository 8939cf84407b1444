/**
 * What becomes of a packet that failed: tried again elsewhere, taken apart until only the failing entries remain, or given up.
 *
 * - User code that threw at a known entry: that entry is tried again alone, at once; what is before and behind it goes on as usual.
 * - Anything else is tried `maxAttempts` times, then halved; of a packet that is known to hold something bad, the halves are halved at their
 *   first failure, and a single entry is set aside after `maxAttempts`.
 * - A range that cannot be read is taken apart at cluster boundaries first and is missing at last; a file that two workers cannot open is missing.
 * Pure; the ledger carries it out.
 */
import type { LedgerPacket, PacketFailure } from './packet-states.js';

export type Verdict =
  | { readonly do: 'retry' }
  /** Cut at these entries; `heir`: the part that begins there keeps the failures. */
  | { readonly do: 'split'; readonly at: readonly number[]; readonly suspect: boolean; readonly heir?: number }
  | { readonly do: 'setAside' }
  | { readonly do: 'lose' }
  | { readonly do: 'loseFile' }
  /** No other worker and no other entry would do better. */
  | { readonly do: 'failQuery' };

export interface FailurePolicy {
  readonly maxAttempts: number;
  /** Workers that try to open a file before it counts as missing. */
  readonly fileAttempts: number;
}

/** @param clusters ascending boundaries of its file, where they are known */
export function verdictOn(packet: LedgerPacket, policy: FailurePolicy, clusters: readonly number[] = []): Verdict {
  const last = packet.failures.at(-1);
  if (last === undefined) return { do: 'retry' };
  if (last.cause === 'program') return { do: 'failQuery' };
  const nentries = packet.end - packet.first;
  if (last.cause === 'file') {
    const tries = packet.failures.filter(({ cause }) => cause === 'file').length;
    return tries < Math.min(policy.fileAttempts, policy.maxAttempts) ? { do: 'retry' } : { do: 'loseFile' };
  }
  const isSpent = packet.failures.length >= policy.maxAttempts;
  if (last.cause === 'data') return isSpent || packet.suspect ? unreadable(packet, clusters) : { do: 'retry' };
  // One entry, and yet the failure is none of its: constructor, workerBegin or init.
  if (nentries === 1 && last.cause === 'user' && last.entry === null && isSpent) return { do: 'failQuery' };
  if (nentries === 1) return isSpent ? { do: 'setAside' } : { do: 'retry' };
  if (isInside(packet, last)) return isolate(packet, last.entry);
  if (!isSpent && !packet.suspect) return { do: 'retry' };
  return { do: 'split', at: [packet.first + Math.floor(nentries / 2)], suspect: true };
}

function isInside(packet: LedgerPacket, failure: PacketFailure): failure is PacketFailure & { entry: number } {
  return failure.entry !== null && failure.entry >= packet.first && failure.entry < packet.end;
}

function isolate(packet: LedgerPacket, entry: number): Verdict {
  const at = [entry, entry + 1].filter((border) => border > packet.first && border < packet.end);
  return { do: 'split', at, suspect: false, heir: entry };
}

function unreadable(packet: LedgerPacket, clusters: readonly number[]): Verdict {
  const at = clusters.filter((boundary) => boundary > packet.first && boundary < packet.end);
  return at.length > 0 ? { do: 'split', at, suspect: true } : { do: 'lose' };
}
