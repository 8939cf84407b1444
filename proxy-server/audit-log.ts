/**
 * The audit log: one JSON line for every act of an operator or admin, of logins and tokens, and for every act that was refused. Only ever
 * appended to, flushed before the act is answered, mode 0600. Secrets do not come into it: tokens are named by their ids.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { type AuditRecord, auditRecord } from '../protocol/api.js';
import type { Identity } from '../protocol/tokens.js';
import type { Action } from './authorization.js';

/** Of the end of the log, so much is read for a listing. */
const LISTED_BYTES = 4 * 2 ** 20;

export interface Act {
  readonly action: Action | 'login' | 'request';
  /** Id of what was touched. */
  readonly target: string;
  readonly outcome: 'done' | 'refused';
  readonly detail?: string;
}

export class AuditLog {
  readonly #fd: number;
  readonly #now: () => Date;

  /** @param file made if it is not there */
  constructor(file: string, now: () => Date) {
    this.#fd = openSync(file, 'a+', 0o600);
    if (!endsLine(this.#fd)) writeSync(this.#fd, '\n'); // a record that was cut must not swallow the next
    this.#now = now;
  }

  write(identity: Pick<Identity, 'user' | 'role' | 'tokenId'>, peer: string, act: Act): void {
    const { user, role, tokenId } = identity;
    const record: AuditRecord = { at: this.#now().toISOString(), user, role, tokenId, peer, ...act };
    writeSync(this.#fd, `${JSON.stringify(record)}\n`);
    fsyncSync(this.#fd);
  }

  /** The last `n` records, the newest last; lines that a full disk has cut are left out. */
  last(n: number): AuditRecord[] {
    const { size } = fstatSync(this.#fd);
    const first = Math.max(0, size - LISTED_BYTES);
    const bytes = Buffer.alloc(size - first);
    const nbytes = readSync(this.#fd, bytes, 0, bytes.length, first);
    const records = bytes.toString('utf8', 0, nbytes).split('\n').flatMap(recordOf);
    return records.slice(-n);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function endsLine(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 0x0a);
}

function recordOf(line: string): AuditRecord[] {
  try {
    return [z.parse(auditRecord, JSON.parse(line))];
  } catch {
    return []; // the first of what is read, or one that was cut
  }
}
