/**
 * Which waiting job goes to which agent. Pure.
 *
 * Fair share first: the next job is one of the user with the fewest cores in use. Within a user the higher price goes first, then the
 * older job. A job goes to the agent that it ranks highest among those that want each other (Requirements of both) and have the cores,
 * the memory, the disk and the time left; without a Rank, to the one with the most free cores.
 * Jobs that ask for the same are asked of an agent once: what one could not get, the others of its kind do not try.
 */
import { type ClassAd, MatchPair, PreparedRequirements, printExpression, type Surroundings } from '../../jdl/index.js';

export interface WaitingJob {
  readonly jobId: number;
  readonly user: string;
  readonly price: number;
  /** The job's ad. */
  readonly ad: ClassAd;
  readonly cores: number;
  readonly ttlSeconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** It takes what is left of the slot. */
  readonly runsToEndOfSlot: boolean;
}

export interface AgentOffer {
  readonly agentId: string;
  readonly ad: ClassAd;
  readonly freeCores: number;
  readonly freeMemoryBytes: number;
  readonly freeDiskBytes: number;
  /** Infinity without an end of the slot. */
  readonly secondsLeft: number;
}

export interface Assignment {
  readonly jobId: number;
  readonly agentId: string;
}

interface Room {
  readonly offer: AgentOffer;
  cores: number;
  memoryBytes: number;
  diskBytes: number;
}

export function matchJobs(
  waiting: readonly WaitingJob[],
  offers: readonly AgentOffer[],
  { coresOf, surroundings }: { coresOf: ReadonlyMap<string, number>; surroundings: Surroundings },
): Assignment[] {
  const rooms: Room[] = offers
    .filter(({ freeCores }) => freeCores > 0)
    .map((offer) => ({
      offer,
      cores: offer.freeCores,
      memoryBytes: offer.freeMemoryBytes,
      diskBytes: offer.freeDiskBytes,
    }));
  const lines = new Map<string, WaitingJob[]>();
  for (const job of waiting) {
    const line = lines.get(job.user);
    if (line === undefined) lines.set(job.user, [job]);
    else line.push(job);
  }
  for (const [user, jobs] of lines)
    lines.set(
      user,
      jobs.toSorted((a, b) => b.price - a.price || a.jobId - b.jobId),
    );
  const used = new Map([...lines.keys()].map((user) => [user, coresOf.get(user) ?? 0]));
  const hopeless = new Set<string>();
  const agentsChoose = rooms.some(({ offer }) => offer.ad.has('Requirements'));
  const heads = new Map<string, number>();
  const assignments: Assignment[] = [];
  while (lines.size > 0 && rooms.some((room) => room.cores > 0)) {
    const user = [...lines.keys()].reduce((least, other) => (used.get(other)! < used.get(least)! ? other : least));
    const line = lines.get(user)!;
    const at = heads.get(user) ?? 0;
    const job = line[at];
    if (job === undefined) {
      lines.delete(user);
      continue;
    }
    heads.set(user, at + 1);
    const kind = agentsChoose ? String(job.jobId) : kindOf(job);
    const room = hopeless.has(kind) ? undefined : bestRoom(job, rooms, surroundings);
    if (room === undefined) {
      hopeless.add(kind);
      continue;
    }
    room.cores -= Math.max(1, job.cores);
    room.memoryBytes -= job.memoryBytes;
    room.diskBytes -= job.diskBytes;
    used.set(user, used.get(user)! + Math.max(1, job.cores));
    assignments.push({ jobId: job.jobId, agentId: room.offer.agentId });
  }
  return assignments;
}

function bestRoom(job: WaitingJob, rooms: readonly Room[], surroundings: Surroundings): Room | undefined {
  const requirements = new PreparedRequirements(job.ad, { surroundings });
  const isPicky = job.ad.has('Requirements');
  const fitting = rooms.filter(
    (room) =>
      room.cores >= Math.max(1, job.cores) &&
      room.memoryBytes >= job.memoryBytes &&
      room.diskBytes >= job.diskBytes &&
      (job.runsToEndOfSlot || room.offer.secondsLeft >= job.ttlSeconds) &&
      (!isPicky || requirements.accepts(room.offer.ad)) &&
      agentWants(room.offer.ad, job.ad, surroundings),
  );
  const ranked = fitting.map((room) => ({ room, rank: rankOf(job.ad, room.offer.ad, surroundings) }));
  return ranked.toSorted((a, b) => b.rank - a.rank || b.room.cores - a.room.cores)[0]?.room;
}

function agentWants(agent: ClassAd, job: ClassAd, surroundings: Surroundings): boolean {
  return !agent.has('Requirements') || new PreparedRequirements(agent, { surroundings }).accepts(job);
}

/** A Rank that is no number counts nothing, as in HTCondor. */
function rankOf(job: ClassAd, agent: ClassAd, surroundings: Surroundings): number {
  const rank = job.get('Rank');
  if (rank === undefined) return 0;
  const value = new MatchPair(job, agent, surroundings).evaluateInLeft(rank);
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0;
}

/** Jobs of one kind want the same: where Requirements speak of the job's own attributes, only of what stands here too. */
function kindOf({ jobId, ad, cores, ttlSeconds, memoryBytes, diskBytes }: WaitingJob): string {
  const requirements = ad.get('Requirements');
  const text = requirements === undefined ? '' : printExpression(requirements);
  // Without the other ad's names and texts nothing may be left that the ad itself defines.
  const own = text.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/\b(?:other|target)\s*\.\s*\w+/gi, '');
  const speaksOfItself = (own.match(/[A-Za-z_]\w*/g) ?? []).some(
    (word) => ad.has(word) || /^(?:my|self|this)$/i.test(word),
  );
  return `${speaksOfItself ? jobId : ''}|${cores}|${ttlSeconds}|${memoryBytes}|${diskBytes}|${text}`;
}
