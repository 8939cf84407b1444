/** Text as the bytes that the reference library counts: UTF-8, stray bytes (U+DC80 to U+DCFF) one each. */
import { textOfBytes } from './lexer.js';

const ASCII = /^[\0-\x7f]*$/;
export const isAscii = (text: string): boolean => ASCII.test(text);

export function bytesOf(text: string): number[] {
  const bytes: number[] = [];
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code & 0xff);
    else bytes.push(...Buffer.from(c));
  }
  return bytes;
}

export const utf8Length = (text: string): number => (isAscii(text) ? text.length : bytesOf(text).length);

/** Bytes [first, end) of a text. */
export function sliceBytes(text: string, first: number, end: number): string {
  return isAscii(text) ? text.slice(first, end) : textOfBytes(bytesOf(text).slice(first, end));
}
