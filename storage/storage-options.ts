/** How to reach storage: credentials, deadlines, clock. Everything is passed in; only the programs' edges read the environment. */
import { userInfo } from 'node:os';
import { type Clock, systemClock } from '../protocol/clock.js';
import type { ReplicaFailure } from './replica-file.js';
import { processPool, type StoragePool } from './storage-pool.js';

export interface StorageOptions {
  /** Longest wait for any one answer of one server, connecting included, in ms. Default 30 000. */
  readonly deadlineMs?: number;
  /** Time for deadlines and pauses. Default: the system's. */
  readonly clock?: Clock;
  /** Name given to servers that take it on trust (XRootD's login and `unix`). Default: this process's user. */
  readonly user?: string;
  /** A bearer token (WLCG, SciTokens): HTTP `Authorization`, XRootD `ztn`. */
  readonly token?: string;
  /** A file that holds it, read anew for each connection or request: tokens are short-lived. */
  readonly tokenFile?: string;
  /** Keytab of XRootD's shared secret; it must be readable by its owner alone. */
  readonly sssKeytab?: string;
  /** PEM file of the authorities that sign servers' certificates, besides the system's. */
  readonly caFile?: string;
  /** A folder of such files, as /etc/grid-security/certificates. */
  readonly caFolder?: string;
  /** False accepts any certificate: for tests. Default true. */
  readonly verifyTls?: boolean;
  /** Read root: files by pages with a CRC-32C each (kXR_pgread), where the server can. Default false. */
  readonly pageChecksums?: boolean;
  /** Pause before the second try of an HTTP request, in ms; it doubles each time. Also before the last try of an XRootD piece. Default 200. */
  readonly retryPauseMs?: number;
  /** Told of each replica that failed while another may go on: for logs and the catalog. */
  readonly onReplicaFailed?: (failure: ReplicaFailure) => void;
  /** How long a replica that failed is tried last, in ms. Default 300 000. */
  readonly avoidMs?: number;
  /** Connections to share. Default: those of this process. */
  readonly pool?: StoragePool;
}

export interface StorageSettings extends StorageOptions {
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly retryPauseMs: number;
  readonly avoidMs: number;
  readonly user: string;
  readonly verifyTls: boolean;
  readonly pool: StoragePool;
}

export const DEFAULT_DEADLINE_MS = 30_000;

/** The options with their defaults. */
export function settingsOf(options: StorageOptions = {}): StorageSettings {
  return {
    ...options,
    deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    clock: options.clock ?? systemClock,
    retryPauseMs: options.retryPauseMs ?? 200,
    avoidMs: options.avoidMs ?? 300_000,
    user: options.user ?? currentUser(),
    verifyTls: options.verifyTls ?? true,
    pool: options.pool ?? processPool,
  };
}

/** A process may run under a number that has no name (containers). */
function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'nobody';
  }
}
