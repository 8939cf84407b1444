/** `proof register`: one file, a list of a million, or what a directory holds; with `--inspect` looked into. */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { NewGridFile } from '../../../catalog/grid/grid.js';
import type { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { GridError, RemoteError, UsageError } from '../../../protocol/errors.js';
import { plainText } from '../../../protocol/plain-text.js';
import { storageOptionsFromEnvironment } from '../../../storage/environment.js';
import { localPathOf } from '../../../storage/url.js';
import { ExitStatus } from '../../exit-status.js';
import { formatBytes, printJson } from '../../print.js';
import { liveLine } from '../../show/live-line.js';
import { absoluteUrl, isUrl } from './absolute-url.js';
import { openInput } from './input-file.js';
import { lookInto } from './inspected.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';
import { reportMany } from './register-report.js';
import { sendScan } from './register-scan.js';
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
        if (options.list !== undefined && options.inspect)
          throw new UsageError(
            '--inspect goes with LFN URL... and --scan. "proof datasets verify" looks into files of a list.',
          );
        if (options.list !== undefined) return sendList(grid, options.list, options);
        if (lfn === undefined) throw new UsageError('Register what? Give LFN URL..., --list FILE, or --scan DIR LFN.');
        if (options.scan !== undefined) return sendScan(grid, lfn, options.scan, options);
        return sendOne(grid, oneFile(lfn, urls, options), options);
      }),
    );
}

/** One that cannot be opened is registered as it is, and said. */
async function sendOne(grid: ProofGrid, given: NewGridFile, options: RegisterOptions): Promise<void> {
  const look = options.inspect
    ? await lookInto(given, options.tree, storageOptionsFromEnvironment(process.env, process.getuid?.()))
    : null;
  const file = look?.file ?? given;
  if (given.size !== undefined && file.size !== given.size) throw otherSize(given.lfn, file.size, given.size);
  for (const remark of look?.remarks ?? []) process.stderr.write(`proof: ${plainText(remark)}\n`);
  const answer = await grid.registerAll([file]);
  const [failure] = answer.failed;
  if (failure !== undefined) throw new RemoteError(failure.code, failure.message);
  if (options.json) printJson({ ...answer, files: [file] });
  if (look?.isAsSaid === false) throw new ExitStatus(3);
}

const otherSize = (name: string, found: number | undefined, said: number): UsageError =>
  new UsageError(`${name} has ${found} bytes, not ${said}.`);

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
  checkLocal(
    urls.filter((url) => !isUrl(url)),
    options.size,
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

async function sendList(grid: ProofGrid, path: string, options: RegisterOptions): Promise<void> {
  if (path === '') throw new UsageError('--list needs the name of a file.');
  const isCsv = options.format === undefined ? /\.csv$/i.test(path) : options.format === 'csv';
  if (options.format !== undefined && !['csv', 'jsonl'].includes(options.format))
    throw new UsageError(`${options.format} is no format; known are jsonl and csv.`);
  const { path: file, size, modifiedMs, stream: list } = openInput(path, 'the list');
  // The same list again has the same name, and the catalog goes on where it broke off.
  const name = createHash('sha256').update(`${file}\0${size}\0${modifiedMs}`).digest('base64url').slice(0, 32);
  const line = liveLine(() => `${Math.floor((100 * list.bytesRead) / size)} % of ${formatBytes(size)}`);
  try {
    const answer = await grid.bulk(list, { format: isCsv ? 'csv' : 'jsonl', name });
    line.end();
    reportMany(answer, options, ({ index, message }) => `line ${index + 1}: ${message}`);
  } catch (error) {
    if (error instanceof GridError && BREAKS_OFF.includes(error.code))
      line.say('proof: What was registered before stays. The same command again goes on where it broke off.');
    throw error;
  } finally {
    line.end();
  }
}

const BREAKS_OFF = ['CATALOG_DISK_FULL', 'CATALOG_UNREACHABLE'];

/** @throws {UsageError} no files, not as long as the command line says, or no copies of one file */
function checkLocal(paths: readonly string[], size: string | undefined): void {
  for (const path of paths) checkFile(path, size);
  const [first, other] = [paths[0], paths.find((path) => statSync(path).size !== statSync(paths[0]!).size)];
  if (first === undefined || other === undefined) return;
  const [one, two] = [first, other].map((path) => `${resolve(path)} has ${statSync(path).size} bytes`);
  throw new UsageError(`${one}, and ${two}: they are no copies of one file.`);
}

function checkFile(path: string, size: string | undefined): void {
  const found = statSync(path);
  if (found.isDirectory())
    throw new UsageError(`${resolve(path)} is a directory. --scan ${path} registers the files in it.`);
  if (!found.isFile()) throw new UsageError(`${resolve(path)} is a pipe, a socket or a device, no file.`);
  if (size !== undefined && found.size !== whole(size)) throw otherSize(resolve(path), found.size, whole(size));
}

/** The path of a replica on this machine. @throws {BadUrlError} */
function localPath(url: string): string | undefined {
  if (isUrl(url) && !/^file:/i.test(url)) return undefined;
  return localPathOf(url);
}
