/**
 * A line of a bulk list -> a file to register. Checked by hand, not by schema: a million of them are registered in seconds.
 *
 * JSON: `{"lfn": "/a/b", "url": "root://…"}`, or `urls`, or `replicas: [{ url, se }]`; size, checksum, guid, entries, tree, se.
 * CSV: a header with such names, then a line a file; several URLs in `urls` have blanks between them.
 */
import { BadValueError } from '../errors.js';
import type { NewGridFile } from '../grid/grid.js';

const EXAMPLE = 'a file is {"lfn": "/a/b", "url": "root://…"}';

export type LineReader = (line: string) => NewGridFile;

/** @throws {BadValueError} what is wrong with the line */
export function readJsonLine(line: string): NewGridFile {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BadValueError(line, 'line of JSON', EXAMPLE); // the parser's own words add nothing to the line itself
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadValueError(line, 'file of a list', EXAMPLE);
  const fields = value as Record<string, unknown>;
  return newFile(fields, replicasOf(fields));
}

/** The reader for the lines behind a CSV header. @throws {BadValueError} a header without lfn, or with an unknown column */
export function csvReader(header: string): LineReader {
  const names = splitCsv(header).map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !COLUMNS.includes(name));
  if (unknown !== undefined) throw new BadValueError(unknown, 'column of a list', `known are ${COLUMNS.join(', ')}`);
  if (!names.includes('lfn')) throw new BadValueError(header, 'header of a CSV list', 'it needs the column lfn');
  return (line) => {
    const cells = splitCsv(line);
    if (cells.length !== names.length)
      throw new BadValueError(line, 'line of this list', `it has ${cells.length} columns, the header ${names.length}`);
    const fields: Record<string, unknown> = {};
    for (const [i, name] of names.entries()) {
      const cell = cells[i]!;
      const isNumber = (name === 'size' || name === 'entries') && !Number.isNaN(Number(cell));
      if (cell !== '') fields[name] = isNumber ? Number(cell) : cell;
    }
    if (typeof fields['urls'] === 'string') fields['urls'] = fields['urls'].split(/\s+/);
    return newFile(fields, replicasOf(fields));
  };
}

const COLUMNS = ['lfn', 'url', 'urls', 'se', 'size', 'checksum', 'guid', 'entries', 'tree'];

function newFile(fields: Record<string, unknown>, replicas: NewGridFile['replicas']): NewGridFile {
  const { lfn, size, checksum, guid, entries, tree } = fields;
  if (typeof lfn !== 'string') throw new BadValueError(JSON.stringify(fields), 'file of a list', 'it has no lfn');
  return {
    lfn,
    size: count(size, 'size'),
    checksum: text(checksum, 'checksum'),
    guid: text(guid, 'guid'),
    entries: count(entries, 'number of entries'),
    tree: text(tree, 'name of a tree'),
    replicas,
  };
}

function replicasOf({ url, urls, replicas, se }: Record<string, unknown>): NewGridFile['replicas'] {
  const element = text(se, 'name of a storage element');
  if (typeof url === 'string') return [{ url, se: element }];
  const list = urls ?? replicas ?? [];
  if (!Array.isArray(list))
    throw new BadValueError(JSON.stringify(list), 'list of replicas', 'that is ["root://…"] or [{"url", "se"}]');
  return list.map((item: unknown) => {
    if (typeof item === 'string') return { url: item, se: element };
    const { url: own, se: at } = (item ?? {}) as { url?: unknown; se?: unknown };
    if (typeof own !== 'string') throw new BadValueError(JSON.stringify(item), 'replica', 'it has no url');
    return { url: own, se: text(at, 'name of a storage element') ?? element };
  });
}

function count(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BadValueError(shown(value), what, 'that is a whole number from 0 on');
}

function text(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new BadValueError(shown(value), what, 'that is a text');
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Cells of one line: RFC 4180 but for line breaks inside quotes, which names cannot have. */
function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let isLast = false; !isLast; ) {
    const match = cell.exec(line);
    if (match === null) throw new BadValueError(line, 'line of CSV', 'its quotes are not closed');
    cells.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    isLast = match[3] === '';
  }
  return cells;
}
