/**
 * What AliEn's `submit` does to a text before it is parsed: comment lines go, `$1` … become the arguments.
 *
 * A line is a comment if its first character that is no blank is `#`; anywhere else `#` is text. An argument is put in as it is, once: a
 * `$1` inside it stays. The places of the result are traced back to the user's text, so that messages name its lines.
 */
import { JdlArgumentError, type Position, positionAt } from '../jdl-errors.js';

export interface PreparedText {
  readonly text: string;
  /** Where an offset of `text` lies in the text that the user wrote. */
  locate(offset: number): Position;
}

/** Comment lines become blank lines. */
export function blankComments(source: string): string {
  return source.includes('#') ? source.replace(/^[^\S\n]*#[^\n]*/gm, (line) => ' '.repeat(line.length)) : source;
}

/** @throws {JdlArgumentError} where the text asks for an argument that was not given */
export function prepareAlienText(source: string, args: readonly string[]): PreparedText {
  const commentless = blankComments(source);
  const pieces: string[] = [];
  /** Where stretches copied or put in begin: in the result, and in the source. */
  const starts: { out: number; source: number; isArgument: boolean }[] = [];
  let outLength = 0;
  const add = (piece: string, sourceOffset: number, isArgument: boolean): void => {
    starts.push({ out: outLength, source: sourceOffset, isArgument });
    pieces.push(piece);
    outLength += piece.length;
  };
  let end = 0;
  for (const match of commentless.matchAll(/\$([1-9][0-9]*)/g)) {
    const number = Number(match[1]);
    const argument = args[number - 1];
    if (argument === undefined) throw new JdlArgumentError(positionAt(source, match.index), number, args.length);
    add(commentless.slice(end, match.index), end, false);
    add(argument, match.index, true);
    end = match.index + match[0].length;
  }
  add(commentless.slice(end), end, false);
  const locate = (offset: number): Position => {
    const start = starts.findLast(({ out }) => out <= offset) ?? starts[0]!;
    return positionAt(source, start.isArgument ? start.source : start.source + offset - start.out);
  };
  return { text: pieces.join(''), locate };
}
