/**
 * Text as files hold it: UTF-8 mostly, but nothing forbids other bytes. Such a byte becomes the lone surrogate U+DC00 + byte, as in
 * Python's "surrogateescape", so that encoding gives the same bytes again.
 */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONE = 0xdc00;

export function decodeText(bytes: Buffer): string {
  for (let i = 0; i < bytes.length; i++)
    if (bytes[i]! >= 0x80) {
      try {
        return utf8.decode(bytes);
      } catch {
        return decodeBytewise(bytes);
      }
    }
  return bytes.toString('latin1');
}

function decodeBytewise(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]!);
    const sequence = bytes.subarray(at, at + length);
    try {
      text += utf8.decode(sequence);
      at += length;
    } catch {
      text += String.fromCharCode(LONE + bytes[at]!);
      at++;
    }
  }
  return text;
}

function sequenceLength(first: number): number {
  if (first < 0xc0) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** The bytes that `decodeText` was given. */
export function encodeText(text: string): Buffer {
  if (!/[\udc80-\udcff]/.test(text)) return Buffer.from(text, 'utf8');
  const parts = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/);
  return Buffer.concat(
    parts.map((part, i) => (i % 2 === 1 ? Buffer.of(part.charCodeAt(0) - LONE) : Buffer.from(part, 'utf8'))),
  );
}
