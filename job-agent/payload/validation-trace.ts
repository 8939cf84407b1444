/** What a ValidationCommand has to say in the trace of its job: AliEn's file for that, in the payload's directory. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

const FILE = '.alienValidation.trace';
const MOST_BYTES = 1500;

/** Behind a colon, on one line; '' where it wrote nothing. A link is not followed: it could lead to what the payload may not read. */
export function validationSaid(directory: string): string {
  let file: number;
  try {
    file = openSync(join(directory, FILE), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return ''; // it has none
  }
  try {
    if (!fstatSync(file).isFile()) return '';
    const bytes = Buffer.alloc(MOST_BYTES);
    const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, MOST_BYTES, 0));
    const lines = text.split('\n').map((line) => line.trim());
    const said = lines.filter((line) => line !== '').join(' / ');
    return said === '' ? '' : `: ${said}`;
  } finally {
    closeSync(file);
  }
}
