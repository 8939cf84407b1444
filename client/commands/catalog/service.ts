/** `proof catalog start|backup|check|export|import|se|distance|replica`: the daemon and its upkeep. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { z } from 'zod';
import { backupAnswer, checkAnswer, importAnswer } from '../../../catalog/grid/wire.js';
import { daemonConfig } from '../../daemon-config.js';
import { ExitStatus } from '../../exit-status.js';
import { printJson } from '../../print.js';
import { liveLine } from '../../show/live-line.js';
import { addElementCommands } from './elements.js';
import { openInput } from './input-file.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';
import { addReplicaMarks } from './replicas.js';

const CATALOG = { title: 'the catalog', name: 'catalog', variable: 'PROOF_CATALOG_CONFIG', page: 'docs/catalog.md' };
const IMPORTED_AT_ONCE = 5000;

export function addServiceCommands(program: Command): void {
  const catalog = program.command('catalog').description('the file catalog daemon and its upkeep');
  catalog
    .command('start')
    .description('run the catalog in the foreground; it prints "listening on URL" when it is ready')
    .option('--config <FILE>', 'its configuration: listen, stateDir, auth, …')
    .action(async (_options: unknown, command: Command) => {
      const { config } = command.optsWithGlobals<{ config?: string }>();
      throw new ExitStatus(await runDaemon(daemonConfig(config, CATALOG)));
    });
  addUpkeep(catalog);
  addElementCommands(catalog);
  addReplicaMarks(catalog);
}

/** Signals that reach the command go on to the daemon; its exit status is the command's. */
async function runDaemon(config: string): Promise<number> {
  const main = fileURLToPath(new URL('../../../catalog/main.js', import.meta.url));
  // The daemon watches this pipe: it must not outlive a command that was killed.
  const child = spawn(process.execPath, [main, '--config', config, '--embedded'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGTERM', forward).on('SIGINT', forward);
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}

function addUpkeep(catalog: Command): void {
  withCatalogOptions(catalog.command('backup'))
    .description("copy the database while it is in use, to a file on the catalog's machine")
    .argument('<file>')
    .action(async (file: string, options: { json?: boolean }, command: Command) => {
      const done = await withCatalog(command, ({ http }) =>
        http.post('/v1/backup', { file: resolve(file) }, backupAnswer),
      );
      if (options.json) printJson(done);
      else process.stdout.write(`${done.file}: ${done.pages} pages\n`);
    });
  withCatalogOptions(catalog.command('check'))
    .description('check the database: integrity, foreign keys, the tree')
    .action(async (options: { json?: boolean }, command: Command) => {
      const report = await withCatalog(command, ({ http }) => http.post('/v1/check', {}, checkAnswer));
      if (options.json) printJson(report);
      else process.stdout.write(report.isSound ? 'sound\n' : `${report.problems.join('\n')}\n`);
      if (!report.isSound) throw new ExitStatus(1);
    });
  withCatalogOptions(catalog.command('export'))
    .description('everything as JSON lines on standard output')
    .action(async (_options: unknown, command: Command) => {
      await withCatalog(command, async ({ http }) => {
        for await (const line of http.lines('/v1/export', {}, z.unknown()))
          process.stdout.write(`${JSON.stringify(line)}\n`);
      });
    });
  withCatalogOptions(catalog.command('import'))
    .description('take in the lines of an export; what is there already stays as it is')
    .argument('<file>', '- for standard input')
    .action(async (file: string, options: { json?: boolean }, command: Command) => {
      const imported = await withCatalog(command, async ({ http }) => {
        let [total, lines] = [0, [] as string[]];
        const send = async (): Promise<void> => {
          total += (await http.post('/v1/import', { lines }, importAnswer)).imported;
          lines = [];
        };
        const input = file === '-' ? process.stdin : openInput(file, 'the export').stream;
        const line = liveLine(() => `${total} lines imported`);
        try {
          for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
            if (lines.push(text) >= IMPORTED_AT_ONCE) await send();
          await send();
        } finally {
          line.end();
        }
        return total;
      });
      if (options.json) printJson({ imported });
      else process.stdout.write(`${imported} imported\n`);
    });
}
