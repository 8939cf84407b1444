/** `proof register`: one file, a list of a million, or what a directory holds; with `--inspect` looked into. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import picomatch from 'picomatch';
import type { NewGridFile } from '../../../catalog/grid/grid.js';
import { inParallel } from '../../../catalog/grid/in-parallel.js';
import { inspectFile, treeOf } from '../../../catalog/grid/inspect-file.js';
import type { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { scanTree } from '../../../catalog/grid/scan.js';
import type { RegisterAnswer } from '../../../catalog/grid/wire.js';
import { RemoteError, UsageError } from '../../../protocol/errors.js';
import { storageOptionsFromEnvironment } from '../../../storage/environment.js';
import type { StorageOptions } from '../../../storage/storage-options.js';
import { ExitStatus } from '../../exit-status.js';
import { formatBytes, printJson } from '../../print.js';
import { liveLine } from '../../show/live-line.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';
import { whole } from './whole.js';

interface RegisterOptions {
  readonly se?: string;
  readonly size?: string;
  readonly checksum?: string;
  readonly guid?: string;
  readonly entries?: string;
  readonly tree?: string;
  readonly archive?: string;
  readonly list?: string;
  readonly format?: string;
  readonly scan?: string;
  readonly name?: string;
  readonly inspect?: boolean;
  readonly json?: boolean;
}

const INSPECTED_AT_ONCE = 8;
const storage = (): StorageOptions => storageOptionsFromEnvironment(process.env, process.getuid?.());
const REPORTED = 20;

export function addRegisterCommand(program: Command): void {
  withCatalogOptions(program.command('register'))
    .description('register files and their replicas under logical names')
    .argument('[lfn]', 'logical name; with --scan the directory that stands for the scanned one')
    .argument('[urls...]', 'where its copies are: root://, https://, file: or a local path')
    .option('--se <SE>', 'storage element of the replicas, VO::SITE::NAME; else the one whose prefix fits')
    .option('--size <BYTES>', 'size; of a local file it is looked up')
    .option('--checksum <SUM>', 'as adler32:1a2b3c4d or md5:…')
    .option('--guid <GUID>', 'its GUID; without one it gets one')
    .option('--tree <NAME>', 'name of its tree')
    .option('--entries <N>', 'entries of that tree')
    .option('--archive <LFN>', 'the file is this member of a registered archive: LFN#MEMBER')
    .option('--inspect', 'open the files: size, tree name and entries')
    .option('--list <FILE>', 'a list of any length, JSON lines or CSV; one that broke off goes on where it was')
    .option('--format <FORMAT>', 'of the list: jsonl or csv; else by its name')
    .option('--scan <DIR>', 'all files below a directory: a path, root:// or https://')
    .option('--name <PATTERN>', 'with --scan: only files named so, as *.root')
    .action((word: string | undefined, urls: string[], options: RegisterOptions, command: Command) =>
      withCatalog(command, async (grid) => {
        const lfn = word?.replace(/^lfn:/, '');
        if (options.list !== undefined) return sendList(grid, options.list, options);
        if (lfn === undefined) throw new UsageError('Register what? Give LFN URL..., --list FILE, or --scan DIR LFN.');
        const files =
          options.scan === undefined ? [oneFile(lfn, urls, options)] : await scanned(lfn, options.scan, options);
        const whole = options.inspect ? await inspected(files, options.tree) : files;
        report(await grid.registerAll(whole), options, options.scan === undefined ? whole : undefined);
      }),
    );
}

function oneFile(lfn: string, urls: readonly string[], options: RegisterOptions): NewGridFile {
  const [archive, member] = options.archive?.split('#') ?? [];
  if (options.archive !== undefined && !member)
    throw new UsageError('--archive is LFN#MEMBER, as /x/a.zip#AliESDs.root.');
  if (urls.length === 0 && archive === undefined)
    throw new UsageError(`Where is ${lfn}? Give a URL or path behind it.`);
  if (urls.includes('')) throw new UsageError(`An empty word is no URL or path of ${lfn}.`);
  const missing = urls.find((url) => !isUrl(url) && !existsSync(url));
  if (missing !== undefined)
    throw new UsageError(
      `There is no ${resolve(missing)} on this computer. A file of another machine is named by its URL, as file:///data/a.root.`,
    );
  const local = urls.map(localPath).find((path) => path !== undefined && existsSync(path));
  return {
    lfn,
    size: options.size === undefined ? (local === undefined ? undefined : statSync(local).size) : whole(options.size),
    checksum: options.checksum,
    guid: options.guid,
    tree: options.tree,
    entries: options.entries === undefined ? undefined : whole(options.entries),
    replicas: urls.map((url) => ({ url: absoluteUrl(url), se: options.se })),
    ...(archive === undefined ? {} : { member: { archive, name: member! } }),
  };
}

async function scanned(below: string, from: string, options: RegisterOptions): Promise<NewGridFile[]> {
  if (from === '') throw new UsageError('--scan needs a directory: a path, root:// or https://; "." is this one.');
  const accepts = options.name === undefined ? undefined : picomatch(options.name);
  const files: NewGridFile[] = [];
  const scan = {
    below,
    se: options.se,
    storage: storage(),
    ...(accepts === undefined ? {} : { accepts: (name: string) => accepts(name) }),
  };
  for await (const file of scanTree(absoluteUrl(from), scan)) files.push(file);
  if (files.length === 0) throw new UsageError(`${from} holds no file${options.name ? ` named ${options.name}` : ''}.`);
  return files;
}

/** Files with what is in them; those that cannot be opened are registered without, and said. */
function inspected(files: readonly NewGridFile[], wanted: string | undefined): Promise<NewGridFile[]> {
  const credentials = storage();
  return inParallel(files, INSPECTED_AT_ONCE, async (file) => {
    const found = await inspectFile(
      file.replicas.map(({ url }) => url),
      credentials,
    );
    if (found.error !== null) process.stderr.write(`proof: ${file.lfn}: ${found.error}\n`);
    const tree = treeOf(found, wanted ?? file.tree);
    if (found.trees.length > 1 && tree === undefined)
      process.stderr.write(
        `proof: ${file.lfn} has the trees ${found.trees.map(({ name }) => name).join(', ')}; say which with --tree.\n`,
      );
    return {
      ...file,
      size: found.size ?? file.size,
      ...(tree === undefined ? {} : { tree: tree.name, entries: tree.entries }),
    };
  });
}

async function sendList(grid: ProofGrid, path: string, options: RegisterOptions): Promise<void> {
  if (path === '') throw new UsageError('--list needs the name of a file.');
  const file = resolve(path);
  const isCsv = options.format === undefined ? /\.csv$/i.test(file) : options.format === 'csv';
  if (options.format !== undefined && !['csv', 'jsonl'].includes(options.format))
    throw new UsageError(`${options.format} is no format; known are jsonl and csv.`);
  if (!existsSync(file)) throw new UsageError(`There is no list ${file}.`);
  const { size, mtimeMs } = statSync(file);
  // The same list again has the same name, and the catalog goes on where it broke off.
  const name = createHash('sha256').update(`${file}\0${size}\0${mtimeMs}`).digest('base64url').slice(0, 32);
  const list = createReadStream(file);
  const stop = liveLine(() => `${Math.floor((100 * list.bytesRead) / size)} % of ${formatBytes(size)}`);
  try {
    report(await grid.bulk(list, { format: isCsv ? 'csv' : 'jsonl', name }), options, undefined);
  } finally {
    stop();
  }
}

/** Exit status 3 where some could not be registered, 1 where none could. */
function report(
  answer: RegisterAnswer & { skipped?: number },
  options: RegisterOptions,
  files: readonly NewGridFile[] | undefined,
): void {
  const { failed, registered, updated, unchanged, skipped = 0 } = answer;
  if (files !== undefined && failed[0] !== undefined) throw new RemoteError(failed[0].code, failed[0].message);
  if (options.json) printJson(files === undefined ? answer : { ...answer, files });
  else if (files === undefined) {
    const parts = [`${registered} registered`, `${updated} updated`, `${unchanged} unchanged`];
    if (skipped > 0) parts.push(`${skipped} done before`);
    process.stdout.write(`${parts.join(', ')}${failed.length > 0 ? `, ${failed.length} failed` : ''}\n`);
    for (const { index, code, message } of failed.slice(0, REPORTED))
      process.stderr.write(`proof: line ${index + 1}: ${message} [${code}]\n`);
    if (failed.length > REPORTED) process.stderr.write('proof: … the others with --json\n');
  }
  if (failed.length > 0) throw new ExitStatus(registered + updated + unchanged + skipped > 0 ? 3 : 1);
}

/** The path of a replica on this machine. */
function localPath(url: string): string | undefined {
  if (!isUrl(url)) return url;
  return /^file:/i.test(url) && URL.canParse(url) ? decodeURIComponent(new URL(url).pathname) : undefined;
}

const isUrl = (word: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(word);

const absoluteUrl = (word: string): string => (isUrl(word) ? word : pathToFileURL(word).href);
