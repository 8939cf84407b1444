/**
 * Tokens that are void before their time, in a file beside the key: whoever verifies tokens with that key reads it too, so that a
 * revocation holds everywhere at once. A file of JSON, replaced whole; read again when it has changed (one stat a check).
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { checked, parseJson } from './check.js';
import { GridError } from './errors.js';

const VERSION = 1;
const shape = z.object({
  version: z.number().int(),
  /** Token id -> when it would have expired, s since 1970: then it needs no entry any more. */
  tokens: z.record(z.string(), z.number()),
  /** User -> all their tokens issued before this time, s since 1970, are void. */
  users: z.record(z.string(), z.number()),
});
type List = z.infer<typeof shape>;

/** The list of revoked tokens cannot be used: without it nobody can be let in. */
export class RevocationsError extends GridError {
  readonly code = 'PROTOCOL_REVOCATIONS';
}

export class Revocations {
  readonly #file: string;
  #list: List = { version: VERSION, tokens: {}, users: {} };
  #seen = '';
  /** Void already, not written yet. */
  readonly #held = new Map<string, number>();

  /** @param keyFile of the key that signs, or of its public half. @throws {RevocationsError} */
  constructor(keyFile: string) {
    this.#file = `${keyFile.replace(/\.pub\.json$/, '')}.revoked.json`;
    this.#refresh();
  }

  /** @param issuedAt s since 1970 */
  isRevoked({ user, tokenId, issuedAt }: { user: string; tokenId: string | null; issuedAt: number }): boolean {
    if (tokenId !== null && this.#held.has(tokenId)) return true;
    this.#refresh();
    if (tokenId !== null && Object.hasOwn(this.#list.tokens, tokenId)) return true;
    return Object.hasOwn(this.#list.users, user) && issuedAt < this.#list.users[user]!;
  }

  /** Void here at once, and for all others with the next write: so that many cost one. @param expiresAt s since 1970 */
  hold(tokenId: string, expiresAt: number): void {
    this.#held.set(tokenId, expiresAt);
  }

  /** Writes what is held. */
  writeHeld(nowS: number): void {
    if (this.#held.size > 0) this.add({}, nowS);
  }

  /** The ProxyServer alone writes. Entries of tokens that have expired go. */
  add(more: { tokens?: Record<string, number>; users?: Record<string, number> }, nowS: number): void {
    this.#refresh();
    const tokens = Object.entries({ ...this.#list.tokens, ...Object.fromEntries(this.#held), ...more.tokens }).filter(
      ([, expiresAt]) => expiresAt > nowS,
    );
    const list: List = {
      version: VERSION,
      tokens: Object.fromEntries(tokens),
      users: { ...this.#list.users, ...more.users },
    };
    writeFileSync(`${this.#file}.new`, JSON.stringify(list), { mode: 0o644, flush: true });
    renameSync(`${this.#file}.new`, this.#file);
    this.#refresh();
    this.#held.clear();
  }

  #refresh(): void {
    let seen: string;
    try {
      const { mtimeMs, size, ino } = statSync(this.#file);
      seen = `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // nothing was ever revoked
      throw this.#unusable((error as Error).message, error);
    }
    if (seen === this.#seen) return;
    try {
      const list = checked(shape, parseJson(readFileSync(this.#file, 'utf8')));
      if (list.version > VERSION) throw new Error(`it is of version ${list.version}, this program knows ${VERSION}`);
      this.#list = list;
    } catch (error) {
      throw this.#unusable((error as Error).message, error);
    }
    this.#seen = seen;
  }

  #unusable(why: string, cause: unknown): RevocationsError {
    return new RevocationsError(`The list of revoked tokens ${this.#file} cannot be used: ${why}`, { cause });
  }
}
