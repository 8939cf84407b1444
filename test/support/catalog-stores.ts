/** A catalog in memory for unit tests: its stores and a user who owns it. */
import type { Caller } from '../../catalog/permissions.js';
import { openDatabase } from '../../catalog/store/database.js';
import { Stores } from '../../catalog/store/stores.js';
import { WRITES, type Writes } from '../../catalog/threads/calls.js';

export const OWNER: Caller = { user: 'alice', groups: ['physics'], isAdmin: false };
export const STRANGER: Caller = { user: 'bob', groups: ['bob'], isAdmin: false };
export const NOW_MS = Date.UTC(2009, 10, 23);

export class MemoryCatalog {
  readonly stores = new Stores(openDatabase(':memory:', { owner: 'alice', group: 'physics' }, NOW_MS));

  write<N extends keyof Writes>(name: N, args: Parameters<Writes[N]>[2], caller = OWNER): ReturnType<Writes[N]> {
    const operation = WRITES[name] as (at: unknown, caller: Caller, args: unknown) => ReturnType<Writes[N]>;
    return this.stores.write(() => operation({ stores: this.stores, nowMs: NOW_MS }, caller, args));
  }

  /** Registers names with one replica each. */
  files(...lfns: string[]): this {
    this.write('register', { files: lfns.map((lfn) => ({ lfn, replicas: [{ url: `root://se/${encodeURI(lfn)}` }] })) });
    return this;
  }
}
