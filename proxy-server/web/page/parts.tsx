/** What all views are put together from. */
import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => ComponentChildren;
  readonly isNumber?: boolean;
  /** A sentence: it gets room to be read. */
  readonly isText?: boolean;
}

/** Rows past `most` are counted, not shown. */
export function Table<T>(props: {
  rows: readonly T[];
  columns: readonly Column<T>[];
  /** Without it rows are told apart by their place. */
  keyOf?: (row: T) => string | number;
  none: string;
  most?: number;
}) {
  const { rows, columns, keyOf, none, most = 200 } = props;
  if (rows.length === 0) return <p class="none">{none}</p>;
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row, place) => (
            <tr key={keyOf?.(row) ?? place}>
              {columns.map(({ title, of, isNumber, isText }) => (
                <td key={title} class={isNumber ? 'number' : isText ? 'text' : ''}>
                  {of(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > most && <p class="none">and {rows.length - most} more</p>}
    </div>
  );
}

export function Figure({ name, value }: { name: string; value: ComponentChildren }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A state in a word; its kind says whether it is good, bad, on its way or over. */
export function State({ word, kind }: { word: string; kind: 'good' | 'bad' | 'busy' | 'over' }) {
  return <span class={`state ${kind}`}>{word}</span>;
}

export function Problem({ why }: { why: string | undefined }) {
  return why === undefined ? null : (
    <p class="problem" role="alert">
      {why}
    </p>
  );
}

export const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
export const number = (n: number): string => n.toLocaleString('en-GB');
