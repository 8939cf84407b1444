/**
 * The factory at work on one site: asks the batch system about its pilots, reconciles that with the registry, decides
 * (decide.ts), submits or cancels. On every tick and at once when something happened; one look at a time.
 *
 * A pilot that ends, or runs for long, without having registered is examined: its output is fetched, the reason is kept with the
 * pilot and counts as a failure of the site. Pilots are recorded before they are handed over, so that a crash in between leaves
 * one that is known, never one too many.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../protocol/clock.js';
import { errorBody } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import { withDeadline } from '../../storage/deadline.js';
import type { SiteConfig } from '../config.js';
import type { Pilot, PilotStore } from '../pilot-store.js';
import type { SiteStore } from '../site-store.js';
import { type BatchStatus, type Site, SiteError } from '../sites/site.js';
import { afterFailure, type BackOffState, NO_BACK_OFF } from './back-off.js';
import { type Decision, decide } from './decide.js';
import type { SiteDemand } from './demand.js';
import { examine, isUnfit } from './examine.js';
import { FailedLooks } from './failed-looks.js';
import { WAITING_STATES } from './pilot-states.js';
import { type HeldJob, reconcile } from './reconcile.js';

export interface PilotKeeperOptions {
  readonly site: Site;
  readonly config: SiteConfig;
  readonly jdl: string;
  readonly pilots: PilotStore;
  readonly sites: SiteStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** What this site is asked for beyond its floor. */
  readonly demand: () => SiteDemand;
  /** Its agents that were idle for longer than `letGoIdleS`, the longest first. */
  readonly idleLong: () => readonly string[];
  /** This agent shall take nothing new and end. */
  readonly letGo: (agentId: string, why: string) => void;
  /** What a pilot brought by itself, where nodes share no directory; else ''. */
  readonly sentLog: (pilotId: string) => Promise<string>;
  /** From one look to the next at least: much may happen at once, and each look asks the batch system. */
  readonly gapMs: number;
  /** The batch system says that a pilot is over: its agent, if it had one, is dead. */
  readonly onPilotEnded: (pilot: Pilot, why: string) => void;
}

/** A batch system that does not answer in this time has failed for this look. */
const SITE_CALL_MS = 60_000;
/** Jobs under the names of pilots are compared with the pilots that are known so often, and at the first look. */
const RECONCILE_MS = 60_000;
const EARLY_END_MS = 20_000;
const EARLY_ENDS = 5;

export class PilotKeeper {
  readonly #options: PilotKeeperOptions;
  readonly #log: Logger;
  #decision: { at: Date; text: string } | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #earlyEnds = 0;
  #reconciledAt: number | undefined;
  /** Pilots that the batch system holds back -> since, ms. */
  readonly #heldSince = new Map<string, number>();
  readonly #failedLooks = new FailedLooks();
  /** What is odd about pilots that wait; '' where nothing is. */
  #waitingTrouble = '';
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PilotKeeperOptions) {
    this.#options = options;
    this.#log = options.log.child({ site: options.config.name });
  }

  get site(): Site {
    return this.#options.site;
  }
  get config(): SiteConfig {
    return this.#options.config;
  }
  get jdl(): string {
    return this.#options.jdl;
  }
  get backOff(): BackOffState {
    return this.#options.sites.backOff(this.config.name);
  }
  get banned(): string | null {
    return this.#options.sites.banned(this.config.name);
  }
  /** @param why null: open again */
  ban(why: string | null): void {
    this.#options.sites.setBanned(this.config.name, why);
    void this.look();
  }
  /** Why it did what it did at its last look. */
  get lastDecision(): string {
    return this.#decision === undefined
      ? 'not looked yet'
      : `${this.#decision.at.toISOString()} ${this.#decision.text}`;
  }

  /** What somebody should look into; null: nothing. */
  get trouble(): string | null {
    const { failures, lastFailure } = this.backOff;
    if (this.#failedLooks.sentence !== null) return this.#failedLooks.sentence;
    if (failures > 0)
      return `${failures} ${failures === 1 ? 'failure' : 'failures in a row'}, the last: ${lastFailure}`;
    return this.#waitingTrouble === '' ? null : this.#waitingTrouble;
  }

  /** Looks now; a look that is under way is followed by another. */
  look(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#again = true;
    this.#looking ??= this.#run().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** No more looks; waits for the one under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#again = false;
    await this.#looking;
  }

  /** Of this JDL, or of the factory's own. */
  async submit(
    n: number,
    { jdl, isByHand }: { jdl: string | null; isByHand: boolean },
  ): Promise<{ pilotIds: string[]; errors: string[] }> {
    const { config, pilots, clock, site } = this.#options;
    const tickets = Array.from({ length: n }, () => ({
      pilotId: `p${clock.date().getTime().toString(36)}-${randomBytes(4).toString('hex')}`,
      secret: randomBytes(32).toString('base64url'),
    }));
    pilots.add(
      tickets.map((ticket) => ({ ...ticket, site: config.name })),
      clock.date().getTime(),
      { isByHand },
    );
    const errors: string[] = [];
    try {
      for (const answer of await this.#bounded(site.submit(jdl ?? this.jdl, tickets), 'take pilots')) {
        if ('batchId' in answer) pilots.setBatchId(answer.pilotId, answer.batchId);
        else {
          errors.push(answer.error);
          this.#ended(answer.pilotId, `not submitted: ${answer.error}`);
        }
      }
    } catch (error) {
      errors.push(errorBody(error).message);
      for (const { pilotId } of tickets) this.#ended(pilotId, `not submitted: ${errorBody(error).message}`);
    }
    if (errors.length > 0) this.#fail(`submission: ${errors[0]}`);
    this.#log.info('submitted pilots', { n: tickets.length - errors.length, failed: errors.length });
    const failed = new Set(
      errors.length === 0 ? [] : tickets.filter((t) => pilots.get(t.pilotId)?.state === 'gone').map((t) => t.pilotId),
    );
    return { pilotIds: tickets.map((t) => t.pilotId).filter((id) => !failed.has(id)), errors };
  }

  async kill(pilots: readonly Pilot[], why: string): Promise<void> {
    const ids = pilots.flatMap((pilot) => (pilot.batchId === null ? [] : [pilot.batchId]));
    if (ids.length > 0) await this.#bounded(this.site.cancel(ids), 'cancel pilots');
    for (const pilot of pilots) this.#ended(pilot.pilotId, why);
  }

  /** A pilot's agent has warm workers: the site works. */
  proven(): void {
    if (this.backOff.failures > 0) this.#options.sites.setBackOff(this.config.name, NO_BACK_OFF);
  }

  /** A failure that was seen elsewhere: an unfit node. */
  failed(why: string): void {
    this.#fail(why);
  }

  async #run(): Promise<void> {
    const { clock, gapMs } = this.#options;
    while (this.#again && !this.#stopped) {
      const early = gapMs - (clock.now() - this.#lookedAt);
      if (early > 0) await new Promise<void>((resolve) => clock.after(early, resolve));
      this.#again = false;
      this.#lookedAt = clock.now();
      if (this.#stopped) return;
      try {
        await this.#reconcile();
        if (!this.#stopped) await this.#act();
        const failed = this.#failedLooks.succeeded();
        if (failed > 0) this.#log.info(`the site can be looked at again; looks that failed: ${failed}`);
      } catch (error) {
        const { message } = errorBody(error);
        this.#note(`the look failed: ${message}`);
        if (this.#failedLooks.failed(message, clock.date())) this.#log.error(`a look at the site failed: ${message}`);
      }
    }
  }

  #live(): Pilot[] {
    return this.#options.pilots.live().filter((pilot) => pilot.site === this.config.name);
  }

  async #reconcile(): Promise<void> {
    const { pilots, clock } = this.#options;
    const { site } = this.#options;
    const sinceMs = clock.now() - (this.#reconciledAt ?? Number.NEGATIVE_INFINITY);
    if (site.jobs !== undefined && sinceMs >= RECONCILE_MS) await this.#findJobs(site.jobs());
    const live = this.#live();
    const ids = live.flatMap((pilot) => (pilot.batchId === null ? [] : [pilot.batchId]));
    const statuses =
      ids.length === 0
        ? new Map<string, BatchStatus>()
        : await this.#bounded(this.site.status(ids), 'tell the state of its pilots');
    const nowMs = clock.date().getTime();
    for (const pilot of live) {
      const status = pilot.batchId === null ? undefined : statuses.get(pilot.batchId);
      if (status?.state === 'queued' || status?.state === 'held') pilots.move(pilot.pilotId, 'queue');
      else if (status?.state === 'running') pilots.move(pilot.pilotId, 'run', { startedAt: nowMs });
      const isWaiting = WAITING_STATES.includes(pilots.get(pilot.pilotId)?.state ?? 'gone');
      if (isWaiting && status?.state === 'held') {
        await this.#held(pilot, status.why ?? 'no reason', nowMs);
        continue;
      }
      if (this.#heldSince.delete(pilot.pilotId)) pilots.setWhy(pilot.pilotId, null);
      if (status?.state === 'ended') await this.#pilotEnded(pilot, status, isWaiting);
      else if (isWaiting && this.#isOverdue(pilot, status, nowMs)) await this.#giveUp(pilot, status);
    }
  }

  /** Pilots whose batch id was never heard are found by their name; doubled jobs, and those of pilots that were given up, are cancelled. */
  async #findJobs(held: Promise<HeldJob[]>): Promise<void> {
    const { clock, pilots, site } = this.#options;
    const jobs = await this.#bounded(held, 'list its pilots');
    this.#reconciledAt = clock.now();
    const { adopt, cancel } = reconcile(jobs, (pilotId) => {
      const pilot = pilots.get(pilotId);
      return pilot?.site === this.config.name ? pilot : undefined;
    });
    for (const { pilotId, batchId } of adopt) {
      pilots.setBatchId(pilotId, batchId);
      this.#log.info('a pilot was found in the batch system', { pilotId, batchId });
    }
    for (const { pilotId, batchId, why } of cancel) this.#log.warn(`a job is cancelled: ${why}`, { pilotId, batchId });
    if (cancel.length > 0) await this.#bounded(site.cancel(cancel.map(({ batchId }) => batchId)), 'cancel jobs');
  }

  /** Somebody must act: that is shown; if nobody does, the pilot is not waited for. */
  async #held(pilot: Pilot, why: string, nowMs: number): Promise<void> {
    const since = this.#heldSince.get(pilot.pilotId) ?? nowMs;
    this.#heldSince.set(pilot.pilotId, since);
    this.#options.pilots.setWhy(pilot.pilotId, `held: ${why}`);
    if (nowMs - since < this.config.giveUpHeldS * 1000) return;
    this.#heldSince.delete(pilot.pilotId);
    this.#fail(`pilot ${pilot.pilotId} was held for ${this.config.giveUpHeldS} s: ${why}`);
    await this.kill([pilot], `held for ${this.config.giveUpHeldS} s: ${why}`);
  }

  #waitingNote(waiting: readonly Pilot[], nowMs: number): string {
    const held = waiting.filter(({ pilotId }) => this.#heldSince.has(pilotId));
    const queued = waiting.filter(({ startedAt }) => startedAt === null);
    const oldestS = Math.round((nowMs - Math.min(nowMs, ...queued.map(({ submittedAt }) => submittedAt))) / 1000);
    return [
      ...(held.length === 0 ? [] : [`${held.length} ${held[0]!.why ?? 'held'}`]),
      ...(oldestS < this.config.staleQueueS ? [] : [`the oldest queued for ${oldestS} s`]),
    ].join('; ');
  }

  /** Runs, or is not known to the batch system, for longer than a start can take. */
  #isOverdue(pilot: Pilot, status: BatchStatus | undefined, nowMs: number): boolean {
    if (status?.state === 'queued' || status?.state === 'held') return false;
    return nowMs - (pilot.startedAt ?? pilot.submittedAt) > this.config.registerWithinS * 1000;
  }

  async #pilotEnded(pilot: Pilot, status: BatchStatus, isWaiting: boolean): Promise<void> {
    const how = await this.#howItEnded(pilot, status, isWaiting);
    this.#ended(pilot.pilotId, how);
    if (!isWaiting) this.#options.onPilotEnded(pilot, `pilot ${pilot.pilotId} is over: ${how}`);
  }

  /** Counts it as a failure of the site, where it is one. */
  async #howItEnded(pilot: Pilot, status: BatchStatus, isWaiting: boolean): Promise<string> {
    const isDraining = pilot.state === 'draining';
    // An agent that is not fit may end before it could tell so over its connection.
    if (isWaiting || (!isDraining && isUnfit(status))) {
      const { why } = examine(status, await this.#outputOf(pilot));
      this.#log.warn(isWaiting ? 'a pilot ended without having registered' : 'a pilot ended: its node is not fit', {
        ...{ pilotId: pilot.pilotId, why },
      });
      const how = isWaiting ? `never registered: ${why}` : why;
      this.#fail(`pilot ${pilot.pilotId} ${isWaiting ? how : `ended: ${why}`}`);
      return how;
    }
    const end = status.why ?? (status.exitStatus === null ? 'it ended' : `exit status ${status.exitStatus}`);
    // The batch system may be faster than the agent's own last word.
    const how = isDraining && pilot.why !== null ? `${pilot.why} (${end})` : end;
    this.#countEarlyEnd(pilot, how);
    return how;
  }

  /** A black hole: agents register, and die before they can have been of use. One may be an accident. */
  #countEarlyEnd(pilot: Pilot, how: string): void {
    const livedMs = this.#options.clock.date().getTime() - (pilot.registeredAt ?? 0);
    this.#earlyEnds = livedMs < EARLY_END_MS && pilot.state !== 'draining' ? this.#earlyEnds + 1 : 0;
    if (this.#earlyEnds >= EARLY_ENDS)
      this.#fail(`${this.#earlyEnds} agents in a row ended within ${EARLY_END_MS / 1000} s of registering: ${how}`);
  }

  async #giveUp(pilot: Pilot, status: BatchStatus | undefined): Promise<void> {
    const known = status ?? { state: 'unknown' as const, exitStatus: null, why: null };
    const { why } = examine(known, await this.#outputOf(pilot));
    this.#fail(`pilot ${pilot.pilotId} did not register within ${this.config.registerWithinS} s: ${why}`);
    await this.kill([pilot], `did not register within ${this.config.registerWithinS} s: ${why}`);
  }

  async #act(): Promise<void> {
    const { clock, demand, idleLong, letGo } = this.#options;
    const { min, max, maxQueued, maxPerCycle, cores: coresPerPilot, letGoIdleS } = this.config;
    const live = this.#live();
    const waiting = live.filter((pilot) => WAITING_STATES.includes(pilot.state));
    const draining = live.filter((pilot) => pilot.state === 'draining').length;
    const idle = idleLong();
    this.#waitingTrouble = this.#waitingNote(waiting, clock.date().getTime());
    const decision = decide(
      { min, max, maxQueued, maxPerCycle, coresPerPilot, letGoIdleS },
      {
        waiting: waiting.length,
        byHand: waiting.filter(({ isByHand }) => isByHand).length,
        waitingNote: this.#waitingTrouble,
        serving: live.length - waiting.length - draining,
        draining,
        idleLong: idle.length,
        demand: demand(),
        backOff: this.backOff,
        banned: this.banned,
        nowMs: clock.date().getTime(),
      },
    );
    this.#note(decision.because, decision);
    if (decision.submit > 0) await this.submit(decision.submit, { jdl: null, isByHand: false });
    // The youngest first: the oldest have waited longest and come next.
    const surplus = this.banned === null ? waiting.filter(({ isByHand }) => !isByHand) : waiting;
    if (decision.cancel > 0) await this.kill(surplus.slice(-decision.cancel), 'not needed any more');
    for (const agentId of idle.slice(0, decision.letGo)) letGo(agentId, `idle for ${letGoIdleS} s, above the floor`);
  }

  #note(text: string, decision?: Decision): void {
    this.#decision = { at: this.#options.clock.date(), text };
    if (decision !== undefined && decision.submit + decision.cancel + decision.letGo > 0) this.#log.info(text);
  }

  #fail(why: string): void {
    const { sites, clock } = this.#options;
    const limits = { pauseMs: this.config.backOffS * 1000, maxPauseMs: this.config.maxBackOffS * 1000 };
    sites.setBackOff(this.config.name, afterFailure(this.backOff, why, clock.date().getTime(), limits));
  }

  #ended(pilotId: string, why: string): void {
    this.#options.pilots.move(pilotId, 'end', { endedAt: this.#options.clock.date().getTime(), why });
  }

  async #outputOf(pilot: Pilot): Promise<string> {
    const sent = await this.#options.sentLog(pilot.pilotId);
    if (sent !== '' || pilot.batchId === null) return sent;
    try {
      return await this.#bounded(this.site.output(pilot.batchId), 'give the output of a pilot');
    } catch (error) {
      return `its output cannot be fetched: ${errorBody(error).message}`;
    }
  }

  #bounded<T>(answer: Promise<T>, what: string): Promise<T> {
    const error = (): Error =>
      new SiteError(`Site ${this.config.name} did not ${what} within ${SITE_CALL_MS / 1000} s.`);
    return withDeadline(answer, { clock: this.#options.clock, ms: SITE_CALL_MS, error });
  }
}
