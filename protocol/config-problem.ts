/** What is wrong with a value of a configuration, for people who write YAML and know no schema. */
import type { z } from 'zod';
import { didYouMean, nearest } from './nearest.js';

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list ([a, b], or lines that begin with "-")',
  object: 'keys with values ({ key: value })',
  record: 'keys with values ({ key: value })',
};

/** `listen is missing`, `sites must be a list, not text`; a check's own words stand as they are. */
export function configProblem(issue: z.core.$ZodIssue, whole: unknown): string {
  const where = issue.path.length === 0 ? 'the configuration' : issue.path.join('.');
  const given = valueAt(whole, issue.path);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const known = 'options' in issue ? (issue.options ?? []).map(String) : [];
    const keys = Object.keys((valueAt(whole, issue.path.slice(0, -1)) ?? {}) as object);
    const mistyped = nearest(issue.discriminator, keys);
    if (given === undefined && mistyped !== undefined)
      return `${where} is missing, or mistyped as ${mistyped}: it must be ${choice(known)}.`;
    if (given === undefined) return `${where} is missing: it must be ${choice(known)}.`;
    return `${where} must be ${choice(known)}, not ${nounOf(given)}.${didYouMean(String(given), known)}`;
  }
  if (given === undefined) return `${where} is missing.`;
  if (!/^(Invalid|Too) /.test(issue.message)) return `${where} ${issue.message}.`.replace(/\.\.$/, '.');
  if (issue.code === 'invalid_type')
    return `${where} must be ${NOUNS[issue.expected] ?? issue.expected}, not ${nounOf(given)}.`;
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String);
    return `${where} must be ${choice(known)}, not ${nounOf(given)}.${didYouMean(String(given), known)}`;
  }
  if (issue.code === 'too_big' && typeof given === 'number') return `${where} must be ${issue.maximum} at most.`;
  if (issue.code === 'too_small' && typeof given === 'number')
    return `${where} must be ${issue.inclusive === false ? `more than ${issue.minimum}` : `${issue.minimum} at least`}.`;
  return `${where}: ${issue.message}.`;
}

/** `a, b or c` */
export const choice = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

function nounOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'keys with values' : String(value);
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  let at = whole;
  for (const step of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return at;
}
