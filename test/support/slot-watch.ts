/**
 * Looks at the process trees of batch slots, again and again: how many processes run in each at one moment.
 *
 * What counts is the work: processes of payloads that are not stopped, and workers that are in a session, where the kernel says that they run
 * (R, or D: waiting for the disk). The agent itself and workers that are still being started are the slot's own upkeep. /proc cannot be read at one
 * instant: a payload counts that ran before and after the workers were looked at. One that was told to stop and has not had the processor
 * since counts as stopped.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const workers = z.array(z.object({ pid: z.number().nullable(), phase: z.string(), sessionId: z.string().nullable() }));
/** Bit of SIGSTOP in the masks of /proc/PID/status. */
const STOP_BIT = 1n << 18n;
const EVERY_MS = 50;

export interface Crowd {
  readonly slot: string;
  readonly payloads: readonly number[];
  readonly workers: readonly number[];
  /** Their command lines. */
  readonly words: readonly string[];
}

export class SlotWatch {
  /** The most processes that ran at once, by slot. */
  readonly most = new Map<string, number>();
  /** Moments at which more ran in a slot than it has cores. */
  readonly crowds: Crowd[] = [];
  /** Moments at which a payload was seen stopped. */
  suspensions = 0;
  samples = 0;
  readonly #url: string;
  readonly #cores: number;
  readonly #slots = new Map<string, { slot: string; isPayload: boolean } | null>();
  #isOver = false;
  readonly #loop: Promise<void>;

  constructor(url: string, cores: number) {
    this.#url = url;
    this.#cores = cores;
    this.#loop = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      const answer = await fetch(`${this.#url}/v1/workers`);
      const attached = workers.parse(await answer.json()).filter(({ phase }) => phase === 'attached');
      this.#sample(new Set(attached.flatMap(({ pid }) => pid ?? [])));
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  #sample(attached: ReadonlySet<number>): void {
    this.samples++;
    const known = this.#processes();
    const marked = known.filter(({ isPayload }) => isPayload);
    const before = marked.filter(({ pid }) => runs(pid));
    if (marked.some(({ pid }) => stateOf(pid) === 'T')) this.suspensions++;
    const active = known.filter(({ pid, isPayload }) => !isPayload && attached.has(pid) && runs(pid));
    const after = before.filter(({ pid }) => runs(pid));
    for (const slot of new Set([...after, ...active].map((one) => one.slot))) {
      const payloads = after.filter((one) => one.slot === slot).map(({ pid }) => pid);
      const workers = active.filter((one) => one.slot === slot).map(({ pid }) => pid);
      const n = payloads.length + workers.length;
      this.most.set(slot, Math.max(n, this.most.get(slot) ?? 0));
      if (n > this.#cores) this.crowds.push({ slot, payloads, workers, words: [...payloads, ...workers].map(wordsOf) });
    }
  }

  /** Those of slots; what a process is does not change, so that each is looked into once. */
  #processes(): { pid: number; slot: string; isPayload: boolean }[] {
    const found: { pid: number; slot: string; isPayload: boolean }[] = [];
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const start = startOf(name);
      if (start === undefined) continue;
      const key = `${name} ${start}`;
      let what = this.#slots.get(key);
      if (what === undefined) {
        const read = markOf(name);
        if (read === undefined) continue; // between fork and exec: looked at again
        this.#slots.set(key, read);
        what = read;
      }
      if (what !== null) found.push({ pid: Number(name), ...what });
    }
    return found;
  }
}

function wordsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').slice(0, 200);
  } catch {
    return 'ended';
  }
}

function startOf(pid: string): string | undefined {
  const fields = statOf(pid);
  return fields?.[19];
}

/** From the third field on (proc(5)). */
function statOf(pid: string | number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // it has ended
  }
}
const stateOf = (pid: number): string | undefined => statOf(pid)?.[0];

/** null: of no slot. */
function markOf(pid: string): { slot: string; isPayload: boolean } | null | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    const slot = /(?:^|\0)PROOF_SLOT=([^\0]+)/.exec(environment)?.[1];
    if (slot === undefined) return environment === '' ? undefined : null;
    return { slot, isPayload: /(?:^|\0)PROOF_JOB=/.test(environment) };
  } catch {
    return null; // another user's
  }
}

function runs(pid: number): boolean {
  const state = stateOf(pid);
  if (state !== 'R' && state !== 'D') return false;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)/gm)];
    return !pending.some(([, mask]) => (BigInt(`0x${mask}`) & STOP_BIT) !== 0n);
  } catch {
    return false;
  }
}
