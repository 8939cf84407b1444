/**
 * Where text with words of others in it (names, reasons, what users' code printed) goes to people. A terminal gets what would move or colour it as
 * escapes; a file or a pipe gets every byte as it is.
 */
import { plainLines, plainText } from '../../protocol/plain-text.js';

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;

/** Lines, each for one. */
export const tell = (...lines: readonly string[]): void => writeLines(process.stdout, lines);

/** The same on standard error. */
export const complain = (...lines: readonly string[]): void => writeLines(process.stderr, lines);

/** Text of several lines, as it ends or does not end. */
export const tellText = (text: string | Uint8Array): void => {
  process.stdout.write(shownText(process.stdout, text));
};

/** A name that a script may read. */
export const shownName = (name: string): string => (process.stdout.isTTY ? plainText(name) : name);

/** For `stream`, a text of several lines. */
export function shownText(stream: Pick<Stream, 'isTTY'>, text: string): string;
export function shownText(stream: Pick<Stream, 'isTTY'>, text: string | Uint8Array): string | Uint8Array;
export function shownText({ isTTY }: Pick<Stream, 'isTTY'>, text: string | Uint8Array): string | Uint8Array {
  if (isTTY !== true) return text;
  return plainLines(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'));
}

function writeLines(stream: Stream, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${stream.isTTY === true ? plainText(line) : line}\n`).join(''));
}
