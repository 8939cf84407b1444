/** One site: what "proof sites explain" says, and its pilots. */
import { z } from 'zod';
import { pilotInfo, siteExplanation } from '../../../protocol/api.js';
import { Figure, Problem, Table, time } from './parts.js';
import { usePolled } from './polled.js';
import { PILOT, SiteState } from './pool-view.js';
import type { ViewProps } from './views.js';

const pilots = z.array(pilotInfo);

export function SiteView({ site, onTokenWanted }: ViewProps & { site: string }) {
  const { value, problem } = usePolled(siteExplanation, `sites/${encodeURIComponent(site)}`, onTokenWanted);
  const all = usePolled(pilots, 'pilots', onTokenWanted);
  const own = (all.value ?? []).filter((pilot) => pilot.site === site && pilot.state !== 'gone');
  if (value === undefined) return problem === undefined ? <p class="none">Looking …</p> : <Problem why={problem} />;
  return (
    <article>
      <h2>
        {value.name} <SiteState site={value} />
      </h2>
      <Problem why={problem ?? all.problem} />
      <Problem why={value.trouble ?? undefined} />
      <p class="none">
        {value.type}: {value.description}
      </p>
      <dl class="figures">
        <Figure name="workers ready" value={value.workers.warm} />
        <Figure name="workers in sessions" value={value.workers.attached} />
        {Object.entries(value.limits).map(([name, limit]) => (
          <Figure key={name} name={name} value={limit} />
        ))}
      </dl>
      <section>
        <h3>What the factory did at its last look</h3>
        <p>{value.lastDecision}</p>
        {value.barred.map((line) => (
          <p key={line}>{line}</p>
        ))}
        {value.backOffUntil !== null && <p>It sends nothing before {time(value.backOffUntil)} UTC.</p>}
        {value.copies.map((copies) => (
          <p key={copies.se}>
            Copies to {copies.se}: {copies.copied} done, {copies.waiting} waiting, {copies.failed} failed
            {copies.message === null ? '' : ` (${copies.message})`}
          </p>
        ))}
      </section>
      <section>
        <h3>Pilots</h3>
        <Table rows={own} columns={PILOT} keyOf={({ pilotId }) => pilotId} none="None is alive." />
      </section>
      {value.recentEnds.length > 0 && (
        <section>
          <h3>Ended within the last hour</h3>
          <pre>{value.recentEnds.join('\n')}</pre>
        </section>
      )}
    </article>
  );
}
