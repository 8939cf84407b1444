/** `proof datasets verify`: the files of a data set, held against what the catalog says of them. */
import type { Command } from 'commander';
import type { GridFile } from '../../../catalog/grid/grid.js';
import { inParallel } from '../../../catalog/grid/in-parallel.js';
import { type Inspected, inspectFile, treeOf } from '../../../catalog/grid/inspect-file.js';
import type { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { type SetAnswer, setAnswer } from '../../../catalog/grid/wire.js';
import { plainText } from '../../../protocol/plain-text.js';
import { storageOptionsFromEnvironment } from '../../../storage/environment.js';
import type { StorageOptions } from '../../../storage/storage-options.js';
import { ExitStatus } from '../../exit-status.js';
import { printJson } from '../../print.js';
import { liveLine } from '../../show/live-line.js';
import { contradiction } from './contradiction.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';

interface VerifyOptions {
  readonly checksums?: boolean;
  readonly replicas?: boolean;
  readonly json?: boolean;
}

const OPENED_AT_ONCE = 8;
/** What was found is recorded in parts, so that a long look that is broken off was not for nothing. */
const RECORDED_AT_ONCE = 400;

export function addVerifyCommand(datasets: Command): void {
  withCatalogOptions(datasets.command('verify'))
    .description('open all files; record their entries, the missing and the corrupt ones')
    .argument('<name>')
    .option('--checksums', 'read them whole, and compare with the checksums of the catalog')
    .option('--replicas', 'look at every replica, not at the first that is sound')
    .action(async (name: string, options: VerifyOptions, command: Command) => {
      const result = await withCatalog(command, (grid) => verify(grid, name, options));
      if (options.json) printJson(result);
      else print(result);
      if (result.bad.length + result.badReplicas.length > 0) throw new ExitStatus(result.ok > 0 ? 3 : 1);
    });
}

function print({ bad, badReplicas, ok, missing, corrupt, entries }: Result): void {
  for (const { name, state, error } of bad)
    process.stdout.write(`${plainText(`${state.padEnd(8)} ${name}: ${error}`)}\n`);
  for (const { name, error } of badReplicas) process.stdout.write(`${plainText(`replica  ${name}: ${error}`)}\n`);
  const replicas = badReplicas.length === 0 ? '' : `, ${badReplicas.length} bad replicas`;
  process.stdout.write(`${ok} ok, ${missing} missing, ${corrupt} corrupt${replicas}; ${entries} entries\n`);
}

type Member = SetAnswer['members'][number];

interface Found {
  readonly member: Member;
  readonly state: Inspected['state'];
  readonly error: string | null;
  readonly size: number | null;
  readonly tree: { readonly name: string; readonly entries: number } | undefined;
  readonly isOnlyTree: boolean;
  readonly badReplicas: readonly string[];
}

type Result = Awaited<ReturnType<typeof verify>>;

/** Nested sets are verified by their own names; the members of this one are opened. */
async function verify(grid: ProofGrid, name: string, options: VerifyOptions) {
  const set = await grid.http.get('/v1/set', { name }, setAnswer);
  const members = set.members.filter(({ kind }) => kind !== 'collection');
  const storage = storageOptionsFromEnvironment(process.env, process.getuid?.());
  const found: Found[] = [];
  let done = 0;
  const line = liveLine(() => `${done} of ${members.length} files`);
  try {
    for (let first = 0; first < members.length; first += RECORDED_AT_ONCE) {
      const part = members.slice(first, first + RECORDED_AT_ONCE);
      const known = await filesOf(grid, part);
      const seen = await inParallel(part, OPENED_AT_ONCE, async (member, i) => {
        const one = await lookAt(member, known[i], member.tree ?? set.tree, storage, options);
        done++;
        return one;
      });
      await record(grid, name, seen);
      found.push(...seen);
    }
  } finally {
    line.end();
  }
  const count = (state: string): number => found.filter((one) => one.state === state).length;
  return {
    name: set.path,
    version: set.version,
    ok: count('ok'),
    missing: count('missing'),
    corrupt: count('corrupt'),
    entries: found.reduce((sum, { state, tree }) => sum + (state === 'ok' ? (tree?.entries ?? 0) : 0), 0),
    bad: found.flatMap(({ member, state, error }) => (state === 'ok' ? [] : [{ name: member.name, state, error }])),
    badReplicas: found.flatMap(({ member, state, badReplicas }) =>
      state === 'ok' ? badReplicas.map((error) => ({ name: member.name, error })) : [],
    ),
  };
}

/** What the catalog says of each; undefined for a URL, and for a name that is gone. */
async function filesOf(grid: ProofGrid, members: readonly Member[]): Promise<(GridFile | undefined)[]> {
  const named = members.filter(({ kind }) => kind === 'file').map((member) => member.name);
  const files = new Map((await grid.lookup(named)).map((file, i) => [named[i], file]));
  return members.map((member) => (member.kind === 'file' ? files.get(member.name) : undefined));
}

async function lookAt(
  member: Member,
  file: GridFile | undefined,
  wanted: string | null,
  storage: StorageOptions,
  { checksums, replicas }: VerifyOptions,
): Promise<Found> {
  const urls = file?.replicas.map(({ url }) => url) ?? (member.kind === 'url' ? [member.name] : []);
  const checksum = checksums ? file?.checksum : null;
  const looks = replicas ? urls.map((url) => [url]) : urls.length === 0 ? [] : [urls];
  const found = { member, size: null, tree: undefined, isOnlyTree: false };
  const failures: { state: 'missing' | 'corrupt'; error: string }[] = [];
  let good: Omit<Found, 'badReplicas'> | undefined;
  for (const places of looks) {
    const seen = await inspectFile(places, storage, checksum ?? undefined, file?.size);
    const { state, size, trees } = seen;
    const tree = treeOf(seen, wanted);
    const wrong = state === 'ok' ? contradiction(file, seen, wanted) : seen.error!;
    if (wrong !== null) failures.push({ state: state === 'ok' ? 'corrupt' : state, error: wrong });
    else good ??= { member, state: 'ok', error: null, size, tree, isOnlyTree: trees.length === 1 };
  }
  if (good !== undefined) return { ...good, badReplicas: failures.map(({ error }) => error) };
  const failure = failures[0] ?? { state: 'missing' as const, error: 'no usable replica' };
  return { ...found, ...failure, badReplicas: [] };
}

async function record(grid: ProofGrid, name: string, found: readonly Found[]): Promise<void> {
  const facts = found.map(({ member, state, size, tree }) => ({
    position: member.position,
    state,
    ...(size === null ? {} : { size }),
    ...(tree === undefined ? {} : { entries: tree.entries, tree: tree.name }),
  }));
  await grid.http.tell('/v1/set/verified', { name, found: facts });
  const known = found.flatMap(({ member, tree, isOnlyTree }) =>
    member.kind === 'file' && tree !== undefined
      ? [{ lfn: member.name, tree: tree.name, entries: tree.entries, isOnlyTree }]
      : [],
  );
  await grid.learn(known);
}
