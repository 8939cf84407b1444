/**
 * Reading over XRootD: this client beside `xrdcp`, the reference client, to the same server in the same minute; and how much
 * of a slow network reading ahead hides.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { ByteRange } from '../storage/byte-source.js';
import { openSource } from '../storage/open-source.js';
import { StoragePool } from '../storage/storage-pool.js';
import { XrootdCluster, xrootdMissing } from '../test/support/xrootd.js';
import type { BenchRow } from './main.js';

export const title = 'storage: bytes over XRootD on the loopback, no TLS';

const FILE_BYTES = 256 * 2 ** 20;
const ROUNDS = 5;
const BLOCK_BYTES = 8 * 2 ** 20; // as xrdcp's own
const XRDCP = '/usr/bin/xrdcp';

export async function run(): Promise<BenchRow[]> {
  const missing = xrootdMissing() ?? (existsSync(XRDCP) ? undefined : `needs ${XRDCP}`);
  if (missing !== undefined) return [{ what: 'skipped', value: missing }];
  const server = await XrootdCluster.start();
  const pool = new StoragePool();
  try {
    server.write('/store/big.bin', Buffer.alloc(FILE_BYTES, 'proof'));
    const url = `${server.rootUrl}/store/big.bin`;
    return [...(await againstXrdcp(url, pool)), ...(await overSlowNetwork(url, pool))];
  } finally {
    await pool.close();
    await server.stop();
  }
}

/** Whole files, alternating, after one of each to warm up. Neither side keeps the bytes. */
async function againstXrdcp(url: string, pool: StoragePool): Promise<BenchRow[]> {
  const ways: [string, () => Promise<void>][] = [
    ['this client', () => readWhole(url, pool, false)],
    ['xrdcp to /dev/null, without page checksums', async () => copy(url, { XRD_CPUSEPGWRTRD: '0' })],
    ['this client, pages with checksums', () => readWhole(url, pool, true)],
    ['xrdcp to /dev/null, pages with checksums (its default)', async () => copy(url, {})],
  ];
  const seconds = ways.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, [, way]] of ways.entries()) {
      const took = await timed(way);
      if (round > 0) seconds[index]!.push(took);
    }
  const speeds = seconds.map((list) => FILE_BYTES / 2 ** 20 / median(list));
  const percent = (ours: number, theirs: number): string => `${((100 * speeds[ours]!) / speeds[theirs]!).toFixed(0)} %`;
  return [
    ...ways.map(([what], index) => ({ what, value: `${speeds[index]!.toFixed(0)} MiB/s` })),
    { what: 'this client : xrdcp, both without checksums', value: percent(0, 1), target: 'at least 80 %' },
    { what: 'this client : xrdcp as it comes', value: percent(0, 3), target: 'at least 80 %' },
    { what: 'this client : xrdcp, both with checksums', value: percent(2, 3) },
  ];
}

async function readWhole(url: string, pool: StoragePool, pageChecksums: boolean): Promise<void> {
  const file = await openSource(url, { pool, pageChecksums });
  const block = (at: number): ByteRange => ({ offset: at, length: Math.min(BLOCK_BYTES, Math.max(0, file.size - at)) });
  file.prefetch?.([block(0)]);
  for (let at = 0; at < file.size; at += BLOCK_BYTES) {
    file.prefetch?.([block(at + BLOCK_BYTES)]); // as the packet loop does with the next cluster
    await file.readMany([block(at)]);
  }
  await file.close();
}

function copy(url: string, environment: Record<string, string>): void {
  execFileSync(XRDCP, ['-f', '-N', url, '/dev/null'], { stdio: 'ignore', env: { ...process.env, ...environment } });
}

const CLUSTERS = 20;
const BASKETS = 10;
const BASKET_BYTES = 50_000;
const DELAY_MS = 20;
const WORK_MS = 20;

/** Clusters of baskets through a link with a delay, each processed for a while: with and without `prefetch`. */
async function overSlowNetwork(url: string, pool: StoragePool): Promise<BenchRow[]> {
  const { port } = new URL(url.replace('root:', 'http:'));
  const proxy = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    near.on('data', (bytes) => setTimeout(() => far.write(bytes), DELAY_MS));
    far.on('data', (bytes) => near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const slowUrl = url.replace(`:${port}`, `:${(proxy.address() as AddressInfo).port}`);
  const clusters = Array.from({ length: CLUSTERS }, (_, cluster) =>
    Array.from({ length: BASKETS }, (_, basket) => ({
      offset: cluster * 10_000_000 + basket * 700_000,
      length: BASKET_BYTES,
    })),
  );
  const pass = async (ahead: boolean): Promise<void> => {
    const file = await openSource(slowUrl, { pool });
    for (const [i, ranges] of clusters.entries()) {
      await file.readMany(ranges);
      const next = clusters[i + 1];
      if (ahead && next !== undefined) file.prefetch?.(next);
      await new Promise((resolve) => setTimeout(resolve, WORK_MS));
    }
    await file.close();
  };
  await pass(false);
  const without = await timed(() => pass(false));
  const withAhead = await timed(() => pass(true));
  proxy.close();
  const each = (seconds: number): string => `${((1000 * seconds) / CLUSTERS).toFixed(1)} ms`;
  return [
    { what: `a cluster of ${BASKETS} baskets and ${WORK_MS} ms of work, ${DELAY_MS} ms away`, value: each(without) },
    { what: 'the same, the next cluster prefetched', value: each(withAhead), target: 'near the work alone' },
  ];
}

async function timed(step: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await step();
  return (performance.now() - start) / 1000;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
