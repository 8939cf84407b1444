/** A zip file of a payload's outputs. ROOT files are stored as they are, so that they can be read where they lie; the rest is compressed. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** @param names of regular files below `directory` */
export async function makeArchive(
  target: string,
  { directory, names }: { directory: string; names: readonly string[] },
): Promise<void> {
  const zip = new ZipFile();
  for (const name of names) zip.addFile(join(directory, name), name, { compress: !/\.(root|zip|gz|xz)$/i.test(name) });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target, { flags: 'wx', mode: 0o600 }));
}
