/** The flags of `proof ps`, as JAliEn's, and the short codes of states. Pure. */
import { UsageError } from '../../protocol/errors.js';
import type { JobInfo, JobState } from '../../protocol/job-messages.js';

const CODES: Readonly<Record<JobState, string>> = {
  SPLIT: 'S',
  WAITING: 'W',
  ASSIGNED: 'ASG',
  STARTED: 'ST',
  RUNNING: 'R',
  SAVING: 'SV',
  DONE: 'D',
  ERROR_IB: 'EIB',
  ERROR_E: 'EE',
  ERROR_V: 'EV',
  ERROR_SV: 'ESV',
  ERROR_EW: 'EW',
  ZOMBIE: 'Z',
  EXPIRED: 'XP',
  KILLED: 'K',
};
export const shortCode = (state: JobState): string => CODES[state];

const STATES = Object.keys(CODES) as JobState[];
const FAILED = STATES.filter((state) => state.startsWith('ERROR_') || state === 'EXPIRED');
const OVER: readonly JobState[] = [...FAILED, 'DONE', 'KILLED'];
export const isOver = (state: JobState): boolean => OVER.includes(state);

/** What `-f -r`, `-f r` and the like stand for. */
const GROUPS: Readonly<Record<string, readonly JobState[]>> = {
  a: STATES,
  r: ['ASSIGNED', 'STARTED', 'RUNNING', 'SAVING'],
  f: FAILED,
  d: ['DONE'],
  s: ['SPLIT'],
  q: ['WAITING', 'ZOMBIE'],
  t: [],
};

const KEYS: Readonly<Record<string, (job: JobInfo) => string | number>> = {
  owner: ({ user }) => user,
  id: ({ jobId }) => jobId,
  split: ({ masterId }) => masterId ?? 0,
  priority: ({ price }) => price,
  status: ({ state }) => state,
  name: ({ name }) => name,
  site: ({ site }) => site ?? '',
  node: ({ host }) => host ?? '',
};

export interface PsFlags {
  readonly idsOnly: boolean;
  readonly isLong: boolean;
  /** Others' jobs too, where the role allows. */
  readonly everyones: boolean;
  readonly jdl: number | null;
  readonly trace: number | null;
  choose(jobs: readonly JobInfo[]): JobInfo[];
}

/** @throws {UsageError} a flag that is not known, or misses its value */
export function readPsFlags(words: readonly string[]): PsFlags {
  const filters: ((job: JobInfo) => boolean)[] = [];
  let states: readonly JobState[] | undefined;
  let sortKey = KEYS['id']!;
  let most = Number.POSITIVE_INFINITY;
  const found = {
    idsOnly: false,
    isLong: false,
    everyones: false,
    jdl: null as number | null,
    trace: null as number | null,
  };
  for (let i = 0; i < words.length; i++) {
    const flag = words[i]!;
    const value = (): string => {
      const next = words[++i];
      if (next === undefined) throw new UsageError(`proof ps ${flag} needs a value.`);
      return next;
    };
    const list = (): string[] => value().split(',');
    const oneOf = (of: (job: JobInfo) => string | null): void => {
      const wanted = list();
      filters.push((job) => wanted.includes(of(job) ?? ''));
    };
    const alone = ALONE[flag];
    if (alone !== undefined) {
      states = alone.states ?? states;
      if (alone.filter !== undefined) filters.push(alone.filter);
      found.isLong ||= alone.isLong === true;
      found.everyones ||= alone.everyones === true;
      found.idsOnly ||= alone.idsOnly === true;
    } else if (flag === '-f') states = statesOf(value());
    else if (flag === '-F') found.isLong = value() === 'l';
    else if (flag === '-u') {
      found.everyones = true;
      oneOf(({ user }) => user);
    } else if (flag === '-s') oneOf(({ site }) => site);
    else if (flag === '-n') oneOf(({ host }) => host);
    else if (flag === '-m') {
      states ??= STATES;
      oneOf(({ masterId }) => String(masterId));
    } else if (flag === '-j') {
      states ??= STATES;
      found.everyones = true;
      oneOf(({ jobId }) => String(jobId));
    } else if (flag === '-l') most = number(flag, value());
    else if (flag === '-o') sortKey = keyOf(value());
    else if (flag === '-jdl') found.jdl = number(flag, value());
    else if (flag === '-trace') found.trace = number(flag, value());
    else throw new UsageError(`proof ps does not know ${flag}; "proof ps --help" lists its flags.`);
  }
  const wanted = states ?? STATES.filter((state) => !isOver(state));
  const choose = (jobs: readonly JobInfo[]): JobInfo[] =>
    jobs
      .filter((job) => wanted.includes(job.state) && filters.every((filter) => filter(job)))
      .toSorted((a, b) => compare(sortKey(a), sortKey(b)) || a.jobId - b.jobId)
      .slice(0, most);
  return { ...found, choose };
}

interface Alone {
  readonly states?: readonly JobState[];
  readonly filter?: (job: JobInfo) => boolean;
  readonly isLong?: true;
  readonly everyones?: true;
  readonly idsOnly?: true;
}

const ALONE: Readonly<Record<string, Alone>> = {
  '-a': { everyones: true },
  '-A': { states: STATES },
  '-X': { states: GROUPS['r']!, isLong: true },
  '-W': { states: ['WAITING'] },
  '-E': { states: FAILED },
  '-M': { filter: ({ isMaster }) => isMaster },
  '-L': { isLong: true },
  '-Fl': { isLong: true },
  '-x': { isLong: true },
  '-b': {},
  '-id': { idsOnly: true },
};

/** `R`, `RUNNING`, `EE,EV`, `-r`, `r`. */
function statesOf(text: string): readonly JobState[] {
  return text.split(',').flatMap((word) => {
    const group = GROUPS[word.replace(/^-/, '')];
    if (group !== undefined) return group;
    const state = STATES.find((name) => name === word.toUpperCase() || CODES[name] === word.toUpperCase());
    if (state === undefined)
      throw new UsageError(
        `${word} is no state of a job; states are ${STATES.map((s) => `${CODES[s]} (${s})`).join(', ')}.`,
      );
    return [state];
  });
}

function keyOf(name: string): (job: JobInfo) => string | number {
  const key = KEYS[name];
  if (key === undefined) throw new UsageError(`proof ps -o takes ${Object.keys(KEYS).join(', ')}, not ${name}.`);
  return key;
}

function number(flag: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`proof ps ${flag} needs a number, not ${text}.`);
  return Math.abs(Number(text));
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
