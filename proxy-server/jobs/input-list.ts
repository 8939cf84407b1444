/**
 * The file that InputDataList names, in the formats of InputDataListFormat. Pure.
 *
 *   plain       a name a line
 *   xml-single  AliEn's collection, an event for each file
 *   xml-group   the same, an event for all files of one directory
 *   merge:LFN   the collection at LFN with the files of this job only, and all that it says of them
 */
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import type { FoundFile } from './job-inputs.js';
import { JobInputError } from './job-inputs.js';

export function inputListText(format: string, files: readonly FoundFile[], original: string | undefined): string {
  const word = format.toLowerCase();
  if (word === 'xml-single') return collection(files.map((file) => [file]));
  if (word === 'xml-group') return collection(byDirectory(files));
  if (original !== undefined) return chosen(original, { format, lfns: new Set(files.map(({ lfn }) => lfn)) });
  return files.map(({ lfn }) => `${lfn}\n`).join('');
}

/** The LFN behind `merge:`. */
export const mergedList = (format: string): string | undefined => /^merge:(.+)$/i.exec(format.trim())?.[1];

function byDirectory(files: readonly FoundFile[]): FoundFile[][] {
  const groups = new Map<string, FoundFile[]>();
  for (const file of files) {
    const group = groups.get(directoryOf(file.lfn));
    if (group === undefined) groups.set(directoryOf(file.lfn), [file]);
    else group.push(file);
  }
  return [...groups.values()];
}

const directoryOf = (lfn: string): string => lfn.slice(0, lfn.lastIndexOf('/'));
const nameOf = (lfn: string): string => lfn.slice(lfn.lastIndexOf('/') + 1);

function collection(events: readonly (readonly FoundFile[])[]): string {
  const lines = events.flatMap((files, i) => [
    `    <event name="${i + 1}">`,
    ...files.map((file) => `      <file ${attributes(file)} />`),
    '    </event>',
  ]);
  return `<?xml version="1.0"?>\n<alien>\n  <collection name="jobinputdata">\n${lines.join('\n')}\n  </collection>\n</alien>\n`;
}

function attributes({ lfn, size, checksum, replicas }: FoundFile): string {
  const md5 = /^md5:(.+)$/.exec(checksum ?? '')?.[1];
  const facts = {
    name: nameOf(lfn),
    lfn,
    turl: `alien://${lfn}`,
    size: size ?? undefined,
    md5,
    seName: replicas[0]?.se ?? undefined,
  };
  return Object.entries(facts)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}="${escaped(String(value))}"`]))
    .join(' ');
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => ESCAPES[char]!);

type Node = { readonly [name: string]: unknown };
const OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: true,
} as const;

/** @throws {JobInputError} it is no XML */
function chosen(original: string, { format, lfns }: { format: string; lfns: ReadonlySet<string> }): string {
  const valid = XMLValidator.validate(original);
  if (valid !== true)
    throw new JobInputError(`InputDataListFormat = "${format}": line ${valid.err.line} is no XML: ${valid.err.msg}`);
  const tree = new XMLParser(OPTIONS).parse(original) as Node[];
  return `${new XMLBuilder({ ...OPTIONS, format: true, suppressEmptyNode: true }).build(kept(tree, lfns)).trim()}\n`;
}

/** Files of others are left out, and events that had some and have none left. */
function kept(nodes: readonly Node[], lfns: ReadonlySet<string>): Node[] {
  return nodes.flatMap((node): Node[] => {
    if (node['file'] !== undefined) return lfns.has(lfnOf(node)) ? [node] : [];
    for (const name of ['alien', 'collection', 'event']) {
      const inner = node[name];
      if (!Array.isArray(inner)) continue;
      const left = kept(inner as Node[], lfns);
      const isEmptied = name === 'event' && inner.length > 0 && !left.some((one) => one['file'] !== undefined);
      return isEmptied ? [] : [{ ...node, [name]: left }];
    }
    return [node];
  });
}

function lfnOf(node: Node): string {
  const said = (node[':@'] ?? {}) as Record<string, string | undefined>;
  return said['lfn'] ?? said['turl']?.replace(/^alien:\/\//, '') ?? '';
}
