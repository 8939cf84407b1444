/** Jobs as rows of a table. Pure. */
import { formatSpan } from '../../protocol/span.js';
import { formatBytes } from '../print.js';
import type { Cell, NarrowTable } from '../show/table.js';
import type { ShownJob } from './ask-jobs.js';
import { type PsFlags, shortCode } from './ps-flags.js';

interface Column {
  readonly header: string;
  readonly cell: (job: ShownJob, nowMs: number) => Cell;
}

const ID: Column = { header: 'id', cell: ({ jobId, masterId }) => (masterId === null ? `${jobId}` : `-${jobId}`) };
const NAME: Column = { header: 'name', cell: ({ name }) => name };
const BASE: readonly Column[] = [
  { header: 'owner', cell: ({ user }) => user },
  ID,
  { header: 'priority', cell: ({ price }) => price },
  {
    header: 'state',
    cell: ({ state, isSuspended }) => (isSuspended ? `${shortCode(state)} (suspended)` : shortCode(state)),
  },
];
const TIME: Column = { header: 'runtime', cell: runningTime };
const USE: readonly Column[] = [
  { header: 'cpu s', cell: ({ cpuSeconds }) => Number(cpuSeconds.toFixed(1)) },
  { header: 'memory', cell: ({ memoryBytes }) => (memoryBytes === 0 ? null : formatBytes(memoryBytes)) },
  { header: 'cost', cell: ({ cost }) => Number(cost.toFixed(1)) },
];
const LONG: readonly Column[] = [
  { header: 'site', cell: ({ site }) => site },
  { header: 'node', cell: ({ host }) => host },
  { header: 'run', cell: ({ run }) => run },
  { header: 'resubmitted', cell: ({ resubmissions }) => resubmissions },
  { header: 'age', cell: ({ submittedAt, endedAt }, nowMs) => formatSpan((endedAt ?? nowMs) - submittedAt) },
];
const WHY: Column = { header: 'why', cell: ({ why }) => why };

/** What a narrow terminal shows of them. */
export const NARROW_JOBS: NarrowTable = {
  cuts: ['why', 'name'],
  drops: [
    'resubmitted',
    'run',
    'priority',
    'cost',
    'age',
    'owner',
    'node',
    'site',
    'memory',
    'cpu s',
    'runtime',
    'why',
  ],
};

export function jobTable(
  jobs: readonly ShownJob[],
  { isLong, showsUse, showsTime }: Pick<PsFlags, 'isLong' | 'showsUse' | 'showsTime'>,
  nowMs: number,
): { header: string[]; rows: Cell[][] } {
  const columns = [
    ...BASE,
    ...(showsUse ? USE : []),
    ...(showsUse || showsTime || isLong ? [TIME] : []),
    NAME,
    ...(isLong ? [...LONG, WHY] : []),
  ];
  return {
    header: columns.map(({ header }) => header),
    rows: jobs.map((job) => columns.map(({ cell }) => cell(job, nowMs))),
  };
}

/** As on AliEn: hours, minutes, seconds of the present or last run; what it was suspended for is left out once it has ended. */
function runningTime({ startedAt, endedAt, wallSeconds }: ShownJob, nowMs: number): string | null {
  if (startedAt === null) return null;
  const seconds = Math.max(0, Math.round(endedAt === null ? (nowMs - startedAt) / 1000 : wallSeconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
