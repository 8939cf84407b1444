/**
 * Who gets the workers: fair shares between users, then between the sessions of one user, then whole workers to sessions.
 *
 * Pure: it sees the pool as it is and says what to do next; called again after everything that happens. A share is a promise over
 * all workers that exist (those that are just starting too), so that it does not change while processes are replaced.
 * A worker that a session holds is only taken back when another session is below its share and nothing free can fill it.
 */
export interface SchedulerSession {
  readonly sessionId: string;
  readonly user: string;
  /** At most so many workers; null: any number. */
  readonly wanted: number | null;
  /** Workers given to it, those that it was asked to let go included. */
  readonly held: number;
  /** Of `held`: asked back, not returned yet. */
  readonly leaving: number;
}

export interface SchedulerView {
  /** Warm and promised to nobody, the best first. */
  readonly free: readonly string[];
  /** Processes that will be warm soon. */
  readonly starting: number;
  /** The older session first. */
  readonly sessions: readonly SchedulerSession[];
}

export interface Schedule {
  readonly attach: readonly { readonly workerId: string; readonly sessionId: string }[];
  readonly letGo: readonly { readonly sessionId: string; readonly n: number }[];
  /** What each session may count on at present. */
  readonly shares: ReadonlyMap<string, number>;
  /** Workers that sessions would use beyond all that there are; infinite while a session takes any number. */
  readonly unmet: number;
}

export function schedule(view: SchedulerView): Schedule {
  const total = view.free.length + view.starting + sum(view.sessions.map((s) => s.held));
  const shares = fairShares(total, view.sessions);
  const free = [...view.free];
  const attach: { workerId: string; sessionId: string }[] = [];
  const short: { sessionId: string; missing: number }[] = [];
  for (const session of view.sessions) {
    let missing = shares.get(session.sessionId)! - (session.held - session.leaving);
    while (missing > 0 && free.length > 0) {
      attach.push({ workerId: free.shift()!, sessionId: session.sessionId });
      missing--;
    }
    if (missing > 0) short.push({ sessionId: session.sessionId, missing });
  }
  const onTheWay = view.starting + sum(view.sessions.map((s) => s.leaving));
  let needed = sum(short.map((s) => s.missing)) - onTheWay;
  const letGo: { sessionId: string; n: number }[] = [];
  for (const session of view.sessions) {
    const above = session.held - session.leaving - shares.get(session.sessionId)!;
    const n = Math.min(above, needed);
    if (n <= 0) continue;
    letGo.push({ sessionId: session.sessionId, n });
    needed -= n;
  }
  const wanted = sum(view.sessions.map((s) => s.wanted ?? Number.POSITIVE_INFINITY));
  return { attach, letGo, shares, unmet: Math.max(0, wanted - total) };
}

/** Whole workers a session: equal between users, then between a user's sessions; what one does not want goes to the others. */
export function fairShares(total: number, sessions: readonly SchedulerSession[]): Map<string, number> {
  const byUser = new Map<string, SchedulerSession[]>();
  for (const session of sessions) byUser.set(session.user, [...(byUser.get(session.user) ?? []), session]);
  const users = [...byUser].map(([user, own]) => ({
    id: user,
    wanted: own.some((s) => s.wanted === null) ? null : sum(own.map((s) => s.wanted!)),
    held: sum(own.map((s) => s.held - s.leaving)),
  }));
  const ofUser = divide(total, users);
  const shares = new Map<string, number>();
  for (const [user, own] of byUser) {
    const claims = own.map((s) => ({ id: s.sessionId, wanted: s.wanted, held: s.held - s.leaving }));
    for (const [sessionId, n] of divide(ofUser.get(user)!, claims)) shares.set(sessionId, n);
  }
  return shares;
}

interface Claim {
  readonly id: string;
  readonly wanted: number | null;
  readonly held: number;
}

/** Equal parts, nobody above its want. A remainder stays with those that hold more already, so that no worker moves without need. */
function divide(total: number, claims: readonly Claim[]): Map<string, number> {
  const parts = new Map(claims.map((claim) => [claim.id, 0]));
  let left = total;
  let open = claims.filter((claim) => claim.wanted !== 0);
  while (left > 0 && open.length > 0) {
    const each = Math.floor(left / open.length);
    if (each === 0) {
      const extra = open.toSorted((a, b) => b.held - parts.get(b.id)! - (a.held - parts.get(a.id)!)).slice(0, left);
      for (const claim of extra) parts.set(claim.id, parts.get(claim.id)! + 1);
      break;
    }
    for (const claim of open) {
      const part = Math.min(each, (claim.wanted ?? Number.POSITIVE_INFINITY) - parts.get(claim.id)!);
      parts.set(claim.id, parts.get(claim.id)! + part);
      left -= part;
    }
    open = open.filter((claim) => claim.wanted === null || parts.get(claim.id)! < claim.wanted);
  }
  return parts;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
