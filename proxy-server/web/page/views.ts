/** What every view is given, and which there are: the word behind the # of the address. */
import type { z } from 'zod';
import type { whoami } from '../../../protocol/api.js';

export interface ViewProps {
  /** Who looks. */
  readonly who: Who;
  /** The server wants a token, or another one: its sentence. */
  readonly onTokenWanted: (why: string) => void;
}

export type Who = z.infer<typeof whoami>;

export const VIEWS = ['pool', 'queries', 'jobs'] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Place {
  readonly view: ViewName;
  /** A query that is looked at. */
  readonly query: string | null;
}

/** `#queries/REF` -> its place; what is none is the pool. Pure. */
export function placeOf(hash: string): Place {
  const [word = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const view = VIEWS.find((name) => name === word) ?? 'pool';
  const query = rest.join('/');
  return { view, query: view === 'queries' && query !== '' ? unescaped(query) : null };
}
/** Somebody may have typed it. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
export const hashOf = ({ view, query }: Place): string =>
  query === null ? `#${view}` : `#${view}/${encodeURIComponent(query)}`;
