/** The demonstration's data: dimuon events in ROOT files, two at a time, each written by a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openRootFile } from '../../rootio/root-file.js';
import { checksumOf } from '../../storage/checksum.js';
import { openSource } from '../../storage/open-source.js';
import { formatBytes } from '../print.js';
import { DemoError } from './demo-daemons.js';

const FILES = 8;

/** @returns file: URLs, in order */
export async function makeDataset(folder: string, events: number, say: (line: string) => void): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const each = Math.ceil(events / FILES);
  const started = performance.now();
  const paths = Array.from({ length: FILES }, (_, i) => join(folder, `dimuon-${i + 1}.root`));
  const todo = paths.map((path, i) => [path, String(i), String(i * each), String(Math.min(each, events - i * each))]);
  const writer = async (): Promise<void> => {
    for (let job = todo.shift(); job !== undefined; job = todo.shift()) {
      const [status] = (await once(fork(join(import.meta.dirname, 'write-file.js'), job), 'exit')) as [number | null];
      if (status !== 0) throw new DemoError(`Writing ${job[0]} ended with status ${status}.`);
    }
  };
  await Promise.all([writer(), writer()]);
  const nbytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const seconds = (performance.now() - started) / 1000;
  say(
    `${FILES} files, ${events} dimuon events, ${formatBytes(nbytes)} written in ${seconds.toFixed(1)} s to ${folder}`,
  );
  return paths.map((path) => pathToFileURL(path).href);
}

/** What the catalog shall know of a file besides its place. */
export async function factsOf(
  url: string,
  wantedTree: string | undefined,
): Promise<{ lfn: string; checksum: string; tree: string; entries: number }> {
  const source = await openSource(url);
  const checksum = `adler32:${await checksumOf(source, 'adler32')}`;
  const file = await openRootFile(source);
  try {
    const { name, entries } = await file.table(wantedTree);
    return { lfn: `/alice/sim/dimuon/${basename(fileURLToPath(url))}`, checksum, tree: name, entries };
  } finally {
    await file.close();
  }
}
