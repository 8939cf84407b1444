/** The files of a directory tree on any storage (local, XRootD, HTTP), as they would be registered below a logical directory. */
import { listDirectory } from '../../storage/directory.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import type { NewGridFile } from './grid.js';

export interface ScanOptions {
  /** Logical directory that stands for the scanned one. */
  readonly below: string;
  readonly se?: string | undefined;
  /** Only names that this accepts. */
  readonly accepts?: (name: string) => boolean;
  /** Credentials for the storage. */
  readonly storage?: StorageOptions;
}

/** Depth first, by name. @throws {StorageError} a directory that cannot be listed */
export async function* scanTree(url: string, options: ScanOptions): AsyncGenerator<NewGridFile> {
  const prefix = options.below.replace(/\/+$/, '');
  for (const entry of await listDirectory(url, options.storage)) {
    const lfn = `${prefix}/${entry.name}`;
    if (entry.isDirectory) yield* scanTree(entry.url, { ...options, below: lfn });
    else if (options.accepts?.(entry.name) ?? true)
      yield { lfn, size: entry.size, replicas: [{ url: entry.url, se: options.se }] };
  }
}
