/**
 * `npm run demo`: the main job on one machine, with the programs that a site would run.
 *
 *     npm run demo                                            two million simulated events, examples/z-peak.ts
 *     npm run demo -- --keep data                             the same, and its eight files stay in ./data
 *     npm run demo -- --files 'DATA/*.root' --selector F.ts   real files and a selector of one's own
 *
 * Everything else lies in one temporary folder that is removed at the end; the results stay in ./demo-output. Exit status 0: it worked
 * and nothing is left running.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';

import { parseArgs } from 'node:util';
import { errorBody } from '../../protocol/errors.js';
import { expandDatasetWords } from '../run/dataset-words.js';
import { ServerApi } from '../server-api.js';
import { type DemoDaemon, DemoError, showCommand, startDaemon } from './demo-daemons.js';
import { ownProcesses, processesLeft } from './leftovers.js';
import { factsOf, makeDataset } from './make-dataset.js';

const top = join(import.meta.dirname, '../../..');
const PILOTS = 2;

const options = readOptions();

function readOptions() {
  const known = {
    files: { type: 'string' },
    selector: { type: 'string', default: join(top, 'examples/z-peak.ts') },
    events: { type: 'string', default: '2000000' },
    tree: { type: 'string' },
    keep: { type: 'string' },
  } as const;
  try {
    const { values } = parseArgs({ options: known });
    if (/^[1-9]\d{0,9}$/.test(values.events)) return values;
    process.stderr.write('demo: --events takes a number of events, from 1 on.\n');
  } catch (error) {
    const names = Object.keys(known).map((name) => `--${name}`);
    process.stderr.write(`demo: ${(error as Error).message.split('.')[0]}. Its options are ${names.join(', ')}.\n`);
  }
  return process.exit(2);
}

const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const title = (text: string): void => say(`\n\u001b[1m── ${text}\u001b[22m`);

async function demo(folder: string, daemons: DemoDaemon[]): Promise<void> {
  const output = resolve('demo-output');
  mkdirSync(output, { recursive: true });
  title('Data');
  const files =
    options.files === undefined
      ? await makeDataset(resolve(options.keep ?? join(folder, 'data')), Number(options.events), say)
      : expandDatasetWords([options.files]);

  title('Catalog and ProxyServer');
  const catalogConfig = join(folder, 'catalog.yaml');
  writeFileSync(catalogConfig, `listen: 127.0.0.1:0\nstateDir: ${join(folder, 'catalog')}\nauth: development\n`);
  const catalog = await startDaemon('catalog', ['catalog', 'start', '--config', catalogConfig]);
  daemons.push(catalog);
  say(`catalog      ${catalog.url}`);
  const proxyConfig = join(folder, 'proxy.yaml');
  writeFileSync(
    proxyConfig,
    `name: voalice06\nlisten: 127.0.0.1:0\nstateDir: ${join(folder, 'proxy')}\nauth: development\ncatalog: ${catalog.url}\n` +
      `sites:\n  - { name: HERE, type: local, min: ${PILOTS}, cores: 1 }\n`,
  );
  const proxy = await startDaemon('ProxyServer', ['proxy', 'start', '--config', proxyConfig]);
  daemons.push(proxy);
  say(`ProxyServer  ${proxy.url}   (as host voalice06)`);
  const config = join(folder, 'config.yaml');
  writeFileSync(config, `defaultHost: voalice06\nhosts:\n  voalice06: { url: "${proxy.url}" }\n`);
  const proof = (...args: string[]): Promise<void> => showCommand(args, { PROOF_CONFIG: config });

  title('The pilot that the factory submits');
  await proof('pilot', 'jdl', 'HERE');

  title('The files under their logical names');
  for (const url of files) {
    const { lfn, checksum, tree, entries } = await factsOf(url, options.tree);
    const facts = ['--checksum', checksum, '--tree', tree, '--entries', String(entries)];
    await proof('register', lfn, url, '--se', 'ALICE::HERE::DISK', ...facts);
  }
  await proof('ls', '-l', '/alice/sim/dimuon');

  title('The pool, started ahead');
  await workersWarm(proxy.url);
  await proof('pilots');
  await proof('workers', '--conf');

  title('The query');
  const fromHere = relative(process.cwd(), resolve(options.selector));
  const selector = fromHere.startsWith('..') ? resolve(options.selector) : fromHere;
  const name = basename(selector).replace(/\.\w+$/, '');
  const result = (suffix: string): string => relative(process.cwd(), join(output, `${name}${suffix}`));
  const tree = options.tree === undefined ? [] : ['--tree', options.tree];
  await proof(
    ...['run', '--host', 'voalice06', selector, 'lfn:/alice/sim/dimuon/*.root', ...tree],
    ...['--output', result('.root'), '--plot', result('.png'), '--json', result('.json')],
  );

  title('The same in one process, without a server');
  const localJson = join(folder, 'local.json');
  await proof('run', '--local', selector, 'lfn:/alice/sim/dimuon/*.root', ...tree, '--quiet', '--json', localJson);
  compare(join(output, `${name}.json`), localJson);
}

/** The answers of pool and local run, byte by byte. @throws {DemoError} where they differ */
function compare(poolFile: string, localFile: string): void {
  const outputsOf = (file: string): string =>
    JSON.stringify((JSON.parse(readFileSync(file, 'utf8')) as { outputs: unknown }).outputs);
  const pool = outputsOf(poolFile);
  if (pool !== outputsOf(localFile)) throw new DemoError(`The answers differ: compare ${poolFile} with ${localFile}.`);
  say(`Both answers are the same bits (${pool.length} characters of outputs compared).`);
}

async function workersWarm(url: string): Promise<void> {
  const api = new ServerApi({ name: 'voalice06', url, token: null, catalog: null, ca: null });
  const until = performance.now() + 30_000;
  for (;;) {
    const warm = (await api.workers()).filter(({ phase }) => phase === 'warm').length;
    if (warm >= PILOTS) return;
    if (performance.now() > until) throw new DemoError(`Only ${warm} of ${PILOTS} workers came up within 30 s.`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

const before = ownProcesses();
const started = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'proof-demo-'));
const daemons: DemoDaemon[] = [];
process.once('SIGINT', () => void finish(130));
process.once('SIGTERM', () => void finish(143));

async function finish(status: number): Promise<void> {
  title('Stopping');
  for (const daemon of daemons.reverse()) await daemon.stop();
  const left = await processesLeft(before, 10_000);
  rmSync(folder, { recursive: true, force: true });
  for (const line of left) say(`still running: ${line}`);
  say(
    `${left.length === 0 ? 'No process is left.' : 'Processes are left.'} ${((performance.now() - started) / 1000).toFixed(1)} s in all.`,
  );
  process.exit(left.length === 0 ? status : 1);
}

try {
  await demo(folder, daemons);
  await finish(0);
} catch (error) {
  say(`\ndemo: ${errorBody(error).message}`);
  await finish(1);
}
