/** The pool: how soon workers are there at the start, after a session, and after an agent was lost. Opening itself: session.bench.ts. */
import { TestProxy } from '../test/support/proxy-server.js';
import type { BenchRow } from './main.js';

export const title = 'The pool: 2 agents of 4 workers on a site of type local, one machine';

const ROUNDS = 7;

export async function run(): Promise<BenchRow[]> {
  const proxy = new TestProxy('sites: [{ name: S, type: local, min: 2, cores: 4 }]\n');
  try {
    let since = performance.now();
    const lap = (): number => {
      const now = performance.now();
      const ms = now - since;
      since = now;
      return ms;
    };
    await proxy.start();
    const ready = lap();
    const first = await firstAgent(proxy);
    const registered = lap();
    await proxy.warm(8);
    const warm = lap();
    const rewarms: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const session = await proxy.openSession('bench');
      await proxy.until(session.workers, (counts) => counts.ready === 8);
      await session.close();
      lap();
      await proxy.warm(8);
      rewarms.push(lap());
    }
    lap();
    process.kill(first, 'SIGKILL');
    await proxy.until(
      () => proxy.pilots(),
      (all) => all.some((p) => p.state === 'gone') && all.filter((p) => p.state === 'idle').length === 2,
    );
    const replaced = lap();
    const median = rewarms.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
    return [
      { what: 'start of the ProxyServer to "listening"', value: ms(ready) },
      { what: 'then to the first agent', value: ms(registered), target: 'under 3 s' },
      { what: 'then to 8 warm workers', value: ms(warm) },
      { what: 'end of a session to 8 fresh warm workers, p50', value: ms(median) },
      { what: 'agent killed to the next one registered', value: ms(replaced), target: 'under 2 s' },
    ];
  } finally {
    await proxy.stop();
  }
}

/** Pid of the first agent that registers. */
async function firstAgent(proxy: TestProxy): Promise<number> {
  const pilots = await proxy.until(
    () => proxy.pilots(),
    (all) => all.some((p) => p.state === 'idle'),
  );
  return Number(pilots.find((p) => p.state === 'idle')!.batchId!.split('.')[0]);
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;
