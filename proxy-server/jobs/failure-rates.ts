/**
 * Nodes and sites that fail what others do well: black holes, which would eat a whole queue in minutes. Pure.
 *
 * Looked at are runs that failed within a minute. A node is barred from jobs when its last five runs all failed so and either the same users' runs
 * elsewhere mostly went well, or they are of three users and elsewhere nothing of theirs fails. So a user's own broken program bars nobody. A site is
 * judged in the same way against other sites, when ten runs on at least two of its nodes failed. The bar lasts five minutes, then twice as long each time
 * until a run goes well there again, four hours at most. A node that fails faster than others can do well waits for their first good runs to be judged.
 */

export interface RunEnd {
  readonly jobId: number;
  readonly user: string;
  readonly host: string;
  readonly site: string;
  readonly isFailure: boolean;
  readonly wallSeconds: number;
  readonly atMs: number;
}

interface BarFacts {
  readonly kind: 'node' | 'site';
  readonly name: string;
  readonly until: number;
  readonly why: string;
}

/** What is known of it after a restart; `times`: that it was barred since a run went well there. */
export interface KeptBar extends BarFacts {
  readonly key: string;
  readonly times: number;
}
export interface BarMemory {
  all(): readonly KeptBar[];
  keep(bar: KeptBar): void;
  /** A run went well there. */
  forgive(key: string): void;
}

export interface Bar extends BarFacts {
  /** Whose failure is the node's or the site's fault. */
  readonly jobIds: readonly number[];
  /** It was barred before; these had been given to it until then. */
  readonly isKnown: boolean;
}

const QUICK_S = 60;
const WINDOW_MS = 3_600_000;
const MOST_KEPT = 5_000;
const FIRST_BAR_MS = 300_000;
const LONGEST_BAR_MS = 4 * 3_600_000;
const STREAK = { node: 5, site: 10 } as const;
/** Runs elsewhere that say something. */
const ENOUGH_ELSEWHERE = 3;
const ENOUGH_USERS = 3;

export class FailureRates {
  readonly #memory: BarMemory;
  #ends: RunEnd[] = [];
  readonly #bars = new Map<string, Bar>();
  readonly #times = new Map<string, number>();
  /** Streaks that nothing elsewhere says enough about as yet: node or site -> its last failure. */
  readonly #undecided = new Map<string, { kind: 'node' | 'site'; last: RunEnd }>();

  constructor(memory: BarMemory) {
    this.#memory = memory;
    for (const { key, times, ...facts } of memory.all()) {
      this.#bars.set(key, { ...facts, jobIds: [], isKnown: false });
      if (times > 0) this.#times.set(key, times);
    }
  }

  /** @returns what is barred from now on because of it, or what was barred while it ran there */
  add(end: RunEnd): Bar[] {
    this.#ends.push(end);
    const oldest = end.atMs - WINDOW_MS;
    if (this.#ends.length > MOST_KEPT || this.#ends[0]!.atMs < oldest)
      this.#ends = this.#ends.filter(({ atMs }) => atMs >= oldest).slice(-MOST_KEPT);
    if (isQuickFailure(end)) {
      const known = this.barOf(end, end.atMs);
      const bars = (['node', 'site'] as const).flatMap((kind) => this.#judge(kind, end) ?? []);
      return known === undefined ? bars : [{ ...known, jobIds: [end.jobId], isKnown: true }, ...bars];
    }
    for (const key of keysOf(end)) {
      if (this.#times.delete(key)) this.#memory.forgive(key);
      this.#undecided.delete(key);
    }
    return [...this.#undecided.values()].flatMap(
      ({ kind, last }) => this.#judge(kind, { ...last, atMs: end.atMs }) ?? [],
    );
  }

  /** Why no job goes there at present; undefined: they do. */
  barOf({ host, site }: { host: string; site: string }, nowMs: number): Bar | undefined {
    return keysOf({ host, site })
      .toReversed() // the site says more than one of its nodes
      .map((key) => this.#bars.get(key))
      .find((bar) => bar !== undefined && bar.until > nowMs);
  }

  #judge(kind: 'node' | 'site', { host, site, atMs }: RunEnd): Bar | undefined {
    const name = kind === 'node' ? host : site;
    const isHere = (end: RunEnd): boolean => end.site === site && (kind === 'site' || end.host === host);
    const here = this.#ends.filter(isHere);
    const streak = here.slice(here.findLastIndex((end) => !isQuickFailure(end)) + 1);
    if (streak.length < STREAK[kind]) return undefined;
    if (kind === 'site' && new Set(streak.map((end) => end.host)).size < 2) return undefined;
    const users = new Set(streak.map(({ user }) => user));
    const elsewhere = this.#ends.filter((end) => !isHere(end) && users.has(end.user));
    const failed = elsewhere.filter((end) => end.isFailure).length;
    const areBetter = elsewhere.length >= ENOUGH_ELSEWHERE && failed * 2 < elsewhere.length;
    const areMany = users.size >= ENOUGH_USERS && failed === 0;
    const key = keysOf({ host, site })[kind === 'node' ? 0 : 1];
    if (!areBetter && !areMany) {
      this.#undecided.set(key, { kind, last: streak.at(-1)! });
      return undefined;
    }
    this.#undecided.delete(key);
    const known = this.#bars.get(key);
    if (known !== undefined && known.until > atMs) return undefined;
    const times = this.#times.get(key) ?? 0;
    this.#times.set(key, times + 1);
    const until = atMs + Math.min(LONGEST_BAR_MS, FIRST_BAR_MS * 2 ** times);
    const rest = elsewhere.length === 0 ? 'none ran elsewhere' : `${failed} of ${elsewhere.length} failed elsewhere`;
    const why = `no jobs until ${new Date(until).toISOString()}: the last ${streak.length} on this ${kind} failed within ${QUICK_S} s, ${rest}`;
    const bar = { kind, name, until, why, jobIds: streak.map(({ jobId }) => jobId), isKnown: false };
    this.#bars.set(key, bar);
    this.#memory.keep({ key, kind, name, until, why, times: times + 1 });
    return bar;
  }
}

const isQuickFailure = ({ isFailure, wallSeconds }: RunEnd): boolean => isFailure && wallSeconds < QUICK_S;

/** A host may be set up in another way for another site. */
const keysOf = ({ host, site }: { host: string; site: string }): [node: string, site: string] => [
  `node ${site} ${host}`,
  `site ${site}`,
];
