/** Text of others (names, titles, reasons) as one line that moves nothing on a terminal: control characters, and those that turn its direction, are shown as escapes. */
const MOVES = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export const plainText = (text: string): string => text.replace(MOVES, escaped);

/** The same of a text of several lines, which may have tabs. */
export const plainLines = (text: string): string =>
  text.replace(MOVES, (one) => (one === '\n' || one === '\t' ? one : escaped(one)));

/** For where a line of text is a line of a table, a program reads it, and nothing can be moved by it. */
export const oneLine = (text: string): string => text.replace(/[\r\n\u2028\u2029]/g, escaped);

function escaped(one: string): string {
  const code = one.charCodeAt(0);
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
