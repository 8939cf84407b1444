/** How near a replica is to a worker, from what both say of themselves: 0 on the same machine, 1 at the same site, 2 elsewhere. */
import type { NodeFacts } from '../../protocol/agent-messages.js';

export interface Place {
  readonly url: string;
  /** Storage element `VO::SITE::NAME`; null where nobody said. */
  readonly se: string | null;
  readonly site: string | null;
}
export type Closeness = 0 | 1 | 2;
export const FAR: Closeness = 2;

/** A `file:` URL names a path on the worker's own machine, or on a file system that all machines of the pool share. */
export function closeness(node: NodeFacts, place: Place): Closeness {
  const host = hostOf(place.url);
  if (host === null || host === node.host) return 0;
  if (place.se !== null && node.closeSEs.includes(place.se)) return 1;
  const site = place.site ?? place.se?.split('::')[1] ?? null;
  if (site !== null && [node.site, node.storageDomain].some((own) => own?.toLowerCase() === site.toLowerCase()))
    return 1;
  return node.storageDomain !== null && (host === node.storageDomain || host.endsWith(`.${node.storageDomain}`))
    ? 1
    : FAR;
}

/** The same places, nearest first; the catalog's order decides among equals. */
export function nearestFirst(node: NodeFacts, places: readonly Place[]): Place[] {
  return places
    .map((place, i) => ({ place, near: closeness(node, place), i }))
    .sort((a, b) => a.near - b.near || a.i - b.i)
    .map(({ place }) => place);
}

/** Null: no host is named, any machine will do. */
function hostOf(url: string): string | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:]*)/i.exec(url);
  if (match === null || match[2] === '' || (match[1]!.toLowerCase() === 'file' && match[2] === 'localhost'))
    return null;
  return match[2]!;
}
