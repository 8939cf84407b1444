/**
 * One file with several replicas: read from one of them, and on from the next when it fails, also in the middle.
 *
 * Replicas are taken in the order given, those that failed lately last. Each failure is reported and remembered. Every
 * replica has the size that is known, else that of the first that opened; one with another size counts as failed, so that
 * no bytes of two different files are mixed. A read fails only when each replica failed once during it.
 */
import { checkRange } from './byte-ranges.js';
import type { ByteRange, ByteSource } from './byte-source.js';
import { BadRangeError, NoReplicaError, OtherSizeError, SourceClosedError, StorageError } from './errors.js';
import type { StorageSettings } from './storage-options.js';
import { displayUrl } from './url.js';

export interface ReplicaFailure {
  /** The replica that failed, without credentials. */
  readonly url: string;
  readonly error: StorageError;
}

export type OpenReplica = (url: string, settings: StorageSettings) => Promise<ByteSource>;

/** The replica in use; its number tells whether somebody has replaced it meanwhile. */
interface Current {
  readonly source: ByteSource;
  /** As given, with credentials. */
  readonly replica: string;
}

interface Opening {
  readonly settings: StorageSettings;
  readonly open: OpenReplica;
  /** What every replica must have; undefined for the first of a file of unknown size. */
  readonly size: number | undefined;
}

/** What one read has met so far. */
interface Trouble {
  readonly failed: ReadonlySet<string>;
  readonly failures: readonly StorageError[];
  readonly range: ByteRange | undefined;
}

export class ReplicaFile implements ByteSource {
  readonly size: number;
  readonly #replicas: readonly string[];
  readonly #how: Opening;
  #current: Current;
  #switching: Promise<void> | undefined;
  #isClosed = false;

  private constructor(replicas: readonly string[], first: Current, how: Opening) {
    this.#replicas = replicas;
    this.#current = first;
    this.#how = how;
    this.size = first.source.size;
  }

  /** @param size of the file, where it is known @throws {NoReplicaError} with the error of each */
  static async open(
    replicas: readonly string[],
    settings: StorageSettings,
    open: OpenReplica,
    size?: number,
  ): Promise<ReplicaFile> {
    const first = await firstThatOpens(replicas, { settings, open, size });
    return new ReplicaFile(replicas, first, { settings, open, size: first.source.size });
  }

  get url(): string {
    return this.#current.source.url;
  }

  get readSync(): ByteSource['readSync'] {
    return this.#current.source.readSync === undefined ? undefined : this.#readSync;
  }

  get prefetch(): ByteSource['prefetch'] {
    return this.#current.source.prefetch === undefined ? undefined : this.#prefetch;
  }

  readonly #readSync = (offset: number, length: number, into?: Buffer): Buffer => {
    checkRange(this, offset, length);
    const current = this.#current;
    try {
      return current.source.readSync!(offset, length, into);
    } catch (error) {
      if (error instanceof StorageError) this.#note(current, error);
      throw error;
    }
  };

  readonly #prefetch = (ranges: readonly ByteRange[]): void => this.#current.source.prefetch?.(ranges);

  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(this, offset, length);
    return this.#steadily({ offset, length }, (source) => source.read(offset, length));
  }

  async readMany(ranges: readonly ByteRange[]): Promise<Buffer[]> {
    for (const { offset, length } of ranges) checkRange(this, offset, length);
    return this.#steadily(ranges[0], (source) => source.readMany(ranges));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#switching?.catch(() => {});
    await this.#current.source.close();
  }

  async #steadily<T>(range: ByteRange | undefined, step: (source: ByteSource) => Promise<T>): Promise<T> {
    const failures: StorageError[] = [];
    const failed = new Set<string>();
    for (;;) {
      const current = this.#current;
      try {
        return await step(current.source);
      } catch (error) {
        if (!(error instanceof StorageError) || error instanceof BadRangeError || this.#isClosed) throw error;
        failures.push(error);
        failed.add(current.replica);
        if (this.#current === current) {
          if (this.#switching === undefined) this.#note(current, error); // others failed with it: told once
          if (failed.size === this.#replicas.length) throw new NoReplicaError(this.url, failures, range);
          await this.#switchFrom(current, { failed, failures, range });
        }
      }
    }
  }

  /** One switch at a time; whoever failed with the same replica waits for it. */
  async #switchFrom(broken: Current, { failed, failures, range }: Trouble): Promise<void> {
    this.#switching ??= this.#switch(broken, failed).finally(() => {
      this.#switching = undefined;
    });
    try {
      await this.#switching;
    } catch (error) {
      if (error instanceof NoReplicaError) throw new NoReplicaError(this.url, [...failures, ...error.failures], range);
      throw error;
    }
  }

  async #switch(broken: Current, failed: ReadonlySet<string>): Promise<void> {
    const rest = this.#replicas.filter((replica) => !failed.has(replica));
    const next = await firstThatOpens(rest, this.#how);
    broken.source.close().catch(() => {}); // it failed: whatever it says now is no news
    if (!this.#isClosed) this.#current = next;
    else {
      await next.source.close();
      throw new SourceClosedError(this.url);
    }
  }

  #note({ replica }: Current, error: StorageError): void {
    note(replica, error, this.#how.settings);
  }
}

/** @throws {NoReplicaError} */
async function firstThatOpens(replicas: readonly string[], { settings, open, size }: Opening): Promise<Current> {
  const failures: StorageError[] = [];
  for (const replica of settings.pool.avoid.sorted(replicas, settings.clock.now())) {
    try {
      const source = await open(replica, settings);
      if (size === undefined || source.size === size) return { source, replica };
      await source.close();
      throw new OtherSizeError(source.url, source.size, size);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      note(replica, error, settings);
      failures.push(error);
    }
  }
  throw new NoReplicaError(displayUrl(replicas[0] ?? ''), failures);
}

function note(replica: string, error: StorageError, settings: StorageSettings): void {
  settings.pool.avoid.add(replica, error, settings.clock.now() + settings.avoidMs);
  settings.onReplicaFailed?.({ url: displayUrl(replica), error });
}
