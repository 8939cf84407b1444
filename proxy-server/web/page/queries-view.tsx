/** Queries that run and have run: one's own, everybody's for operators. */
import { z } from 'zod';
import { type QueryInfo, queryInfo } from '../../../protocol/api.js';
import { formatSpan } from '../../../protocol/span.js';
import { type Column, number, Problem, State, Table, time } from './parts.js';
import { usePolled } from './polled.js';
import { queryKind } from './query-kind.js';
import { QueryView } from './query-view.js';
import { hashOf, type ViewProps } from './views.js';

const queries = z.array(queryInfo);

export function QueriesView({ onTokenWanted, who, query }: ViewProps & { query: string | null }) {
  const { value, problem } = usePolled(queries, 'queries', onTokenWanted);
  if (query !== null) {
    const found = value?.find((one) => one.query === query);
    return (
      <>
        <Problem why={problem} />
        {found === undefined ? (
          <p class="none">
            {value === undefined ? 'Looking …' : `There is no query ${query}: it may have been removed.`}
          </p>
        ) : (
          <QueryView query={found} who={who} key={query} />
        )}
      </>
    );
  }
  const newest = (value ?? []).toSorted((a, b) => b.submittedAt - a.submittedAt);
  return (
    <>
      <Problem why={problem} />
      <section>
        <h2>Queries</h2>
        <Table rows={newest} columns={QUERY} keyOf={(one) => one.query} none='None yet: "proof run" makes one.' />
      </section>
    </>
  );
}

const QUERY: readonly Column<QueryInfo>[] = [
  { title: 'query', of: ({ query }) => <a href={hashOf({ view: 'queries', detail: query })}>{query}</a> },
  { title: 'user', of: ({ user }) => user },
  { title: 'title', of: ({ title }) => title },
  { title: 'state', of: ({ state }) => <State word={state} kind={queryKind(state)} /> },
  { title: 'entries done', of: ({ entries }) => number(entries.done), isNumber: true },
  { title: 'of', of: ({ entries }) => (entries.total === null ? '' : number(entries.total)), isNumber: true },
  { title: 'failed', of: ({ entries }) => (entries.failed === 0 ? '' : number(entries.failed)), isNumber: true },
  { title: 'submitted (UTC)', of: ({ submittedAt }) => time(submittedAt) },
  {
    title: 'took',
    of: ({ submittedAt, endedAt }) => formatSpan((endedAt ?? Date.now()) - submittedAt),
    isNumber: true,
  },
];
