/**
 * A log that several processes append to, users' code among what they run, and that would fill the disk: past a size its end is kept
 * beside it and it begins anew. It is cut in place, since those who append hold it open.
 */
import { closeSync, openSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';

const KEPT_BYTES = 1_000_000;

/** @param path opened by all with O_APPEND; its end goes to `path.1`, in place of an earlier one */
export function boundLog(path: string, mostBytes: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= mostBytes) return;
  const end = Buffer.alloc(Math.min(size, KEPT_BYTES));
  const file = openSync(path, 'r');
  const n = readSync(file, end, 0, end.length, size - end.length);
  closeSync(file);
  truncateSync(path, 0); // first: the disk may be full of it
  writeFileSync(`${path}.1`, end.subarray(0, n), { mode: 0o600 });
}
