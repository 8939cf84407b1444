/**
 * Output specifications: `name`, `*.root`, `archive.zip:a,b,*.c`, each with `@disk=2,ALICE::X::SE,!ALICE::Y::SE` behind it.
 * `disk:2` is the same as `disk=2`; `noarchive` keeps a file out of the archive that AliEn made of all others. Without anything behind an `@` an output goes to two storage elements of kind disk.
 */

export interface StorageChoice {
  /** Copies by kind of storage (disk, tape, …); one element's worth for each named one besides. */
  readonly copies: Readonly<Record<string, number>>;
  readonly elements: readonly string[];
  readonly excluded: readonly string[];
}

export interface OutputSpec {
  readonly kind: 'file' | 'archive';
  /** File name or pattern; the archive's name. */
  readonly name: string;
  /** What goes into an archive: names and patterns. */
  readonly members: readonly string[];
  readonly storage: StorageChoice;
  /** Uploaded on its own, even where others are put together. */
  readonly isKeptApart: boolean;
}

export const DEFAULT_STORAGE: StorageChoice = { copies: { disk: 2 }, elements: [], excluded: [] };
const MOST_COPIES = 9;
const NO_ARCHIVE = /^no_?archive$/i;
const ELEMENT = /^[A-Za-z0-9_-]+::[A-Za-z0-9_.-]+::[A-Za-z0-9_.-]+$/;

/** @returns the specification, or a sentence that says what is wrong with it */
export function parseOutputSpec(text: string): OutputSpec | string {
  const at = text.lastIndexOf('@');
  const files = (at === -1 ? text : text.slice(0, at)).trim();
  const options =
    at === -1
      ? []
      : text
          .slice(at + 1)
          .split(',')
          .map((option) => option.trim());
  const isKeptApart = options.some((option) => NO_ARCHIVE.test(option));
  const storage = parseStorage(options.filter((option) => option !== '' && !NO_ARCHIVE.test(option)));
  if (typeof storage === 'string') return `"${text}": ${storage}`;
  const colon = files.indexOf(':');
  const name = (colon === -1 ? files : files.slice(0, colon)).trim();
  const bad = fileNameProblem(name);
  if (bad !== undefined) return `"${text}": ${bad}`;
  if (colon === -1) return { kind: 'file', name, members: [], storage, isKeptApart };
  const members = files
    .slice(colon + 1)
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  if (members.length === 0) return `"${text}": the archive ${name} has no members; write ${name}:file,*.root.`;
  const badMember = members.map(fileNameProblem).find((problem) => problem !== undefined);
  return badMember === undefined ? { kind: 'archive', name, members, storage, isKeptApart } : `"${text}": ${badMember}`;
}

/** Outputs are found in the job's own directory: no path that leads out of it. */
function fileNameProblem(name: string): string | undefined {
  if (name === '') return 'the name of the file is missing.';
  if (name.startsWith('/') || name.split('/').includes('..'))
    return `${name} leads out of the job's directory; name files below it.`;
  return name.includes('\0') ? 'a file name cannot hold the character 0.' : undefined;
}

function parseStorage(options: readonly string[]): StorageChoice | string {
  const copies: Record<string, number> = {};
  const elements: string[] = [];
  const excluded: string[] = [];
  for (const part of options) {
    const kind = /^([A-Za-z]\w*)\s*[=:]\s*(\d+)$/.exec(part);
    if (kind !== null) copies[kind[1]!.toLowerCase()] = Number(kind[2]);
    else if (ELEMENT.test(part)) elements.push(part);
    else if (part.startsWith('!') && ELEMENT.test(part.slice(1))) excluded.push(part.slice(1));
    else
      return `${part} is neither a number of copies (disk=2) nor a storage element (VO::SITE::NAME, or !VO::SITE::NAME to avoid it).`;
  }
  const most = Math.max(0, ...Object.values(copies));
  if (most > MOST_COPIES) return `${most} copies are too many; ask for at most ${MOST_COPIES}.`;
  const isEmpty = elements.length === 0 && Object.keys(copies).length === 0;
  return { copies: isEmpty ? DEFAULT_STORAGE.copies : copies, elements, excluded };
}

/** The specification as text that parses to it. */
export function printOutputSpec({ kind, name, members, storage, isKeptApart }: OutputSpec): string {
  const parts = [
    ...Object.entries(storage.copies).map(([what, count]) => `${what}=${count}`),
    ...storage.elements,
    ...storage.excluded.map((element) => `!${element}`),
    ...(isKeptApart ? ['noarchive'] : []),
  ];
  return `${name}${kind === 'archive' ? `:${members.join(',')}` : ''}@${parts.join(',')}`;
}
