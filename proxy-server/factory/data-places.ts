/** Which sites are near the files of a data set, the one that is near most of it first. Pure. */
import type { DatasetFile } from '../../catalog/grid/resolve-dataset.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { closeness, FAR, type Place } from '../master/closeness.js';

export interface SitePlace {
  readonly site: string;
  /** Of the data set, near this site; bytes where the catalog knows them. */
  readonly files: number;
  readonly bytes: number;
  /** What of it is not copied there, and why, where copies were wanted. */
  readonly leftOut?: string | undefined;
}

export type SiteFacts = Pick<NodeFacts, 'site' | 'storageDomain' | 'closeSEs'>;

export function dataPlaces(files: readonly DatasetFile[], sites: readonly SiteFacts[]): SitePlace[] {
  const places = sites.map((facts) => {
    const near = files.filter(({ replicas }) => replicas.some((replica) => isNear(facts, replica)));
    return { site: facts.site, files: near.length, bytes: near.reduce((sum, { size }) => sum + (size ?? 0), 0) };
  });
  return places.sort(mostFirst); // equal ones in the order of the configuration
}

const mostFirst = (a: SitePlace, b: SitePlace): number => b.bytes - a.bytes || b.files - a.files;

/** The same with a file that was copied to a site. */
export function placesWith(places: readonly SitePlace[], site: string, bytes: number): SitePlace[] {
  return places
    .map((place) =>
      place.site === site ? { ...place, files: place.files + 1, bytes: place.bytes + bytes } : { ...place },
    )
    .sort(mostFirst);
}

/** A `file:` URL names no machine: only its storage element, if any, tells where it is. */
export function isNear(facts: SiteFacts, replica: Place): boolean {
  const url = replica.url.startsWith('file:') ? 'file://nowhere.invalid/' : replica.url;
  return closeness(nodeOf(facts), { ...replica, url }) < FAR;
}

/** Of the site's storage, not of one of its nodes. */
const nodeOf = (facts: SiteFacts): NodeFacts => ({
  ...{
    host: '',
    ce: null,
    cores: 1,
    memoryBytes: 0,
    diskBytes: 0,
    platform: '',
    nodeVersion: '',
    wallTimeEnd: null,
    perf: 100,
  },
  ...facts,
});
