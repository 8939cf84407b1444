/** What an output is, without what is in it: sent with each increment, so that a master can merge what it did not declare. */
import { z } from 'zod';
import { axisSpec } from './axis.js';

/**
 * `Auto` is a histogram that chooses its axes from the values (`proof draw` without bins): the declared axes give titles only, and its
 * result is an H1, H2 or H3.
 */
const OUTPUT_TYPES = ['H1', 'H2', 'H3', 'Profile', 'Auto', 'counter', 'list', 'ntuple', 'object'] as const;

export const NTUPLE_TYPES = ['float64', 'float32', 'int32', 'int64', 'bool'] as const;
export type NtupleType = (typeof NTUPLE_TYPES)[number];

/** All axes together: what a stranger's declaration can make us allocate stays below a gigabyte. */
const MAX_CELLS = 2 ** 24;

/** What is wrong with so many bins, in words to go on with behind the output's name; undefined for nothing. */
export function tooManyBins(axes: readonly { readonly nbins: number }[]): string | undefined {
  const cells = axes.reduce((product, { nbins }) => product * (nbins + 2), 1);
  if (!(cells > MAX_CELLS)) return undefined;
  const asked = axes.map(({ nbins }) => nbins).join(' × ');
  const most = Math.floor(MAX_CELLS ** (1 / axes.length) + 1e-6) - 2;
  const each = axes.length === 1 ? '' : ` on each of ${axes.length} axes`;
  return `has too many bins (${asked}): at most ${most}${each} are possible`;
}

export const declarationSchema = z
  .object({
    type: z.enum(OUTPUT_TYPES),
    name: z.string().min(1).max(1000),
    title: z.string().max(10_000),
    /** Of what the bins hold: the y axis of an H1. */
    valueTitle: z.string().max(10_000),
    axes: z.array(axisSpec).max(3),
    /** Of an ntuple. */
    columns: z.array(z.object({ name: z.string().min(1).max(1000), type: z.enum(NTUPLE_TYPES) })).max(10_000),
  })
  .refine(({ axes }) => tooManyBins(axes) === undefined, {
    message: `more than ${MAX_CELLS} bins`,
  });
export type Declaration = Readonly<z.infer<typeof declarationSchema>>;

/** Everything not given is empty. */
export function declare(
  given: Pick<Declaration, 'type' | 'name' | 'title'> & Partial<Omit<Declaration, 'type' | 'name' | 'title'>>,
): Declaration {
  return { valueTitle: '', axes: [], columns: [], ...given };
}

/** ROOT's way to write titles in one: "title;x axis;y axis". `\;` is a semicolon. */
export function splitTitle(text: string): readonly [title: string, ...axes: string[]] {
  const [title = '', ...axes] = text.split(/(?<!\\);/).map((part) => part.replaceAll('\\;', ';'));
  return [title, ...axes];
}
