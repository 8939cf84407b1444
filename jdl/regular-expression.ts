/**
 * Regular expressions of ClassAds: Perl's, in time linear in the text, so that no pattern can stall a matchmaker.
 *
 * Back-references and look-around cannot be had in linear time: such a pattern is an error that says so. Options: i ignores letter case,
 * m lets ^ and $ match at line ends, s lets the dot match newlines, x ignores blanks and comments in the pattern.
 */
import { RE2JS } from 're2js';
import { GridError } from '../protocol/errors.js';

export class PatternError extends GridError {
  readonly code = 'JDL_PATTERN';
  constructor(
    readonly pattern: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`The regular expression "${pattern}" ${reason}.`, options);
  }
}

const LONGEST_PATTERN = 20_000;
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, 'has a look-around, which a matcher of bounded time cannot do'],
  [/^\\(?:[1-9]|k[<{'])/, 'has a back-reference, which a matcher of bounded time cannot do'],
  [/^\(\?(?:>|R|[0-9]|\()/, 'has an atomic, recursive or conditional group, which a matcher of bounded time cannot do'],
];

export class Pattern {
  readonly #compiled: RE2JS;
  /** Without the option m, $ also matches before a newline that ends the text. */
  readonly #endsBeforeNewline: boolean;

  /** @throws {PatternError} */
  constructor(pattern: string, options = '') {
    if (pattern.length > LONGEST_PATTERN)
      throw new PatternError(`${pattern.slice(0, 40)}…`, `is longer than ${LONGEST_PATTERN} characters`);
    const translated = translate(pattern, options.includes('x'));
    const flags =
      (options.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
      (options.includes('m') ? RE2JS.MULTILINE : 0) |
      (options.includes('s') ? RE2JS.DOTALL : 0);
    this.#endsBeforeNewline = !options.includes('m') && /\$/.test(pattern);
    try {
      this.#compiled = RE2JS.compile(translated, flags);
    } catch (error) {
      throw new PatternError(pattern, `is malformed: ${(error as Error).message}`, { cause: error });
    }
  }

  test(text: string): boolean {
    if (this.#compiled.matcher(text).find()) return true;
    return this.#endsBeforeNewline && text.endsWith('\n') && this.#compiled.matcher(text.slice(0, -1)).find();
  }

  /** The match at or behind an offset: where it begins and ends, and its groups (null where one took no part). */
  find(text: string, from: number): { first: number; end: number; groups: (string | null)[] } | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find(from)) return undefined;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i));
    return { first: matcher.start(), end: matcher.end(), groups };
  }
}

/** Perl's syntax to the engine's, where they differ. */
function translate(pattern: string, isExtended: boolean): string {
  let out = '';
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const rest = pattern.slice(i, i + 4);
    if (!inClass)
      for (const [found, reason] of UNSUPPORTED) if (found.test(rest)) throw new PatternError(pattern, reason);
    const c = pattern.charAt(i);
    if (c === '\\') {
      const next = pattern.charAt(i + 1);
      out += ESCAPES[next] !== undefined && !inClass ? ESCAPES[next] : c + next;
      i++;
    } else if (inClass) {
      out += c;
      if (c === '[' && pattern.charAt(i + 1) === ':') {
        const end = pattern.indexOf(':]', i + 2);
        if (end !== -1) {
          out += pattern.slice(i + 1, end + 2);
          i = end + 1;
        }
      } else if (c === ']') inClass = false;
    } else if (c === '[') {
      const opening = /^\[\^?\]?/.exec(pattern.slice(i, i + 3))![0];
      out += opening.endsWith(']') ? `${opening.slice(0, -1)}\\]` : opening;
      i += opening.length - 1;
      inClass = true;
    } else if (isExtended && /\s/.test(c)) out += '';
    else if (isExtended && c === '#') {
      const end = pattern.indexOf('\n', i);
      i = end === -1 ? pattern.length : end;
    } else out += c;
  }
  return out;
}

/** Escapes of PCRE that the engine writes otherwise. */
const ESCAPES: Readonly<Record<string, string>> = {
  Z: '(?:\\n?\\z)',
  h: '[\\t ]',
  H: '[^\\t ]',
  s: '[\\s\\v]',
  S: '[^\\s\\v]',
  R: '(?:\\r\\n|[\\n-\\r])',
  N: '[^\\n]',
  e: '\\x1b',
  G: '\\A',
};
