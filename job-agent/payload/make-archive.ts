/** A zip file of a payload's outputs. ROOT files are stored as they are, so that they can be read where they lie; the rest is compressed. */
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** One that is there was made by an earlier process of this agent, and stays: it may be on storage already. @param names of regular files below `directory` */
export async function makeArchive(
  target: string,
  { directory, names }: { directory: string; names: readonly string[] },
): Promise<void> {
  if (existsSync(target)) return;
  const part = `${target}.part`;
  rmSync(part, { force: true });
  const zip = new ZipFile();
  for (const name of names) zip.addFile(join(directory, name), name, { compress: !/\.(root|zip|gz|xz)$/i.test(name) });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
  renameSync(part, target);
}
