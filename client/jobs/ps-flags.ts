/** The flags of `proof ps`, as AliEn's and JAliEn's, and the short codes of states. Pure. */
import { UsageError } from '../../protocol/errors.js';
import type { JobSelection, JobState } from '../../protocol/job-messages.js';
import type { ShownJob } from './ask-jobs.js';

const CODES: Readonly<Record<JobState, string>> = {
  INSERTING: 'I',
  SPLITTING: 'SP',
  SPLIT: 'S',
  MERGING: 'M',
  WAITING: 'W',
  OVER_WAITING: 'OW',
  ASSIGNED: 'ASG',
  STARTED: 'ST',
  RUNNING: 'R',
  SAVING: 'SV',
  DONE: 'D',
  DONE_WARN: 'DW',
  ERROR_A: 'EA',
  ERROR_IB: 'EIB',
  ERROR_E: 'EE',
  ERROR_V: 'EV',
  ERROR_SV: 'ESV',
  ERROR_EW: 'EW',
  ERROR_SPLT: 'ESP',
  ERROR_M: 'EM',
  ZOMBIE: 'Z',
  EXPIRED: 'XP',
  KILLED: 'K',
};
/** A state of a later release as it is. */
export const shortCode = (state: ShownJob['state']): string => (isKnown(state) ? CODES[state] : state);

const STATES = Object.keys(CODES) as JobState[];
const FAILED = STATES.filter((state) => state.startsWith('ERROR_') || state === 'EXPIRED');
const OVER: readonly JobState[] = [...FAILED, 'DONE', 'DONE_WARN', 'KILLED'];
const isKnown = (state: string): state is JobState => Object.hasOwn(CODES, state);
export const isOver = ({ state, endedAt }: Pick<ShownJob, 'state' | 'endedAt'>): boolean =>
  isKnown(state) ? OVER.includes(state) : endedAt !== null;

/** What `-f -r`, `-f r` and the like stand for. */
const GROUPS: Readonly<Record<string, readonly JobState[]>> = {
  a: STATES,
  r: ['ASSIGNED', 'STARTED', 'RUNNING', 'SAVING'],
  f: FAILED,
  d: ['DONE', 'DONE_WARN'],
  s: ['SPLIT', 'SPLITTING', 'MERGING'],
  q: ['INSERTING', 'WAITING', 'OVER_WAITING', 'ZOMBIE'],
  t: [], // to be staged from tape: nothing is, here
};

const KEYS: Readonly<Record<string, (job: ShownJob) => string | number>> = {
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
  readonly selection: Partial<JobSelection>;
  readonly idsOnly: boolean;
  /** Where and why. */
  readonly isLong: boolean;
  /** CPU, memory, cost, running time. */
  readonly showsUse: boolean;
  /** Running time alone. */
  readonly showsTime: boolean;
  readonly jdl: number | null;
  readonly trace: number | null;
  readonly most: number;
  readonly isSortedById: boolean;
  sort(jobs: readonly ShownJob[]): ShownJob[];
}

/** What is collected while the words are read. */
class PsReader {
  readonly selection: { -readonly [K in keyof JobSelection]?: JobSelection[K] } = {};
  idsOnly = false;
  isLong = false;
  showsUse = false;
  showsTime = false;
  jdl: number | null = null;
  trace: number | null = null;
  most = Number.POSITIVE_INFINITY;
  key = 'id';
  states: readonly JobState[] | undefined;
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  next(): string | undefined {
    return this.#words[this.#at++];
  }
  value(flag: string): string {
    const word = this.next();
    if (word === undefined) throw new UsageError(`proof ps ${flag} needs a value.`);
    return word;
  }
  /** The next word, if it is no flag. */
  optional(): string | undefined {
    const word = this.#words[this.#at];
    if (word === undefined || (word.startsWith('-') && !/^-\d+$/.test(word))) return undefined;
    this.#at++;
    return word;
  }
  list(flag: string): string[] {
    return this.value(flag).split(',');
  }
  numbers(flag: string): number[] {
    return this.list(flag).map((text) => number(flag, text));
  }
  /** Jobs are named: whatever state they are in. */
  anyState(): void {
    this.states ??= STATES;
  }
}

const FLAGS: Readonly<Record<string, (ps: PsReader, flag: string) => void>> = {
  '-f': (ps, flag) => {
    ps.states = statesOf(ps.value(flag));
  },
  '-F': (ps, flag) => {
    ps.isLong = ps.value(flag) === 'l';
  },
  '-Fl': (ps) => {
    ps.isLong = true;
  },
  '-L': (ps) => {
    ps.isLong = true;
  },
  '-x': (ps) => {
    ps.showsUse = true;
  },
  '-T': (ps) => {
    ps.showsTime = true;
  },
  '-u': (ps, flag) => {
    ps.selection.users = ps.list(flag);
  },
  // AliEn's -s, without sites, asked for sub-jobs: they are always shown.
  '-s': (ps) => {
    const sites = ps.optional();
    if (sites !== undefined) ps.selection.sites = sites.split(',');
  },
  '-n': (ps, flag) => {
    ps.selection.hosts = ps.list(flag);
  },
  '-m': (ps, flag) => {
    ps.selection.masters = ps.numbers(flag);
    ps.anyState();
  },
  '-j': (ps, flag) => {
    ps.selection.jobs = ps.numbers(flag);
    ps.selection.everyones = true;
    ps.anyState();
  },
  // JAliEn's -id prints numbers only; AliEn's takes a job, and shows it with its sub-jobs.
  '-id': (ps, flag) => {
    const job = ps.optional();
    if (job === undefined) ps.idsOnly = true;
    else {
      ps.selection.families = job.split(',').map((text) => number(flag, text));
      ps.selection.everyones = true;
      ps.anyState();
    }
  },
  '-l': (ps, flag) => {
    ps.most = number(flag, ps.value(flag));
  },
  '-o': (ps, flag) => {
    ps.key = ps.value(flag);
    if (KEYS[ps.key] === undefined)
      throw new UsageError(`proof ps -o takes ${Object.keys(KEYS).join(', ')}, not ${ps.key}.`);
  },
  '-jdl': (ps, flag) => {
    ps.jdl = number(flag, ps.value(flag));
  },
  '-trace': (ps, flag) => {
    ps.trace = number(flag, ps.value(flag));
  },
  '-a': (ps) => {
    ps.selection.everyones = true;
  },
  '-A': (ps) => {
    ps.states = STATES;
  },
  '-X': (ps) => {
    ps.states = GROUPS['r'];
    ps.isLong = true;
    ps.showsUse = true;
  },
  '-W': (ps) => {
    ps.states = ['WAITING', 'OVER_WAITING'];
  },
  '-E': (ps) => {
    ps.states = FAILED;
  },
  '-M': (ps) => {
    ps.selection.mastersOnly = true;
  },
  '-b': () => {}, // no colours: there are none
};

/** For people. */
export const PS_HELP = `
Flags, as AliEn's and JAliEn's (lists with commas):
  -f STATES | GROUP   in these states (R, RUNNING, EE,EV), or -a all, -r with an
                      agent, -f failed, -d done, -s split, -q waiting
  -A -X -W -E -M      all; with an agent; waiting; failed; masters
  -u -s -n -m -j      of users, at sites, on nodes, of masters, these jobs
  -a                  everyone's (operators)
  -id JOB             a job with its sub-jobs
  -l N, -o KEY        so many; sorted by owner, id, split, priority, status,
                      name, site or node
  -T -x -L            running time; CPU time, memory and cost; where and why
  -id                 numbers only
  -jdl JOB            its description
  -trace JOB          what became of it`;

/** @throws {UsageError} a flag that is not known, or misses its value */
export function readPsFlags(words: readonly string[]): PsFlags {
  const ps = new PsReader(words);
  for (let flag = ps.next(); flag !== undefined; flag = ps.next()) {
    const take = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
    if (take === undefined) throw new UsageError(`proof ps does not know ${flag}; "proof ps --help" lists its flags.`);
    take(ps, flag);
  }
  const { states } = ps;
  const { idsOnly, isLong, showsUse, showsTime, jdl, trace, most } = ps;
  const key = KEYS[ps.key]!;
  const sort = (jobs: readonly ShownJob[]): ShownJob[] =>
    jobs.toSorted((a, b) => compare(key(a), key(b)) || a.jobId - b.jobId).slice(0, most);
  return {
    selection: { ...ps.selection, ...statesWanted(states) },
    idsOnly,
    isLong,
    showsUse,
    showsTime,
    jdl,
    trace,
    most,
    isSortedById: ps.key === 'id',
    sort,
  };
}

/** Without a word about states all that are not over, whatever they are called in a later release. */
function statesWanted(states: readonly JobState[] | undefined): Partial<JobSelection> {
  if (states === undefined) return { exceptStates: [...OVER] };
  return states === STATES ? {} : { states: [...states] };
}

/** `R`, `RUNNING`, `EE,EV`, `-r`, `r`. */
export function statesOf(text: string): readonly JobState[] {
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

function number(flag: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`proof ps ${flag} needs a number, not ${text}.`);
  return Math.abs(Number(text)); // a dash marks a sub-job
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
