/** Which copy of a file a client should read: nearest first, bad ones and those on elements that are down left out. */
import type { Replica } from '../grid/grid.js';
import type { ElementStore } from '../store/element-store.js';
import type { StoredReplica } from '../store/replica-store.js';

/** Replicas at equal distance come bytewise by URL, so that two looks agree. */
export function closestFirst(
  replicas: readonly StoredReplica[],
  elements: ElementStore,
  site: string | undefined,
): Replica[] {
  const usable = replicas.filter(({ isBad, element }) => !isBad && element?.status !== 'down');
  if (usable.length > 1) {
    const farness = new Map(
      usable.map((r) => [r, site === undefined ? 0 : elements.distance(site, r.element?.site ?? null)]),
    );
    usable.sort((a, b) => {
      const [x, y] = [farness.get(a)!, farness.get(b)!];
      if (x !== y) return x < y ? -1 : 1;
      return a.url < b.url ? -1 : a.url > b.url ? 1 : 0;
    });
  }
  return usable.map(({ url, element }) => ({ url, se: element?.name ?? null, site: element?.site ?? null }));
}
