/** Test data: bytes that differ from place to place, so that a read from the wrong offset shows. */
export function patternBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE(Math.imul(i + 1, 2654435761) >>> 0, i);
  return bytes;
}
