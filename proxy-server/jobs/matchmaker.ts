/**
 * Which waiting job goes to which agent. Pure, and in steps, so that whoever drives it can let others go on between them.
 *
 * The next job is one of the user with the highest priority (quotas.ts), among equals of the one with the fewest cores in use; within a user
 * the higher price goes first, then the older job. A job goes to the agent that it ranks highest among those that want each other
 * (Requirements of both) and have the cores, the memory, the disk and the time left; without a Rank, to the one with the most free cores.
 * Jobs that want the same ask each agent once a round: what one could not get, the others of its kind do not try.
 */
import { type ClassAd, MatchPair, PreparedRequirements, type Surroundings } from '../../jdl/index.js';
import type { Wants } from './job-wants.js';
import type { Line, WaitingQueue } from './waiting-queue.js';

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

export interface MatchRound {
  readonly queue: WaitingQueue;
  readonly offers: readonly AgentOffer[];
  /** Cores that users hold already. */
  readonly coresOf: ReadonlyMap<string, number>;
  /** Higher goes first; 0: nothing of this user is given out now. */
  readonly priorityOf: (user: string, coresInUse: number) => number;
  readonly surroundings: Surroundings;
}

interface Room {
  readonly offer: AgentOffer;
  readonly wants: PreparedRequirements | undefined;
  cores: number;
  memoryBytes: number;
  diskBytes: number;
}
interface Candidate {
  readonly room: Room;
  readonly rank: number;
}

/**
 * One look at all waiting jobs. Yields an assignment, to be answered with whether it was carried out (its job is then no longer in the
 * queue), or undefined: a good moment to let others go on. The queue may change between steps.
 */
export function* matchRound(round: MatchRound): Generator<Assignment | undefined, void, boolean | undefined> {
  const rooms = round.offers.filter(({ freeCores }) => freeCores > 0).map((offer) => roomOf(offer, round.surroundings));
  const lines = linesByUser(round.queue);
  const used = new Map([...lines.keys()].map((user) => [user, round.coresOf.get(user) ?? 0]));
  const candidates = new Map<string, Candidate[]>();
  while (lines.size > 0 && rooms.some(({ cores }) => cores > 0)) {
    const user = nextUser(lines, used, round);
    if (user === undefined) return;
    const line = nextLine(lines.get(user)!);
    if (line === undefined) {
      lines.delete(user);
      continue;
    }
    let fitting = candidates.get(line.kind);
    if (fitting === undefined) {
      fitting = yield* candidatesFor(line.wants, rooms, round.surroundings);
      candidates.set(line.kind, fitting);
      if (line.jobIds.length === 0) continue; // all of its jobs were killed meanwhile
    }
    const room = bestRoom(line.wants, fitting);
    if (room === undefined) {
      lines.get(user)!.delete(line);
      continue;
    }
    const { cores, memoryBytes, diskBytes } = line.wants;
    if ((yield { jobId: line.jobIds[0]!, agentId: room.offer.agentId }) !== true) {
      room.cores = 0; // its agent is not there any more
      continue;
    }
    room.cores -= cores;
    room.memoryBytes -= memoryBytes;
    room.diskBytes -= diskBytes;
    used.set(user, used.get(user)! + cores);
  }
}

function roomOf(offer: AgentOffer, surroundings: Surroundings): Room {
  const { freeCores, freeMemoryBytes, freeDiskBytes, ad } = offer;
  const wants = ad.has('Requirements') ? new PreparedRequirements(ad, { surroundings }) : undefined;
  return { offer, wants, cores: freeCores, memoryBytes: freeMemoryBytes, diskBytes: freeDiskBytes };
}

function linesByUser(queue: WaitingQueue): Map<string, Set<Line>> {
  const lines = new Map<string, Set<Line>>();
  for (const line of queue.lines()) {
    const own = lines.get(line.user);
    if (own === undefined) lines.set(line.user, new Set([line]));
    else own.add(line);
  }
  return lines;
}

function nextUser(
  lines: ReadonlyMap<string, unknown>,
  used: ReadonlyMap<string, number>,
  { priorityOf }: MatchRound,
): string | undefined {
  let best: { user: string; priority: number; cores: number } | undefined;
  for (const user of lines.keys()) {
    const cores = used.get(user)!;
    const priority = priorityOf(user, cores);
    if (priority <= 0) continue;
    if (best === undefined || priority > best.priority || (priority === best.priority && cores < best.cores))
      best = { user, priority, cores };
  }
  return best?.user;
}

/** Of one user: the dearest, then the one whose first job is the oldest. */
function nextLine(lines: Set<Line>): Line | undefined {
  let best: Line | undefined;
  for (const line of lines) {
    if (line.jobIds.length === 0) lines.delete(line);
    else if (
      best === undefined ||
      line.wants.price > best.wants.price ||
      (line.wants.price === best.wants.price && line.jobIds[0]! < best.jobIds[0]!)
    )
      best = line;
  }
  return best;
}

/** Rooms whose agents and these jobs want each other, the highest rank first. */
function* candidatesFor(
  wants: Wants,
  rooms: readonly Room[],
  surroundings: Surroundings,
): Generator<undefined, Candidate[], boolean | undefined> {
  const found: Candidate[] = [];
  for (const [i, room] of rooms.entries()) {
    if (i % 64 === 63) yield undefined;
    if (!fits(wants, room) || !likeEachOther(wants, room)) continue;
    found.push({ room, rank: wants.hasRank ? rankOf(wants.ad, room.offer.ad, surroundings) : 0 });
  }
  return found.sort((a, b) => b.rank - a.rank);
}

/** Would an agent that offers this take such a job? */
export function wouldMatch(wants: Wants, offer: AgentOffer, surroundings: Surroundings): boolean {
  const room = roomOf(offer, surroundings);
  return fits(wants, room) && likeEachOther(wants, room);
}

const likeEachOther = (wants: Wants, room: Room): boolean =>
  (wants.requirements === undefined || wants.requirements.accepts(room.offer.ad)) &&
  (room.wants === undefined || room.wants.accepts(wants.ad));

const fits = (wants: Wants, room: Room): boolean =>
  room.cores >= wants.cores &&
  room.memoryBytes >= wants.memoryBytes &&
  room.diskBytes >= wants.diskBytes &&
  (wants.runsToEndOfSlot || room.offer.secondsLeft >= wants.ttlSeconds);

/** Rooms only get smaller within a round: one that is too small now is dropped for good. */
function bestRoom(wants: Wants, candidates: Candidate[]): Room | undefined {
  let best: Candidate | undefined;
  let kept = 0;
  let i = 0;
  for (; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    if (best !== undefined && candidate.rank < best.rank) break;
    if (!fits(wants, candidate.room)) continue;
    candidates[kept++] = candidate;
    if (best === undefined || candidate.room.cores > best.room.cores) best = candidate;
  }
  if (kept < i) candidates.splice(kept, i - kept);
  return best?.room;
}

/** A Rank that is no number counts nothing, as in HTCondor. */
function rankOf(job: ClassAd, agent: ClassAd, surroundings: Surroundings): number {
  const value = new MatchPair(job, agent, surroundings).evaluateInLeft(job.get('Rank')!);
  const rank = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0;
  return Number.isNaN(rank) ? 0 : rank;
}
