/**
 * `#alien…#` in OutputDir, Output…, Arguments: what differs between the sub-jobs of one master.
 *
 * `#alien`, then perhaps first, last or all (of the sub-job's files; first where nothing is said), then
 *   fulldir                the whole logical file name
 *   dir, dirdir …          the name of the directory that many steps up
 *   filename[/from/to/]    the name without directories, the first match of `from` replaced by `to`
 * or `_counter[_FORMAT]` (the number of the sub-job) or `_split[_FORMAT]` (its group), FORMAT as printf's: 03i, %03d.
 */
import { Pattern, PatternError } from '../regular-expression.js';

export interface PatternContext {
  /** Logical file names of the sub-job's input, in order. */
  readonly files: readonly string[];
  /** From 1 over all sub-jobs. */
  readonly counter: number;
  /** The group: a number of a production, a directory, storage elements … */
  readonly group: string;
}

const MARK =
  /#alien((?:first|last|all)?(?:fulldir|(?:dir)+|filename(?:\/[^#]*\/[^#]*\/)?)|_(?:counter|split)(?:_?%?[-0-9.]*[a-z])?)#/gi;
const LONGEST = 100_000;

/** Marks that are not known stay as they are written. */
export function expandOutputPatterns(text: string, context: PatternContext): string {
  return text.replace(MARK, (_, mark: string) => expandMark(mark, context));
}

function expandMark(mark: string, { files, counter, group }: PatternContext): string {
  const number = /^_(counter|split)(?:_?%?([-0-9.]*[a-z]))?$/i.exec(mark);
  if (number !== null) return formatted(number[1]!.toLowerCase() === 'counter' ? String(counter) : group, number[2]);
  const [, which = '', what = ''] = /^(first|last|all)?(.*)$/i.exec(mark)!;
  const chosen =
    which.toLowerCase() === 'all' ? files : files.slice(which.toLowerCase() === 'last' ? -1 : 0).slice(0, 1);
  return chosen
    .map((lfn) => expandFile(lfn, what))
    .join(',')
    .slice(0, LONGEST);
}

function expandFile(lfn: string, what: string): string {
  if (/^fulldir$/i.test(what)) return lfn;
  const parts = lfn.split('/');
  if (/^(?:dir)+$/i.test(what)) return parts.at(-1 - what.length / 3) ?? '';
  const name = parts.at(-1) ?? '';
  const change = /^filename\/(.*)\/(.*)\/$/i.exec(what);
  if (change === null) return name;
  try {
    const found = new Pattern(change[1]!).find(name, 0);
    return found === undefined ? name : name.slice(0, found.first) + change[2]! + name.slice(found.end);
  } catch (error) {
    if (error instanceof PatternError) return name.replace(change[1]!, () => change[2]!);
    throw error;
  }
}

/** printf's integers: 3d, 03i, -3d; anything else leaves the text alone. */
function formatted(text: string, format: string | undefined): string {
  const found = /^([-0]?)(\d{0,3})[diu]$/.exec(format ?? '');
  if (found === null) return text;
  const width = Number(found[2]);
  if (found[1] === '-') return text.padEnd(width);
  return found[1] === '0' ? text.padStart(width, '0') : text.padStart(width);
}
