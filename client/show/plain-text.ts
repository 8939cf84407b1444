/** Text of others (names, titles, reasons) as one line that moves nothing on a terminal: control characters, and those that turn its direction, are shown as escapes. */
const MOVES = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export const plainText = (text: string): string =>
  text.replace(MOVES, (one) => {
    const code = one.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });

/** A name that a script may read: as it is in a pipe or file, for a terminal as one that moves nothing there. */
export const shownName = (name: string): string => (process.stdout.isTTY ? plainText(name) : name);
