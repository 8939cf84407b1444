/** The words of `proof masterjob JOB …`, as AliEn's. Pure. */
import { UsageError } from '../../protocol/errors.js';
import type { ShownJob } from './ask-jobs.js';
import { statesOf } from './ps-flags.js';

export const MASTER_VERBS = ['kill', 'resubmit', 'merge'] as const;

export interface MasterWords {
  readonly verb: (typeof MASTER_VERBS)[number] | null;
  readonly printsIds: boolean;
  readonly printsSites: boolean;
  /** Chooses all: none of -status, -id, -site was given. */
  readonly choosesAll: boolean;
  choose(parts: readonly ShownJob[]): ShownJob[];
}

/** `-status S[,S]`, `-id N[,N]`, `-site S[,S]` choose sub-jobs; `-printid`, `-printsite` show more of them; then perhaps a verb. @throws {UsageError} */
export function readMasterWords(words: readonly string[]): MasterWords {
  const filters: ((job: ShownJob) => boolean)[] = [];
  let verb: MasterWords['verb'] = null;
  let printsIds = false;
  let printsSites = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const value = (): string => {
      const next = words[++i];
      if (next === undefined) throw new UsageError(`proof masterjob ${word} needs a value.`);
      return next;
    };
    const known = MASTER_VERBS.find((one) => one === word);
    if (known !== undefined) verb = known;
    else if (word === '-printid') printsIds = true;
    else if (word === '-printsite') printsSites = true;
    else if (word === '-status') {
      const states = statesOf(value());
      filters.push(({ state }) => states.some((one) => one === state));
    } else if (word === '-id') {
      const ids = value()
        .split(',')
        .map((text) => Math.abs(Number(text)));
      if (ids.some(Number.isNaN)) throw new UsageError('proof masterjob -id needs numbers of sub-jobs.');
      filters.push(({ jobId }) => ids.includes(jobId));
    } else if (word === '-site') {
      const sites = value().split(',');
      filters.push(({ site }) => sites.includes(site ?? ''));
    } else
      throw new UsageError(
        `proof masterjob does not know ${word}; it takes -status, -id, -site, -printid, -printsite, and ${MASTER_VERBS.join(', ')}.`,
      );
  }
  return {
    verb,
    printsIds,
    printsSites,
    choosesAll: filters.length === 0,
    choose: (parts) => parts.filter((job) => filters.every((filter) => filter(job))),
  };
}

export interface MasterLine {
  readonly state: string;
  readonly n: number;
  readonly ids: readonly number[];
  readonly sites: Readonly<Record<string, number>>;
}

/** By state, in the order in which the states first appear. */
export function masterLines(parts: readonly ShownJob[]): MasterLine[] {
  const lines = new Map<string, { ids: number[]; sites: Record<string, number> }>();
  for (const { state, jobId, site } of parts) {
    const line = lines.get(state) ?? { ids: [], sites: {} };
    line.ids.push(jobId);
    if (site !== null) line.sites[site] = (line.sites[site] ?? 0) + 1;
    lines.set(state, line);
  }
  return [...lines].map(([state, { ids, sites }]) => ({ state, n: ids.length, ids, sites }));
}
