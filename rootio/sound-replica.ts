/** A file whose first replica opens, but is damaged there: the next may be sound. */
import { StorageError } from '../storage/errors.js';
import { CorruptFileError, NotRootFileError } from './errors.js';

/**
 * What `open` makes of all replicas, else of the first one that is sound by itself.
 * @throws what `open` throws; the first damage where all are damaged or cannot be had
 */
export async function fromSoundReplica<T>(
  urls: readonly string[],
  open: (urls: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await open(urls);
  } catch (damage) {
    if (urls.length < 2 || !isDamage(damage)) throw damage;
    for (const url of urls) {
      try {
        return await open([url]);
      } catch (error) {
        if (!isDamage(error) && !(error instanceof StorageError)) throw error;
      }
    }
    throw damage;
  }
}

const isDamage = (error: unknown): boolean => error instanceof CorruptFileError || error instanceof NotRootFileError;
