/** What stands ready: sites and why the factory does what it does there, pilots, sessions. */
import { z } from 'zod';
import {
  type PilotInfo,
  type PilotState,
  pilotInfo,
  type SessionInfo,
  type SiteInfo,
  sessionInfo,
  siteInfo,
} from '../../../protocol/api.js';
import { formatSpan } from '../../../protocol/span.js';
import { LIVE_STATES, WAITING_STATES } from '../../factory/pilot-states.js';
import { type Column, Figure, Problem, State, Table } from './parts.js';
import { usePolled } from './polled.js';
import { hashOf, type ViewProps } from './views.js';

const sites = z.array(siteInfo);
const pilots = z.array(pilotInfo);
const sessions = z.array(sessionInfo);

export function PoolView({ onTokenWanted }: ViewProps) {
  const allSites = usePolled(sites, 'sites', onTokenWanted);
  const allPilots = usePolled(pilots, 'pilots', onTokenWanted);
  const allSessions = usePolled(sessions, 'sessions', onTokenWanted);
  const open = (allSessions.value ?? []).filter(({ state }) => state !== 'ended');
  const living = (allPilots.value ?? []).filter(({ state }) => state !== 'gone');
  const gone = (allPilots.value ?? []).filter(({ state }) => state === 'gone');
  const total = (of: (site: SiteInfo) => number): number => (allSites.value ?? []).reduce((n, site) => n + of(site), 0);
  return (
    <>
      <Problem why={allSites.problem ?? allPilots.problem ?? allSessions.problem} />
      <dl class="figures">
        <Figure name="workers ready" value={total(({ workers }) => workers.warm)} />
        <Figure name="workers in sessions" value={total(({ workers }) => workers.attached)} />
        <Figure name="pilots" value={living.length} />
        <Figure name="sessions" value={open.length} />
      </dl>
      <section>
        <h2>Sites</h2>
        <Table rows={allSites.value ?? []} columns={SITE} keyOf={({ name }) => name} none="No site is configured." />
      </section>
      <section>
        <h2>Sessions</h2>
        <Table
          rows={open}
          columns={SESSION}
          keyOf={({ sessionId }) => sessionId}
          none='None is open: "proof open" does.'
        />
      </section>
      <section>
        <h2>Pilots</h2>
        <Table rows={living} columns={PILOT} keyOf={({ pilotId }) => pilotId} none="None is alive." />
      </section>
      {gone.length > 0 && (
        <details>
          <summary>{gone.length} that ended lately</summary>
          <Table rows={gone.toReversed()} columns={PILOT} keyOf={({ pilotId }) => pilotId} none="" />
        </details>
      )}
    </>
  );
}

const AT_WORK = LIVE_STATES.filter((state) => !WAITING_STATES.includes(state) && state !== 'draining');
const sum = (site: SiteInfo, states: readonly PilotState[]): number =>
  states.reduce((n, state) => n + (site.pilots[state] ?? 0), 0);

const SITE: readonly Column<SiteInfo>[] = [
  { title: 'site', of: ({ name }) => <a href={hashOf({ view: 'pool', detail: name })}>{name}</a> },
  { title: 'type', of: ({ type }) => type },
  { title: 'pilots', of: (site) => `${sum(site, AT_WORK)} of ${site.min} to ${site.max}`, isNumber: true },
  { title: 'on their way', of: (site) => sum(site, WAITING_STATES), isNumber: true },
  { title: 'ready', of: ({ workers }) => workers.warm, isNumber: true },
  { title: 'in sessions', of: ({ workers }) => workers.attached, isNumber: true },
  { title: 'state', of: (site) => <SiteState site={site} /> },
  {
    title: 'last decision',
    of: ({ lastDecision, barred, trouble }) =>
      [...(trouble === null ? [] : [trouble]), ...barred, lastDecision].join('; '),
    isText: true,
  },
];

export function SiteState({ site }: { site: SiteInfo }) {
  if (site.banned !== null) return <State word={`closed: ${site.banned}`} kind="bad" />;
  if (site.backOffUntil !== null && site.backOffUntil > Date.now())
    return <State word={`pauses for ${formatSpan(site.backOffUntil - Date.now())}`} kind="bad" />;
  if (site.trouble !== null) return <State word="trouble" kind="bad" />;
  return sum(site, AT_WORK) >= site.min ? <State word="full" kind="good" /> : <State word="filling" kind="busy" />;
}

const SESSION: readonly Column<SessionInfo>[] = [
  { title: 'session', of: ({ sessionId }) => <code>{sessionId}</code> },
  { title: 'user', of: ({ user }) => user },
  { title: 'title', of: ({ title }) => title },
  { title: 'workers', of: ({ workers }) => workers, isNumber: true },
  { title: 'clients', of: ({ clients }) => clients, isNumber: true },
  { title: 'open for', of: ({ startedAt }) => formatSpan(Date.now() - startedAt), isNumber: true },
];

export const PILOT: readonly Column<PilotInfo>[] = [
  { title: 'pilot', of: ({ pilotId }) => <code>{pilotId}</code> },
  { title: 'site', of: ({ site }) => site },
  { title: 'state', of: ({ state }) => <State word={state} kind={pilotKind(state)} /> },
  { title: 'host', of: ({ host }) => host },
  { title: 'cores', of: ({ cores }) => cores, isNumber: true },
  { title: 'workers', of: ({ workers }) => workers, isNumber: true },
  { title: 'age', of: (pilot) => formatSpan((pilot.endedAt ?? Date.now()) - pilot.submittedAt), isNumber: true },
  {
    title: 'time left',
    of: ({ wallTimeEnd: end, endedAt }) => (end === null || endedAt !== null ? '' : formatSpan(end - Date.now())),
    isNumber: true,
  },
  { title: 'why', of: ({ why }) => why, isText: true },
];

function pilotKind(state: PilotState): 'good' | 'busy' | 'over' {
  if (state === 'gone') return 'over';
  return AT_WORK.includes(state) ? 'good' : 'busy';
}
