/** Which sites are near the files of a data set, the one that is near most of it first. Pure. */
import type { DatasetFile } from '../../catalog/grid/resolve-dataset.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { closeness, FAR } from '../master/closeness.js';

export interface SitePlace {
  readonly site: string;
  /** Of the data set, near this site; bytes where the catalog knows them. */
  readonly files: number;
  readonly bytes: number;
}

type SiteFacts = Pick<NodeFacts, 'site' | 'storageDomain' | 'closeSEs'>;

/** A `file:` URL names no machine: it says nothing about places. */
export function dataPlaces(files: readonly DatasetFile[], sites: readonly SiteFacts[]): SitePlace[] {
  const places = sites.map((facts) => {
    const near = files.filter(({ replicas }) =>
      replicas.some((replica) => !replica.url.startsWith('file:') && closeness(nodeOf(facts), replica) < FAR),
    );
    return { site: facts.site, files: near.length, bytes: near.reduce((sum, { size }) => sum + (size ?? 0), 0) };
  });
  return places.sort((a, b) => b.bytes - a.bytes || b.files - a.files); // equal ones in the order of the configuration
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
