/** Opening of a session on a warm pool of eight workers: from the call to every worker ready. */
import { hostEntry, readClientConfig } from '../client/client-config.js';
import { ProofSession } from '../client/session/proof-session.js';
import { startCluster } from '../test/support/cluster.js';
import type { BenchRow } from './main.js';

export const title = 'Opening a session: warm pool, 8 workers, one machine';

const ROUNDS = 25;
const WORKERS = 8;

export async function run(): Promise<BenchRow[]> {
  const cluster = await startCluster({ pilots: 1, cores: WORKERS });
  try {
    const host = hostEntry(readClientConfig(`${cluster.folder}/config.yaml`), 'here');
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await cluster.warm(WORKERS);
      const started = performance.now();
      const session = await ProofSession.open(host);
      await session.welcomed;
      const { ready } = await session.allReady();
      times.push(performance.now() - started);
      if (ready !== WORKERS) throw new Error(`only ${ready} workers`);
      await session.close();
    }
    times.sort((a, b) => a - b);
    const at = (fraction: number): string => `${times[Math.floor(fraction * (times.length - 1))]!.toFixed(0)} ms`;
    return [
      { what: `p50 of ${ROUNDS} openings`, value: at(0.5), target: 'under 300 ms' },
      { what: 'p90', value: at(0.9) },
      { what: 'fastest, slowest', value: `${at(0)}, ${at(1)}` },
    ];
  } finally {
    await cluster.stop();
  }
}
