/** What is wrong with a value from outside, for people who write YAML or JSON and know no schema: one sentence for all daemons. */
import type { z } from 'zod';
import { choice } from './choice.js';
import { unknownKey } from './known-keys.js';
import { didYouMean, nearest } from './nearest.js';
import { kindOf, shown, shownPath } from './shown-value.js';

export interface ProblemWords {
  /** What the whole value is called. */
  readonly whole: string;
  /** Nouns of the schema library's types, where others than the usual ones help. */
  readonly nouns?: Readonly<Record<string, string>>;
}
type Issue = z.core.$ZodIssue;

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  Uint8Array: 'bytes',
};
const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL, as in https://host:8093',
  datetime: 'a time, as in 2026-01-31T12:00:00Z',
  date: 'a day, as in 2026-01-31',
};

/** `listen is missing.`, `sites must be a list, not 5.`; a check's own words (`must be …`) stand as they are. */
export function valueProblem(schema: z.ZodType, error: z.ZodError, given: unknown, words: ProblemWords): string {
  // A mistyped key also leaves the right one missing: the typing error is what helps.
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0]!;
  return new Problem(schema, given, words).sentence(issue);
}

class Problem {
  readonly #nouns: Readonly<Record<string, string>>;

  constructor(
    private readonly schema: z.ZodType,
    private readonly whole: unknown,
    private readonly words: ProblemWords,
  ) {
    this.#nouns = { ...NOUNS, ...words.nouns };
  }

  sentence(issue: Issue): string {
    if (issue.code === 'unrecognized_keys') return unknownKey(this.schema, issue.path, issue.keys[0]!, this.whole);
    if (issue.code === 'invalid_key' && issue.issues[0] !== undefined)
      return `the key ${shownPath(issue.path)} ${this.#must(issue.issues[0])}.`;
    const given = this.#valueAt(issue.path);
    const where = issue.path.length === 0 ? this.words.whole : shownPath(issue.path);
    if (issue.code === 'invalid_union') {
      const deeper = issue.errors.map(([first]) => first).find((inner) => inner !== undefined && inner.path.length > 0);
      if (deeper !== undefined && given !== undefined)
        return this.sentence({ ...deeper, path: [...issue.path, ...deeper.path] });
      if (issue.discriminator !== undefined && given === undefined)
        return `${where} is missing${this.#mistyped(issue)}: it ${this.#must(issue)}.`;
    }
    // A call without a body has null.
    if (given === undefined || (given === null && issue.path.length === 0)) return `${where} is missing.`;
    const hint = typeof given === 'string' ? didYouMean(given, optionsOf(issue)) : '';
    return `${where} ${this.#must(issue)}${this.#not(issue, given)}.${hint}`;
  }

  /** What would be right: `must be …`. */
  #must(issue: Issue): string {
    if (!/^(Invalid|Too|Unrecognized) /.test(issue.message)) return issue.message.replace(/\.$/, '');
    if (issue.code === 'invalid_type') return `must be ${this.#nouns[issue.expected] ?? issue.expected}`;
    if (issue.code === 'invalid_value')
      return `must be ${'expected' in issue && issue.expected === 'stringbool' ? 'true or false' : choice(optionsOf(issue))}`;
    if (issue.code === 'invalid_union') {
      const ways = issue.errors.flatMap(([first]) => (first === undefined ? [] : [this.#must(first)]));
      return `must be ${choice([...optionsOf(issue), ...ways.map((way) => way.replace(/^must be /, ''))])}`;
    }
    if (issue.code === 'invalid_format')
      return FORMATS[issue.format] === undefined && issue.pattern !== undefined
        ? `must match ${issue.pattern}`
        : `must be ${FORMATS[issue.format] ?? `a ${issue.format}`}`;
    if (issue.code === 'not_multiple_of') return `must be a multiple of ${issue.divisor}`;
    if (issue.code === 'too_big') return limit(issue.origin, String(issue.maximum), issue.inclusive, 'at most');
    if (issue.code === 'too_small') return limit(issue.origin, String(issue.minimum), issue.inclusive, 'at least');
    return 'is not what may stand here';
  }

  /** `, not 5`: what stood there instead, where that is not plain already. */
  #not(issue: Issue, given: unknown): string {
    if (!/^(Invalid|Too) /.test(issue.message) || issue.code === 'custom') return '';
    if (issue.code === 'too_big' || issue.code === 'too_small') {
      if (isNumber(issue.origin)) return `, not ${shown(issue.path, given)}`;
      return issue.code === 'too_big' ? `, not ${(given as { length?: number }).length ?? kindOf(given)}` : '';
    }
    return `, not ${shown(issue.path, given)}`;
  }

  #mistyped(issue: Issue): string {
    const found = nearest(
      String(issue.path.at(-1)),
      Object.keys((this.#valueAt(issue.path.slice(0, -1)) ?? {}) as object),
    );
    return found === undefined ? '' : `, or mistyped as ${found}`;
  }

  #valueAt(path: readonly PropertyKey[]): unknown {
    let at = this.whole;
    for (const step of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[step];
    return at;
  }
}

const isNumber = (origin: string): boolean => origin === 'number' || origin === 'int' || origin === 'bigint';

function limit(origin: string, value: string, isIncluded: boolean | undefined, words: 'at most' | 'at least'): string {
  if (!isNumber(origin)) {
    if (words === 'at least' && value === '1') return 'must not be empty';
    return `must have ${value} ${origin === 'string' ? 'characters' : 'entries'} ${words}`;
  }
  if (isIncluded !== false) return `must be ${value} ${words}`;
  return `must be ${words === 'at most' ? 'less' : 'more'} than ${value}`;
}

/** The words that may stand there, where they are known. */
function optionsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options ?? []).map(String) : [];
}
