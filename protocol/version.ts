/**
 * The protocol's versions. `hello` names a range: `protocol` is the oldest version that its sender speaks (all that version 1 ever said),
 * `newest` the newest. The two ends use the newest that both know, and what differs between versions is looked up in `SINCE`, nowhere else.
 * This release speaks the version before its own, so that daemons, agents and clients can be replaced one after the other.
 */
import { z } from 'zod';
import { GridError } from './errors.js';

export const PROTOCOL_VERSION = 2;
export const OLDEST_SPOKEN = 1;
/** Of this package; test/unit/protocol/version.test.ts holds it against package.json. */
export const PACKAGE_VERSION = '0.1.0';

/** What a version brought. A peer of an older one neither sends these nor is sent them. */
export const SINCE = {
  /** A worker whose link broke gets a fresh ticket through its agent (`ticketWanted`, `ticket`); before, it ended and was replaced. */
  ticketRenewal: 2,
  /** An agent's token is replaced now and then over its connection (`token`), and ends with its time. */
  tokenRenewal: 2,
  /** `submit` carries a key, so that one that is handed in again after a broken link is no second query. */
  submitKey: 2,
  /** An agent tells the CPU time of its processes (`usage`). */
  accounting: 2,
  /** Payloads have tokens of their own (`token` of an order, `jobToken`). */
  jobTokens: 2,
  /** `submit` and `prepare` name packages. */
  packages: 2,
  /** ProxyServer -> master: a sentence for the session's clients. */
  notices: 2,
  /** Outputs of jobs go to storage elements and into archives (`outputs` of an order); before, names alone, and all went to the ProxyServer. */
  jobOutputs: 2,
  /** A worker ends a packet early that has run for its `mostMs`; before, packets of workers whose rate is not known had to be tiny. */
  earlyEnds: 2,
  /** The ProxyServer names what of its disk users' code must not see (`hidePaths` of `welcome`); before, an agent that was started by hand did not hear of it. */
  hidePaths: 2,
  /** An agent gives a job back that cannot end before its slot does (`givenBack`); before, it was `expired`. */
  givingBack: 2,
} as const;

/** The fields of every `hello`. */
export const versionRange = {
  protocol: z.number().int().min(1),
  newest: z.number().int().min(1).optional(),
};
export interface VersionRange {
  readonly protocol: number;
  readonly newest?: number | undefined;
}
/** What this release says of itself. */
export const SPOKEN: VersionRange = { protocol: OLDEST_SPOKEN, newest: PROTOCOL_VERSION };

/** The two ends have no version in common. */
export class ProtocolVersionError extends GridError {
  readonly code = 'PROTOCOL_VERSION';
  constructor(peer: VersionRange, own: VersionRange) {
    const [ours, theirs] = [own, peer].map(({ protocol, newest = protocol }) =>
      protocol === newest ? `version ${protocol}` : `versions ${protocol} to ${newest}`,
    );
    super(
      `This side speaks protocol ${ours}, the other ${theirs}. Install releases that are at most one version apart.`,
    );
  }
}

/** @returns the newest version that both ends speak. @throws {ProtocolVersionError} */
export function commonVersion(peer: VersionRange, own: VersionRange = SPOKEN): number {
  const version = Math.min(peer.newest ?? peer.protocol, own.newest ?? own.protocol);
  if (version < Math.max(peer.protocol, own.protocol)) throw new ProtocolVersionError(peer, own);
  return version;
}

export const speaks = (version: number, what: keyof typeof SINCE): boolean => version >= SINCE[what];
