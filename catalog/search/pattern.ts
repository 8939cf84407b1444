/**
 * Name patterns: `*` and `?` within one level of the tree; `\` takes the meaning from the character behind it. Pure.
 *
 * A wildcard level is matched in O(pattern x name) steps whatever the pattern, and knows its literal beginning, so that the
 * index is read only where names can match.
 */
import { BadValueError } from '../errors.js';
import { checkName } from '../names.js';

export type Level =
  | { readonly kind: 'literal'; readonly name: string }
  | { readonly kind: 'wild'; readonly prefix: string; readonly matches: (name: string) => boolean };

/** `/a/*` -> its levels; empty for `/`. @throws {BadValueError} */
export function parsePattern(pattern: string): Level[] {
  if (!pattern.startsWith('/')) throw new BadValueError(pattern, 'pattern of names', 'it must begin with "/"');
  return pattern
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      const { literal, wild } = tokens(part);
      if (wild === null) {
        checkName(`/${literal}`);
        return { kind: 'literal', name: literal };
      }
      checkName(`/x${literal}`); // control characters and the like
      return { kind: 'wild', prefix: literal, matches: wildcard(part) };
    });
}

export function hasWildcard(pattern: string): boolean {
  return tokens(pattern).wild !== null;
}

/** The name that a pattern without wildcards stands for: escapes taken off. */
export function unescapePattern(pattern: string): string {
  return pattern.replace(/\\(.)/gs, '$1');
}

/** Greedy match with one point of return: the last `*` is enough, as what an earlier one took can only help less. */
export function wildcard(pattern: string): (text: string) => boolean {
  const parts: (string | 'any' | 'many')[] = [];
  for (const token of pattern.match(/\\.|[\s\S]/gu) ?? []) {
    if (token === '*') parts.push('many');
    else if (token === '?') parts.push('any');
    else parts.push(token.length > 1 && token.startsWith('\\') ? `=${token.slice(1)}` : `=${token}`);
  }
  return (text) => {
    const letters = BEYOND_BMP.test(text) ? [...text] : text;
    let [p, t, star, mark] = [0, 0, -1, 0];
    while (t < letters.length) {
      const part = parts[p];
      if (part === 'many') {
        star = p++;
        mark = t;
      } else if (part === 'any' || (part !== undefined && part.slice(1) === letters[t])) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++mark;
      } else return false;
    }
    while (parts[p] === 'many') p++;
    return p === parts.length;
  };
}

const BEYOND_BMP = /[\ud800-\udfff]/;

/** The literal beginning of a level, and where its first wildcard stands (null: none). */
function tokens(part: string): { literal: string; wild: number | null } {
  let literal = '';
  for (let i = 0; i < part.length; i++) {
    const c = part[i]!;
    if (c === '*' || c === '?') return { literal, wild: i };
    if (c === '\\' && i + 1 < part.length) i++;
    literal += part[i];
  }
  return { literal, wild: null };
}
