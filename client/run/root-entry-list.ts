/**
 * TEntryList and TEventList, as JSROOT names their members -> entries by file. Pure. Sources: TEntryList, TEntryListBlock (blocks of
 * 64,000 entries: bits in 16-bit words, or a list of what passes, or of what does not) and TEventList of ROOT 5.34 and 6.
 */
import { z } from 'zod';
import { pairsOf } from '../../protocol/entry-list.js';
import { UsageError } from '../../protocol/errors.js';
import type { ListParts } from './entry-list-file.js';

export const ROOT_LISTS: readonly string[] = ['TEntryList', 'TEntryListFromFile', 'TEventList'];

const BLOCK_WORDS = 4000;
const BLOCK_ENTRIES = 16 * BLOCK_WORDS;
const AS_BITS = 0;

const numbers = z.custom<ArrayLike<number | bigint>>((value) => Array.isArray(value) || ArrayBuffer.isView(value));
const block = z.object({
  fType: z.number(),
  fPassing: z.union([z.boolean(), z.number()]),
  fIndices: numbers.nullish(),
});
const collection = <T extends z.ZodType>(item: T) => z.object({ arr: z.array(item.nullable()) }).nullish();
const single = z.object({ fFileName: z.string().default(''), fBlocks: collection(block) });
const entryList = single
  .extend({ fLists: collection(single) })
  .refine(({ fBlocks, fLists }) => fBlocks !== undefined || fLists !== undefined);
const eventList = z.object({ fN: z.number(), fList: numbers.nullish() });

/** @throws {UsageError} an object that is none of them */
export function partsOfRootList(object: unknown, name: string): ListParts {
  const events = eventList.safeParse(object);
  if (events.success && events.data.fList)
    return [{ file: null, entries: pairsOf(Array.from(events.data.fList, Number).slice(0, events.data.fN)) }];
  const list = entryList.safeParse(object);
  if (!list.success) throw new UsageError(`${name} is no TEntryList and no TEventList.`);
  const lists = (list.data.fLists?.arr ?? []).filter((one) => one !== null);
  return (lists.length > 0 ? lists : [list.data]).map(({ fFileName, fBlocks }) => ({
    file: fFileName === '' ? null : fFileName,
    entries: pairsOf((fBlocks?.arr ?? []).flatMap((one, i) => (one === null ? [] : entriesOf(one, i * BLOCK_ENTRIES)))),
  }));
}

function entriesOf({ fType, fPassing, fIndices }: z.infer<typeof block>, first: number): number[] {
  const words = Array.from(fIndices ?? [], Number);
  const all = Array.from({ length: BLOCK_ENTRIES }, (_, i) => i);
  if (fType === AS_BITS) return all.filter((i) => ((words[i >> 4] ?? 0) & (1 << (i & 15))) !== 0).map((i) => first + i);
  if (fPassing) return words.map((i) => first + i);
  const out = new Set(words);
  return all.filter((i) => !out.has(i)).map((i) => first + i);
}
