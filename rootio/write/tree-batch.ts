/** Checks that a batch's column fits its branch, before anything of the batch is written. */
import { arrayClassOf } from '../number-type.js';
import type { NumberArray } from '../table.js';
import type { BatchColumn, ListBatch } from './branch-writer.js';
import { type BranchShape, NUMBER_FORMATS } from './tree-columns.js';
import { TreeShapeError } from './write-errors.js';

/** A basket holds at least one entry, and ROOT's lengths end at 1 GB. */
const MAX_ENTRY_BYTES = 2 ** 30;
/** Each of a text's UTF-16 units may become three bytes. */
const MAX_TEXT_LENGTH = MAX_ENTRY_BYTES / 4;

/** @returns the column, fit for n entries. @throws {TreeShapeError} saying what is missing or wrong */
export function checkBatchColumn(shape: BranchShape, column: BatchColumn | undefined, n: number): BatchColumn {
  const wrong = (what: string) => new TreeShapeError(`Column ${shape.name}: ${what}.`);
  if (column === undefined) throw wrong('missing in the batch');
  if (shape.type === 'string') {
    const texts: readonly unknown[] = Array.isArray(column) ? column : [];
    if (texts.length < n) throw wrong(`needs an array of ${n} strings`);
    for (let i = 0; i < n; i++) {
      const text = texts[i];
      if (typeof text !== 'string') throw wrong(`entry ${i} of the batch is no string`);
      if (text.length > MAX_TEXT_LENGTH) throw wrong(`entry ${i} of the batch has ${text.length} characters, too many`);
    }
    return column;
  }
  const values = shape.kind === 'list' ? (column as ListBatch).values : (column as NumberArray);
  const type = arrayClassOf(shape.type) as { name: string };
  if (values?.constructor !== type) throw wrong(`needs its values in a ${type.name}`);
  if (shape.kind === 'flat') {
    if (values.length < n * shape.length) throw wrong(`has ${values.length} numbers, needs ${n * shape.length}`);
    return column;
  }
  const { offsets } = column as ListBatch;
  if (!(offsets?.length > n)) throw wrong(`needs ${n + 1} offsets`);
  const maxElements = MAX_ENTRY_BYTES / (shape.length * NUMBER_FORMATS[shape.type].bytes);
  for (let i = 0; i < n; i++) {
    if (!(offsets[i]! >= 0 && offsets[i + 1]! >= offsets[i]!)) throw wrong('its offsets must not descend');
    if (offsets[i + 1]! - offsets[i]! > maxElements) throw wrong(`entry ${i} of the batch has 1 GB or more`);
  }
  if (offsets[n]! * shape.length > values.length) throw wrong('its offsets reach past its values');
  return column;
}
