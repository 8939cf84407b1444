/**
 * PROOF's unions in one DATASET word: `a.root|b.root` and `a.root,b.root` are the files of a, then those of b. Pure.
 *
 * Nothing is cut inside brackets (`{a,b}.root`), in a query (`find:`), or, of words with a scheme, before what has none: commas and
 * bars are characters of URLs, and `dataset:a|b` is the catalog's to cut.
 */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** At least one word, none empty; a word that is no union comes back as it is. */
export function splitUnion(word: string): string[] {
  if (/^(find:|@)/i.test(word)) return [word];
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < word.length; i++) {
    const letter = word[i]!;
    if ('{[('.includes(letter)) depth++;
    else if ('}])'.includes(letter)) depth--;
    else if (depth <= 0 && (letter === '|' || letter === ',') && isCut(word.slice(from), word.slice(i + 1))) {
      parts.push(word.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(word.slice(from));
  const words = parts.filter((part) => part !== '');
  return words.length === 0 ? [word] : words;
}

const isCut = (here: string, behind: string): boolean => !SCHEME.test(here) || SCHEME.test(behind);
