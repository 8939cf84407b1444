/**
 * What the factory needs of any batch system. One file a kind of site stands beside this one; make-site.ts knows them all.
 *
 * No call blocks the ProxyServer: each is bounded in time and answers with a state, also when the batch system does not.
 */
import { GridError } from '../../protocol/errors.js';
import type { HeldJob } from '../factory/reconcile.js';

/** One pilot to be: its id and the secret with which its agent registers, once. */
export interface PilotTicket {
  readonly pilotId: string;
  readonly secret: string;
}

export type Submitted =
  | { readonly pilotId: string; readonly batchId: string }
  | { readonly pilotId: string; readonly error: string };

/** held: the batch system keeps it back and somebody must act; unknown: the batch system has forgotten it, or cannot say. */
export type BatchState = 'queued' | 'running' | 'held' | 'ended' | 'unknown';

export interface BatchStatus {
  readonly state: BatchState;
  readonly exitStatus: number | null;
  /** In the batch system's own words. */
  readonly why: string | null;
}

export interface SiteDescription {
  /** One line for people: what stands behind this site. */
  readonly text: string;
  /** What the site itself allows; null: it does not say. */
  readonly maxPilots: number | null;
}

export interface Site {
  readonly name: string;
  readonly type: string;
  /** Hands over one pilot a ticket, all alike by `jdl`. Never rejects for a single pilot: that one's `error` says why. */
  submit(jdl: string, tickets: readonly PilotTicket[]): Promise<Submitted[]>;
  /** Many in one call; ids that the batch system does not know are `unknown`. */
  status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>>;
  cancel(batchIds: readonly string[]): Promise<void>;
  /** Jobs that are not over and bear the name of a pilot of this site; absent where the batch system cannot tell. */
  jobs?(): Promise<HeldJob[]>;
  /** The end of what a pilot wrote, running or over; '' where there is nothing. */
  output(batchId: string): Promise<string>;
  describe(): Promise<SiteDescription>;
  /** What the batch system is handed for this JDL. */
  translate(jdl: string): string;
  /** Forgets what is kept of a pilot that is over. */
  forget(batchId: string): Promise<void>;
}

/** What every site is told about the server. */
export interface SiteContext {
  readonly serverUrl: () => string;
  /** PEM file of the authority that agents shall trust; null: the system's. */
  readonly ca: string | null;
  readonly orphanedAfterMs: number;
  /** The pool's key for xrootds, and the manager that they subscribe to; null: no site has any. */
  readonly xrootd: { readonly keytab: string; readonly manager: string | null } | null;
  /** For the files of its pilots. */
  readonly directory: string;
  /** Of this server, should a node see its disk: not for users' code. */
  readonly secretPaths: readonly string[];
}

/** The site cannot do what was asked: which site, what it said. */
export class SiteError extends GridError {
  readonly code = 'PROXY_SITE';
}
