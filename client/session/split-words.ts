/** A line at the prompt -> words, as a shell cuts it: blanks, '…' verbatim, "…" and \ for what is special. Nothing is expanded. */
import { UsageError } from '../../protocol/errors.js';

/** @throws {UsageError} where a quote is not closed */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quote === '' && /\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === '' && (c === "'" || c === '"')) {
      quote = c;
      word ??= '';
    } else if (c === quote) quote = '';
    else if (c === '\\' && quote !== "'" && i + 1 < line.length) word = (word ?? '') + line[++i]!;
    else word = (word ?? '') + c;
  }
  if (quote !== '') throw new UsageError(`A quote (${quote}) is not closed.`);
  if (word !== undefined) words.push(word);
  return words;
}
