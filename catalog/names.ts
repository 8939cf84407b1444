/**
 * Logical file names: absolute paths of UTF-8 components. The one place that says which names exist.
 *
 * Any character is allowed but `/` and control characters, so SQL's and the shell's own are ordinary ones; a component has
 * at most 255 bytes, a name at most 4095. `//` and a trailing `/` are forgiven, `.` and `..` are not: the catalog has no
 * current directory, and a name must mean the same to everybody.
 */
import { BadNameError } from './errors.js';

export const MAX_NAME_BYTES = 4095;
export const MAX_COMPONENT_BYTES = 255;

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** What a decoder puts in place of bytes that are no UTF-8, and halves of surrogate pairs, which have no UTF-8. */
const NOT_UTF8 = /\ufffd|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
/** Names of nothing but these need no closer look. */
const PLAIN = /^(?:\/[A-Za-z0-9_+=,:@%-][A-Za-z0-9_+=,:@%.-]{0,254}){1,15}$/;

/** The canonical form of a name; `/` is the root. @throws {BadNameError} */
export function checkName(name: string): string {
  if (PLAIN.test(name)) return name;
  if (!name.startsWith('/')) throw new BadNameError(name, 'it must begin with "/"');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw new BadNameError(name, `it is longer than ${MAX_NAME_BYTES} bytes`);
  if (CONTROL.test(name)) throw new BadNameError(name, 'it has control characters');
  if (NOT_UTF8.test(name)) throw new BadNameError(name, 'it is no UTF-8');
  const parts = name.split('/').filter((part) => part !== '');
  for (const part of parts) {
    if (part === '.' || part === '..') throw new BadNameError(name, '"." and ".." cannot be used');
    if (Buffer.byteLength(part) > MAX_COMPONENT_BYTES)
      throw new BadNameError(name, `a part of it is longer than ${MAX_COMPONENT_BYTES} bytes`);
  }
  return `/${parts.join('/')}`;
}

/** `/a/b/c` -> `/a/b` and `c`; of a canonical name other than `/`. */
export function splitName(name: string): { directory: string; base: string } {
  const at = name.lastIndexOf('/');
  return { directory: at === 0 ? '/' : name.slice(0, at), base: name.slice(at + 1) };
}

export function joinName(directory: string, base: string): string {
  return directory === '/' ? `/${base}` : `${directory}/${base}`;
}
