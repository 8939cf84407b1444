/** One batch job and its trace. */
import { z } from 'zod';
import { type JobInfo, jobInfo, traceLine } from '../../../protocol/job-messages.js';
import { formatSpan } from '../../../protocol/span.js';
import { JobStateWord } from './job-state.js';
import { Figure, Problem, time } from './parts.js';
import { usePolled } from './polled.js';
import { hashOf, type ViewProps } from './views.js';

const trace = z.array(traceLine);

export function JobView({ job, onTokenWanted }: ViewProps & { job: string }) {
  const path = `jobs/${encodeURIComponent(job)}`;
  const { value, problem } = usePolled(jobInfo, path, onTokenWanted);
  const lines = usePolled(trace, `${path}/trace`, onTokenWanted);
  if (value === undefined) return problem === undefined ? <p class="none">Looking …</p> : <Problem why={problem} />;
  return (
    <article>
      <h2>
        Job {value.jobId}: {value.name} <JobStateWord job={value} />
      </h2>
      <Problem why={problem ?? lines.problem} />
      <p class="none">
        of {value.user}
        {value.masterId !== null && (
          <>
            , a part of <a href={hashOf({ view: 'jobs', detail: String(value.masterId) })}>{value.masterId}</a>
          </>
        )}
      </p>
      {value.why !== null && <p>{value.why}</p>}
      <Figures job={value} />
      <section>
        <h3>Trace</h3>
        <pre>{(lines.value ?? []).map(({ at, tag, text }) => `${time(at)} [${tag}] ${text}`).join('\n')}</pre>
      </section>
    </article>
  );
}

function Figures({ job }: { job: JobInfo }) {
  return (
    <dl class="figures">
      <Figure name="cores" value={job.cores} />
      {job.site !== null && <Figure name="site" value={job.site} />}
      {job.host !== null && <Figure name="host" value={job.host} />}
      {job.startedAt !== null && (
        <Figure
          name={job.endedAt === null ? 'runs for' : 'ran for'}
          value={formatSpan((job.endedAt ?? Date.now()) - job.startedAt)}
        />
      )}
      {job.cpuSeconds > 0 && <Figure name="CPU" value={formatSpan(job.cpuSeconds * 1000)} />}
      {job.memoryBytes > 0 && <Figure name="MB at most" value={Math.round(job.memoryBytes / 1e6)} />}
      {job.exitCode !== null && <Figure name="exit status" value={job.exitCode} />}
      {job.resubmissions > 0 && <Figure name="resubmitted" value={job.resubmissions} />}
    </dl>
  );
}
