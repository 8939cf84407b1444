/** One query: how far it is, its histograms as they fill, what failed, what each worker did. */
import { useEffect, useState } from 'preact/hooks';
import type { OutputResult } from '../../../analysis/outputs/result.js';
import type { QueryInfo } from '../../../protocol/api.js';
import { isQueryOver } from '../../../protocol/ids.js';
import type { QueryResult } from '../../../protocol/session-messages.js';
import { formatSpan } from '../../../protocol/span.js';
import { Outputs } from './outputs.js';
import { type Column, Figure, number, Problem, State, Table } from './parts.js';
import { queryKind } from './query-kind.js';
import { tell } from './server.js';
import type { Who } from './views.js';
import { type QueryProgress, watchQuery } from './watch-query.js';

export function QueryView({ query, who }: { query: QueryInfo; who: Who }) {
  const [progress, setProgress] = useState<QueryProgress>();
  const [outputs, setOutputs] = useState<readonly OutputResult[]>([]);
  const [result, setResult] = useState<QueryResult>();
  const [problem, setProblem] = useState<string>();
  const isOver = isQueryOver(query);
  // A session lets in its user and admins (proxy-server/authorization.ts); a browser could not tell why it was refused.
  const mayLook = query.user === who.user || who.role === 'admin';
  useEffect(
    () =>
      mayLook
        ? watchQuery(query, { progress: setProgress, outputs: setOutputs, result: setResult, problem: setProblem })
        : undefined,
    [query.query, isOver, mayLook],
  );
  const state = result?.status ?? query.state;
  const entries = result?.entries ?? (isOver ? query.entries : (progress?.entries ?? query.entries));
  return (
    <article>
      <h2>
        {query.title} <State word={state} kind={queryKind(state)} />
      </h2>
      <p class="none">
        <code>{query.query}</code> of {query.user}
      </p>
      <Problem why={problem} />
      {!mayLook && <p class="none">Only {query.user} and admins may look into it.</p>}
      {result?.error && <Problem why={result.error.message} />}
      <Progress entries={entries} />
      <Figures result={result} progress={progress} entries={entries} />
      {!isOver && result === undefined && <Controls query={query.query} onProblem={setProblem} />}
      <Outputs outputs={outputs} />
      {result !== undefined && <Details result={result} />}
    </article>
  );
}

function Progress({ entries: { total, done, failed } }: { entries: QueryResult['entries'] }) {
  const settled = done + failed;
  if (total === null) return <progress aria-label="entries" />;
  const percent = total === 0 ? 100 : (100 * settled) / total;
  return (
    <div class="progress">
      <progress aria-label="entries" max={Math.max(1, total)} value={total === 0 ? 1 : settled} />
      <span>{percent.toFixed(percent === 100 ? 0 : 1)} %</span>
    </div>
  );
}

function Figures(props: {
  result: QueryResult | undefined;
  progress: QueryProgress | undefined;
  entries: QueryResult['entries'];
}) {
  const { result, progress, entries } = props;
  const [perS, bytesPerS] =
    result === undefined
      ? [progress?.entriesPerS, progress?.bytesPerS]
      : [result.entries, result.bytes].map((n) => rate(typeof n === 'number' ? n : n.done, result.timing.processMs));
  const left = result === undefined ? (progress?.leftMs ?? null) : null;
  return (
    <dl class="figures">
      <Figure name="entries done" value={number(entries.done)} />
      {entries.total !== null && <Figure name="of" value={number(entries.total)} />}
      {entries.failed > 0 && <Figure name="failed" value={number(entries.failed)} />}
      {result !== undefined && (entries.missing ?? 0) > 0 && <Figure name="missing" value={number(entries.missing!)} />}
      {perS !== undefined && <Figure name="entries/s" value={number(Math.round(perS))} />}
      {bytesPerS !== undefined && <Figure name="MB/s" value={(bytesPerS / 1e6).toFixed(1)} />}
      {progress !== undefined && result === undefined && <Figure name="workers" value={progress.workers} />}
      {left !== null && <Figure name="time left" value={formatSpan(left)} />}
      {result !== undefined && <Figure name="took" value={`${(result.timing.totalMs / 1000).toFixed(1)} s`} />}
    </dl>
  );
}
const rate = (n: number, ms: number): number | undefined => (ms > 0 ? (n * 1000) / ms : undefined);

function Controls({ query, onProblem }: { query: string; onProblem: (why: string) => void }) {
  const act = (word: 'stop' | 'abort', question: string) => async (): Promise<void> => {
    if (!confirm(question)) return;
    await tell(`queries/${encodeURIComponent(query)}/${word}`).catch((error: Error) => onProblem(error.message));
  };
  return (
    <p class="controls">
      <button type="button" onClick={act('stop', 'Stop it here, and keep what is merged so far?')}>
        Stop, keep what is there
      </button>
      <button type="button" onClick={act('abort', 'Abort it, and keep nothing?')}>
        Abort
      </button>
    </p>
  );
}

function Details({ result }: { result: QueryResult }) {
  const failures = result.failures.length + result.failuresLeftOut;
  return (
    <>
      {result.missingFiles.length > 0 && (
        <section>
          <h3>Files that could not be read</h3>
          <Table rows={result.missingFiles} columns={MISSING} none="" />
        </section>
      )}
      {failures > 0 && (
        <section>
          <h3>Entries that failed</h3>
          <Table rows={result.failures} columns={FAILURE} none="" />
          {result.failuresLeftOut > 0 && <p class="none">and {number(result.failuresLeftOut)} more</p>}
        </section>
      )}
      <section>
        <h3>Workers</h3>
        <Table rows={result.workers} columns={WORKER} keyOf={({ name }) => name} none="None worked on it." />
      </section>
    </>
  );
}

const MISSING: readonly Column<QueryResult['missingFiles'][number]>[] = [
  { title: 'file', of: ({ file }) => file },
  { title: 'why', of: ({ error }) => error, isText: true },
];
const FAILURE: readonly Column<QueryResult['failures'][number]>[] = [
  { title: 'file', of: ({ file }) => file },
  { title: 'entry', of: ({ entry, first, end }) => entry ?? `${first} to ${end}`, isNumber: true },
  { title: 'attempts', of: ({ attempts }) => attempts, isNumber: true },
  {
    title: 'why',
    of: ({ error, stack }) => (stack === null ? error : <span title={stack}>{error}</span>),
    isText: true,
  },
];
const WORKER: readonly Column<QueryResult['workers'][number]>[] = [
  { title: 'worker', of: ({ name }) => name },
  { title: 'host', of: ({ host }) => host },
  { title: 'site', of: ({ site }) => site },
  { title: 'packets', of: ({ packets }) => number(packets), isNumber: true },
  { title: 'entries', of: ({ entries }) => number(entries), isNumber: true },
  { title: 'MB', of: ({ bytes }) => (bytes / 1e6).toFixed(1), isNumber: true },
  { title: 'CPU s', of: ({ cpuMs }) => (cpuMs / 1000).toFixed(2), isNumber: true },
];
