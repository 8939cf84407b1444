/** `proof root inspect|ls|dump`: look into a ROOT file, wherever it lies. */
import { basename } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { ALGORITHMS } from '../../rootio/compression/codec.js';
import { dumpEntries } from '../../rootio/inspect/dump-entries.js';
import { inspectFile } from '../../rootio/inspect/inspect-file.js';
import { jsonText } from '../../rootio/inspect/json-text.js';
import { summaryLines } from '../../rootio/inspect/summary-lines.js';
import { openRootFile, type RootFile } from '../../rootio/root-file.js';
import { storageOptionsFromEnvironment } from '../../storage/environment.js';
import { openSource } from '../../storage/open-source.js';
import { formatBytes, printJson, printTable } from '../print.js';
import { tellText } from '../show/tell.js';

export function addCommands(program: Command): void {
  const root = program.command('root').description('look into a ROOT file');
  root
    .command('inspect')
    .description('keys, trees, ntuples and histograms with counts, sums and checksums of every branch')
    .argument('<file>', 'a path or URL')
    .option('--json', 'as JSON: one key, the name of the file')
    .action((url: string, { json }: { json?: boolean }) =>
      withFile(url, async (file) => {
        const summary = await inspectFile(file);
        if (json) return say(jsonText({ [nameOf(url)]: summary }, 1));
        say(`${url}\ndecompression: ${ALGORITHMS.map((name) => `${name} by ${file.codecs[name].library}`).join(', ')}`);
        for (const line of summaryLines(summary)) say(line);
      }),
    );
  root
    .command('ls')
    .description('the keys of a file, directories included')
    .argument('<file>', 'a path or URL')
    .option('--json', 'as JSON')
    .action((url: string, { json }: { json?: boolean }) =>
      withFile(url, async (file) => {
        const keys = await file.keys();
        if (json) return printJson(keys);
        printTable(
          ['key', 'class', 'size', 'title'],
          keys.map(({ path, cycle, className, objlen, title }) => [
            `${path};${cycle}`,
            className,
            formatBytes(objlen),
            title,
          ]),
        );
      }),
    );
  root
    .command('dump')
    .description('entries of a tree, one JSON object a line, or any other object as JSON')
    .argument('<file>', 'a path or URL')
    .argument('[object]', 'its path, with ;CYCLE if not the newest; without it the only tree')
    .option('--columns <names>', 'only these columns, separated by commas')
    .option('--first <n>', 'the first entry', wholeNumber, 0)
    .option('--entries <n>', 'how many entries', wholeNumber, 10)
    .option('--json', 'no difference: it is JSON anyway')
    .action((url: string, path: string | undefined, options: { columns?: string; first: number; entries: number }) =>
      withFile(url, async (file) => {
        const tables = await file.tables();
        if (path !== undefined && !tables.includes(path.replace(/;\d+$/, '')))
          return say(jsonText(await file.object(path), 2));
        const table = await file.table(path);
        const names = options.columns?.split(',');
        const range = { first: options.first, end: Math.min(table.entries, options.first + options.entries) };
        for await (const entry of dumpEntries(table, range, names)) say(jsonText(entry));
      }),
    );
}

async function withFile(url: string, use: (file: RootFile) => Promise<void>): Promise<void> {
  const source = await openSource(url, storageOptionsFromEnvironment(process.env, process.getuid?.()));
  try {
    await use(await openRootFile(source));
  } finally {
    await source.close();
  }
}

/** The last part of a path or URL, without what follows a question mark. */
function nameOf(url: string): string {
  const isUrl = /^[a-z]+:\/\//i.test(url);
  return basename(isUrl ? decodeURIComponent(url.replace(/[?#].*$/s, '')) : url);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}

function say(line: string): void {
  tellText(`${line}\n`);
}
