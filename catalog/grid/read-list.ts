/**
 * File lists as people keep them -> files. JSON (an array, or a line each), CSV with a header, or XML as AliEn's collections:
 * `<alien><collection name="…"><event name="1"><file lfn="…" turl="…" size="…" md5="…"/></event></collection></alien>`. Pure.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import { CatalogAnswerError } from './errors.js';
import type { GridFile } from './grid.js';

export interface FileList {
  readonly name: string | null;
  readonly files: readonly GridFile[];
}

const listed = z.object({
  lfn: z.string().optional(),
  url: z.string().optional(),
  urls: z.array(z.string()).optional(),
  replicas: z
    .array(z.union([z.string(), z.object({ url: z.string(), se: z.string().nullish(), site: z.string().nullish() })]))
    .optional(),
  size: z.coerce.number().int().min(0).nullish(),
  checksum: z.string().nullish(),
  entries: z.coerce.number().int().min(0).nullish(),
  tree: z.string().nullish(),
});

/** @throws {CatalogAnswerError} what in the list is not understood */
export function readList(text: string, place: string): FileList {
  const start = text.trimStart();
  try {
    if (start.startsWith('<')) return readXml(text);
    if (start.startsWith('['))
      return { name: null, files: z.array(z.unknown()).parse(JSON.parse(text)).map(gridFileOf) };
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    if (start.startsWith('{')) return { name: null, files: lines.map((line) => gridFileOf(JSON.parse(line))) };
    return { name: null, files: readCsv(lines) };
  } catch (cause) {
    const why = cause instanceof z.ZodError ? cause.issues[0]?.message : (cause as Error).message;
    throw new CatalogAnswerError(`${place} is no list of files as JSON, CSV or XML: ${why ?? 'not understood'}.`, {
      cause,
    });
  }
}

function gridFileOf(value: unknown): GridFile {
  const file = listed.parse(value);
  const places = file.replicas ?? file.urls ?? (file.url === undefined ? [] : [file.url]);
  const replicas = places.map((place) =>
    typeof place === 'string'
      ? { url: place, se: null, site: null }
      : { url: place.url, se: place.se ?? null, site: place.site ?? place.se?.split('::')[1] ?? null },
  );
  const lfn = file.lfn ?? nameOf(replicas[0]?.url);
  if (lfn === undefined) throw new CatalogAnswerError('a file has neither lfn nor url');
  const { size = null, checksum = null, entries = null, tree = null } = file;
  return { lfn, size, checksum, entries, tree, replicas };
}

/** The path of a URL, where a list gives no logical name. */
function nameOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  return URL.canParse(url) ? decodeURIComponent(new URL(url).pathname).replace(/^\/+/, '/') : url;
}

function readCsv(lines: readonly string[]): GridFile[] {
  const header = (lines[0] ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (!header.includes('lfn') && !header.includes('url') && !header.includes('urls'))
    throw new CatalogAnswerError('its first line names neither lfn nor url');
  return lines.slice(1).map((line) => {
    const cells = line.split(',');
    const fields: Record<string, unknown> = {};
    for (const [i, name] of header.entries()) if ((cells[i] ?? '') !== '') fields[name] = cells[i]!.trim();
    if (typeof fields['urls'] === 'string') fields['urls'] = fields['urls'].split(/\s+/);
    return gridFileOf(fields);
  });
}

const xmlFile = z.object({
  lfn: z.string().optional(),
  turl: z.string().optional(),
  size: z.coerce.number().optional(),
  md5: z.string().optional(),
  seName: z.string().optional(),
});
const xmlCollection = z.object({
  alien: z.object({
    collection: z.object({
      name: z.string().optional(),
      event: z.array(z.object({ file: z.array(xmlFile).default([]) })).default([]),
    }),
  }),
});

function readXml(text: string): FileList {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new CatalogAnswerError(`line ${valid.err.line}: ${valid.err.msg}`);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => name === 'event' || name === 'file',
    processEntities: true,
  });
  const { collection } = xmlCollection.parse(parser.parse(text)).alien;
  const files = collection.event
    .flatMap(({ file }) => file)
    .map(({ lfn, turl, size, md5, seName }) => {
      // AliEn writes `alien://` where the client is to ask the catalog: such a file has a name and no place of its own.
      const url = turl === undefined || turl.startsWith('alien://') ? undefined : turl;
      const name = lfn ?? turl?.replace(/^alien:\/\//, '');
      return gridFileOf({
        lfn: name,
        replicas: url === undefined ? [] : [{ url, se: seName ?? null }],
        size,
        checksum: md5 ? `md5:${md5}` : null,
      });
    });
  return { name: collection.name ?? null, files };
}
