/** What a query reads is not what it replaces: its inputs, as far as this computer knows them, are compared with the files that it is to write. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDatasetWord } from '../../catalog/grid/resolve-dataset.js';
import type { LocalFile } from './local-files.js';
import type { LookUp } from './local-run.js';
import { filesOf, spareInputs } from './output-files.js';
import type { QueryRequest } from './query-request.js';
import type { ReportFiles } from './report.js';

type Words = Pick<QueryRequest, 'dataset' | 'friends'>;

/** Files that the command line itself names. @param read what it names beside data (`readFiles`). @throws {UsageError} */
export function spareNamedInputs(outputs: ReportFiles, read: readonly string[], { dataset, friends }: Words): void {
  spareInputs(outputs, [...read, ...fileWords([...dataset, ...friends.flatMap((friend) => friend.dataset)])]);
}

/** What is read beside data: the program, lists of files, lists of entries. @returns absolute paths of those that are there */
export function readFiles(
  selector: string | undefined,
  words: readonly string[],
  lists: QueryRequest['lists'],
): string[] {
  const listed = [...words.filter((word) => word.startsWith('@')), ...lists.map(({ name }) => name)];
  const paths = [...(selector === undefined ? [] : [selector]), ...listed.map((word) => word.replace(/^@|#.*$/g, ''))];
  return [...new Set(paths.map((path) => resolve(path)))].filter((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
}

/** The look-up of a query in this process, which then knows all of its files. */
export function sparing(outputs: ReportFiles, lookUp: LookUp): LookUp {
  return async (request) => {
    const files = await lookUp(request);
    spareInputs(outputs, urlsOf(files));
    return files;
  };
}

/**
 * Of a query on a server, which looks up names of the catalog itself: they are looked up here as well where data would be replaced, that is,
 * where an output is there already and is a ROOT file or zip archive. A catalog that this computer does not reach is no obstacle.
 * @throws {UsageError}
 */
export async function spareReplicas(outputs: ReportFiles, request: QueryRequest, lookUp: LookUp): Promise<void> {
  const words = [...request.dataset, ...request.friends.flatMap((friend) => friend.dataset)];
  if (fileWords(words).length === words.length) return;
  if (!filesOf(outputs).some(({ path }) => holdsData(path))) return;
  const files = await lookUp(request).catch(() => []); // the server tells what is wrong with the names
  spareInputs(outputs, urlsOf(files));
}

function fileWords(words: readonly string[]): string[] {
  return words.map(parseDatasetWord).flatMap(({ kind, text }) => (kind === 'url' ? [text] : []));
}

function urlsOf(files: readonly LocalFile[]): string[] {
  return files.flatMap(({ urls, friends = [] }) => [...urls, ...friends.flatMap((friend) => friend.urls)]);
}

function holdsData(path: string): boolean {
  const begin = Buffer.alloc(4);
  try {
    const from = openSync(path, 'r');
    try {
      readSync(from, begin, 0, begin.length, 0);
    } finally {
      closeSync(from);
    }
  } catch {
    return false; // it is not there, or not to be read
  }
  return ['root', 'PK\x03\x04'].includes(begin.toString('latin1'));
}
