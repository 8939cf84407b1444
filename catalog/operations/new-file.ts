/**
 * A line of a bulk list -> a file to register. Checked by hand, not by schema: a million of them are registered in seconds.
 *
 * JSON: `{"lfn": "/a/b", "url": "root://…"}`, or `urls`, or `replicas: [{ url, se }]`; size, checksum, guid, entries, tree, se.
 * CSV: a header with such names, then a line a file; several URLs in `urls` have blanks between them.
 */
import { BadNameError } from '../errors.js';
import type { NewGridFile } from '../grid/grid.js';

export type LineReader = (line: string) => NewGridFile;

/** @throws {BadNameError} what is wrong with the line */
export function readJsonLine(line: string): NewGridFile {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BadNameError(line, 'it is no JSON'); // the parser's own words add nothing to the line itself
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadNameError(line, 'it is no object');
  const fields = value as Record<string, unknown>;
  return newFile(fields, replicasOf(fields));
}

/** The reader for the lines behind a CSV header. @throws {BadNameError} a header without lfn, or with an unknown column */
export function csvReader(header: string): LineReader {
  const names = splitCsv(header).map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !COLUMNS.includes(name));
  if (unknown !== undefined) throw new BadNameError(unknown, `it is no column; known are ${COLUMNS.join(', ')}`);
  if (!names.includes('lfn')) throw new BadNameError(header, 'a CSV list needs a header with the column lfn');
  return (line) => {
    const cells = splitCsv(line);
    if (cells.length !== names.length)
      throw new BadNameError(line, `it has ${cells.length} columns, the header ${names.length}`);
    const fields: Record<string, unknown> = {};
    for (const [i, name] of names.entries()) {
      const cell = cells[i]!;
      if (cell !== '') fields[name] = name === 'size' || name === 'entries' ? Number(cell) : cell;
    }
    if (typeof fields['urls'] === 'string') fields['urls'] = fields['urls'].split(/\s+/);
    return newFile(fields, replicasOf(fields));
  };
}

const COLUMNS = ['lfn', 'url', 'urls', 'se', 'size', 'checksum', 'guid', 'entries', 'tree'];

function newFile(fields: Record<string, unknown>, replicas: NewGridFile['replicas']): NewGridFile {
  const { lfn, size, checksum, guid, entries, tree } = fields;
  if (typeof lfn !== 'string') throw new BadNameError(JSON.stringify(fields), 'it has no lfn');
  return {
    lfn,
    size: count(size, 'size'),
    checksum: text(checksum, 'checksum'),
    guid: text(guid, 'guid'),
    entries: count(entries, 'entries'),
    tree: text(tree, 'tree'),
    replicas,
  };
}

function replicasOf({ url, urls, replicas, se }: Record<string, unknown>): NewGridFile['replicas'] {
  const element = text(se, 'se');
  if (typeof url === 'string') return [{ url, se: element }];
  const list = urls ?? replicas ?? [];
  if (!Array.isArray(list)) throw new BadNameError(String(list), 'replicas are a list');
  return list.map((item: unknown) => {
    if (typeof item === 'string') return { url: item, se: element };
    const { url: own, se: at } = (item ?? {}) as { url?: unknown; se?: unknown };
    if (typeof own !== 'string') throw new BadNameError(JSON.stringify(item), 'a replica needs a url');
    return { url: own, se: text(at, 'se') ?? element };
  });
}

function count(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BadNameError(String(value), `${what} is a whole number`);
}

function text(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new BadNameError(String(value), `${what} is a text`);
}

/** Cells of one line: RFC 4180 but for line breaks inside quotes, which names cannot have. */
function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let isLast = false; !isLast; ) {
    const match = cell.exec(line);
    if (match === null) throw new BadNameError(line, 'its quotes are not closed');
    cells.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'));
    isLast = match[3] === '';
  }
  return cells;
}
