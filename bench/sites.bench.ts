/** Sites: from a demand to a worker stage by stage, a lost agent replaced, a thousand pilots polled; on this machine and through a real Slurm. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { PilotInfo } from '../protocol/api.js';
import { LocalBatchHost } from '../proxy-server/sites/batch-host.js';
import { slurmShape } from '../proxy-server/sites/site-settings.js';
import { Slurm } from '../proxy-server/sites/slurm.js';
import { BatchCluster, batchClusterMissing } from '../test/support/batch-cluster.js';
import { TestProxy } from '../test/support/proxy-server.js';
import { StandInSlurm } from '../test/support/stand-in-slurm.js';
import type { BenchRow } from './main.js';

export const title = 'Sites: demand to worker, replacement, polling';

const ROUNDS = 5;
const POLLED = 1_000;
/** On a machine that does other work as well every stage takes its time; that is what is measured, not a failure. */
const WAIT_MS = 180_000;

export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = await stages('local', 'type: local');
  const standIn = new StandInSlurm();
  try {
    const site = `type: slurm, environment: { PATH: "${standIn.path}" }`;
    for (const payload of ['false', 'true', 'fetch'])
      rows.push(...(await stages(`a slot that starts at once, payload ${payload}`, `${site}, payload: ${payload}`)));
  } finally {
    standIn.remove();
  }
  const missing = batchClusterMissing('slurm');
  if (missing !== undefined) return [...rows, { what: `Slurm: ${missing}`, value: '-' }];
  const slurm = await BatchCluster.start('slurm');
  try {
    const environment = JSON.stringify(slurm.environment);
    rows.push(...(await stages('Slurm', `type: slurm, environment: ${environment}`)));
    rows.push(await polling(slurm));
  } finally {
    await slurm.stop();
  }
  return rows;
}

/** The first pilot is not counted: it makes the payload. */
async function stages(name: string, site: string): Promise<BenchRow[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'proof-bench-sites-')); // slots that are killed leave theirs
  const proxy = new TestProxy(
    `heartbeatMs: 2000\nfactoryTickS: 1\nsites: [{ name: S, min: 1, max: 2, letGoIdleS: 0, registerWithinS: ${WAIT_MS / 1000}, scratch: ${scratch}, ${site} }]\n`,
  );
  const spans = {
    submitted: [] as number[],
    registered: [] as number[],
    warm: [] as number[],
    replaced: [] as number[],
  };
  proxy.waitMs = WAIT_MS;
  try {
    await proxy.start();
    await proxy.warm(1);
    for (let round = 0; round < ROUNDS; round++) {
      const known = new Set((await proxy.pilots()).map(({ pilotId }) => pilotId));
      const start = Date.now();
      const body = JSON.stringify({ workers: 2 });
      const { requestId } = await proxy.call(z.object({ requestId: z.string() }), '/requests', {
        method: 'POST',
        body,
      });
      const isNew = (pilot: PilotInfo): boolean => !known.has(pilot.pilotId);
      await proxy.until(
        () => proxy.pilots(),
        (all) => all.some((pilot) => isNew(pilot) && pilot.batchId !== null),
      );
      const submitted = Date.now();
      await proxy.warm(2);
      const warm = Date.now();
      const pilot = (await proxy.pilots()).find((one) => isNew(one) && one.registeredAt !== null)!;
      spans.submitted.push(submitted - start);
      spans.registered.push(pilot.registeredAt! - submitted);
      spans.warm.push(warm - pilot.registeredAt!);
      await proxy.call(z.unknown(), `/requests/${requestId}`, { method: 'DELETE', body: '{}' });
      await proxy.until(
        () => living(proxy),
        (n) => n === 1,
      );
      spans.replaced.push(await replacement(proxy));
    }
  } finally {
    await proxy.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
  const row = (what: string, values: number[], target?: string): BenchRow => ({
    what: `${name}: ${what}`,
    value: `${median(values)} ms`,
    ...(target === undefined ? {} : { target }),
  });
  return [
    row('demand to handed over', spans.submitted),
    row('handed over to agent registered', spans.registered, 'payload under 3 s'),
    row('registered to warm worker', spans.warm),
    row('loss noticed to the next agent registered', spans.replaced, 'under 2 s on a free slot'),
  ];
}

const living = async (proxy: TestProxy): Promise<number> =>
  (await proxy.pilots()).filter(({ state }) => state !== 'gone').length;

async function replacement(proxy: TestProxy): Promise<number> {
  const [victim] = (await proxy.pilots()).filter(({ state }) => state === 'idle');
  const agent = (await proxy.workers()).find(({ agentId }) => agentId === victim!.agentId)!;
  killSlot(agentOf(agent.pid!));
  const all = await proxy.until(
    () => proxy.pilots(),
    (now) => now.some(({ pilotId, state }) => pilotId !== victim!.pilotId && state === 'idle'),
  );
  const noticed = all.find(({ pilotId }) => pilotId === victim!.pilotId)!.endedAt!;
  return all.find(({ state }) => state === 'idle')!.registeredAt! - noticed;
}

/** The pilot's script first, where there is one: it would start the agent again. */
function killSlot(agent: number): void {
  const script = parentOf(agent);
  if (/^(\/bin\/)?sh\0/.test(wordsOf(script))) process.kill(script, 'SIGKILL');
  process.kill(agent, 'SIGKILL');
}

/** The agent: a worker's nearest ancestor that is called so. */
function agentOf(pid: number): number {
  for (let at = parentOf(pid); at > 1; at = parentOf(at)) if (wordsOf(at).startsWith('proof-agent')) return at;
  throw new Error(`process ${pid} has no agent`);
}

const parentOf = (pid: number): number => Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]);
const wordsOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

async function polling(cluster: BatchCluster): Promise<BenchRow> {
  const directory = join(cluster.folder, 'polled');
  const host = new LocalBatchHost({ site: 'S', directory, environment: cluster.environment, timeoutMs: WAIT_MS });
  const settings = z.object(slurmShape).parse({ type: 'slurm' });
  const script = `for i in $(seq ${POLLED}); do sbatch --hold --parsable --output=/dev/null --wrap=true; done`;
  const ids = cluster.command('sh', '-c', script).trim().split('\n');
  const spans: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await new Slurm('S', settings, host).status(ids);
    spans.push(Math.round(performance.now() - start));
  }
  cluster.command('scancel', '--me');
  rmSync(directory, { recursive: true, force: true });
  return { what: `Slurm: ${POLLED} pilots polled in one call`, value: `${median(spans)} ms`, target: 'under 1 s' };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
