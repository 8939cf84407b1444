/**
 * Outputs of a payload to storage elements: archives are made, each file goes to the first elements that take it until there are as many
 * copies as were asked for. A copy counts when storage has the same bytes (storage/put.ts); so does one that an earlier process of this agent had made. The ProxyServer registers what is reported here.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StoredFile } from '../../protocol/output-messages.js';
import { checksumOf } from '../../storage/checksum.js';
import { openSource } from '../../storage/open-source.js';
import { putFile } from '../../storage/put.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import type { ChosenOutputs, OutputFile } from './choose-outputs.js';
import { makeArchive } from './make-archive.js';

export interface StageOut {
  readonly stored: readonly StoredFile[];
  /** A sentence for each file that has fewer copies than it should. */
  readonly scarce: readonly string[];
  /** A sentence for each file that has no copy at all. */
  readonly lost: readonly string[];
}

interface Folders {
  /** Where the payload wrote. */
  readonly work: string;
  /** Where archives are made. */
  readonly archives: string;
}

type Copy = Pick<StoredFile, 'size' | 'checksum' | 'replicas'>;

export async function stageOut(
  chosen: readonly ChosenOutputs[],
  { work, archives }: Folders,
  storage: StorageOptions,
): Promise<StageOut> {
  const stored: StoredFile[] = [];
  const scarce: string[] = [];
  const lost: string[] = [];
  const send = async (name: string, path: string, { wish }: ChosenOutputs): Promise<Copy | undefined> => {
    const { copy, wanted, failures } = await sendCopies(path, name, wish.targets, storage);
    const why = failures.length === 0 ? 'there are no more elements' : failures.join(' ');
    if (copy.replicas.length === 0) lost.push(`${name} could not be stored: ${why}`);
    else if (copy.replicas.length < wanted)
      scarce.push(`${name} has ${copy.replicas.length} of ${wanted} copies: ${why}`);
    return copy.replicas.length === 0 ? undefined : copy;
  };
  for (const group of chosen) {
    const { archive } = group.wish;
    if (archive === null) {
      for (const { name } of group.files) {
        const copy = await send(name, join(work, name), group);
        if (copy !== undefined) stored.push({ name, archive: null, ...copy });
      }
      continue;
    }
    const path = join(archives, archive);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    await makeArchive(path, { directory: work, names: group.files.map(({ name }) => name) });
    const copy = await send(archive, path, group);
    if (copy === undefined) continue;
    stored.push({ name: archive, archive: null, ...copy });
    for (const file of group.files) stored.push(await member(file, archive, work));
  }
  return { stored, scarce, lost };
}

async function sendCopies(
  path: string,
  name: string,
  targets: ChosenOutputs['wish']['targets'],
  storage: StorageOptions,
): Promise<{ copy: Copy; wanted: number; failures: string[] }> {
  const replicas: { se: string; url: string }[] = [];
  const failures: string[] = [];
  let facts = { size: 0, checksum: '' };
  let wanted = 0;
  for (const { copies, places } of targets) {
    wanted += copies;
    let made = 0;
    for (const { se, folder } of places) {
      if (made === copies) break;
      if (replicas.some((replica) => replica.se === se)) continue;
      const url = `${folder}/${name.split('/').map(encodeURIComponent).join('/')}`;
      try {
        // The folder on storage is this run's alone: what is there with the same bytes was put there by it.
        const { size, adler32 } = await putFile(path, url, { ...storage, takesSame: true });
        facts = { size, checksum: `adler32:${adler32}` };
        replicas.push({ se, url });
        made++;
      } catch (error) {
        failures.push(`${se}: ${(error as Error).message}`);
      }
    }
  }
  return { copy: { ...facts, replicas }, wanted, failures };
}

async function member({ name, size }: OutputFile, archive: string, work: string): Promise<StoredFile> {
  const source = await openSource(join(work, name));
  try {
    return { name, size, checksum: `adler32:${await checksumOf(source, 'adler32')}`, replicas: [], archive };
  } finally {
    await source.close();
  }
}
