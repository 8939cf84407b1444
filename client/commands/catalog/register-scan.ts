/** `proof register --scan`: what a directory on any storage holds. */
import picomatch from 'picomatch';
import type { NewGridFile } from '../../../catalog/grid/grid.js';
import { inParallel } from '../../../catalog/grid/in-parallel.js';
import type { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { scanTree } from '../../../catalog/grid/scan.js';
import type { RegisterAnswer } from '../../../catalog/grid/wire.js';
import { UsageError } from '../../../protocol/errors.js';
import { plainText } from '../../../protocol/plain-text.js';
import { storageOptionsFromEnvironment } from '../../../storage/environment.js';
import { liveLine } from '../../show/live-line.js';
import { absoluteUrl } from './absolute-url.js';
import { lookInto } from './inspected.js';
import { reportMany } from './register-report.js';

export interface ScanWords {
  readonly se?: string;
  readonly tree?: string;
  /** Only names that this pattern accepts. */
  readonly name?: string;
  readonly inspect?: boolean;
  readonly json?: boolean;
}

const INSPECTED_AT_ONCE = 8;
const SCANNED_AT_ONCE = 1000;

/** What a scan finds is registered in parts, so that one that is broken off was not for nothing. */
export async function sendScan(grid: ProofGrid, below: string, from: string, options: ScanWords): Promise<void> {
  if (from === '') throw new UsageError('--scan needs a directory: a path, root:// or https://; "." is this one.');
  const accepts = options.name === undefined ? undefined : picomatch(options.name);
  const answer: RegisterAnswer = { registered: 0, updated: 0, unchanged: 0, failed: [] };
  const troubles: string[] = [];
  const credentials = storageOptionsFromEnvironment(process.env, process.getuid?.());
  let [found, seen] = [0, 0];
  const line = liveLine(() => `${found} files found${options.inspect ? `, ${seen} opened` : ''}`);
  const say = (sentence: string): void => line.say(`proof: ${plainText(sentence)}`);
  const trouble = (sentence: string): void => {
    troubles.push(sentence);
    say(sentence);
  };
  const send = async (files: readonly NewGridFile[]): Promise<void> => {
    const known = await inParallel(files, INSPECTED_AT_ONCE, async (file) => {
      if (!options.inspect) return file;
      const look = await lookInto(file, options.tree, credentials);
      for (const remark of look.remarks) (look.isAsSaid ? say : trouble)(remark);
      seen++;
      return look.file;
    });
    addTo(answer, await grid.registerAll(known), found - files.length);
  };
  try {
    const scan = { below, se: options.se, storage: credentials, onSkipped: trouble };
    let part: NewGridFile[] = [];
    for await (const file of scanTree(absoluteUrl(from), { ...scan, ...(accepts ? { accepts } : {}) })) {
      found++;
      part.push(file);
      if (part.length < SCANNED_AT_ONCE) continue;
      await send(part);
      part = [];
    }
    if (part.length > 0) await send(part);
  } finally {
    line.end();
  }
  if (found === 0) throw new UsageError(`${from} holds no file${options.name ? ` named ${options.name}` : ''}.`);
  reportMany({ ...answer, troubles }, options, ({ message }) => message);
}

function addTo(sum: RegisterAnswer, part: RegisterAnswer, first: number): void {
  sum.registered += part.registered;
  sum.updated += part.updated;
  sum.unchanged += part.unchanged;
  for (const failure of part.failed) sum.failed.push({ ...failure, index: failure.index + first });
}
