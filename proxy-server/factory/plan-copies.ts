/**
 * Which files of a data set are copied to a site's storage element: small ones that have no replica near the site, as long as there is room
 * within the bound; and from which replicas. Pure.
 */
import type { DatasetFile } from '../../catalog/grid/resolve-dataset.js';
import type { Place } from '../master/closeness.js';
import { isNear, type SiteFacts } from './data-places.js';

/** Of the site's configuration. */
export interface CopyBounds {
  readonly maxFileBytes: number;
  /** Of all files that were copied there, or wait for it. */
  readonly maxTotalBytes: number;
}

export interface WantedCopy {
  readonly lfn: string;
  readonly bytes: number;
}

export interface CopyPlan {
  readonly copies: readonly WantedCopy[];
  /** What stays where it is, and why; null: nothing. */
  readonly leftOut: string | null;
}

/** Of one request: a longer list is no longer a matter of a few small files. */
export const MOST_COPIES = 10_000;

/** @param counted bytes by LFN that count at this site already */
export function planCopies(
  files: readonly DatasetFile[],
  site: SiteFacts,
  { maxFileBytes, maxTotalBytes }: CopyBounds,
  counted: ReadonlyMap<string, number>,
): CopyPlan {
  let total = [...counted.values()].reduce((sum, bytes) => sum + bytes, 0);
  const copies = new Map<string, number>();
  const left = { large: 0, full: 0, unknown: 0 };
  for (const { lfn, size, replicas } of files) {
    if (lfn === null || copies.has(lfn) || replicas.length === 0) continue;
    if (replicas.some((replica) => isNear(site, replica))) continue;
    const more = counted.has(lfn) ? 0 : (size ?? 0);
    if (size === null) left.unknown++;
    else if (size > maxFileBytes) left.large++;
    else if (total + more > maxTotalBytes || copies.size >= MOST_COPIES) left.full++;
    else {
      total += more;
      copies.set(lfn, size);
    }
  }
  const reasons = [
    [left.large, `larger than maxFileBytes (${maxFileBytes})`],
    [left.full, `beyond maxTotalBytes (${maxTotalBytes})`],
    [left.unknown, 'of unknown size'],
  ] as const;
  const said = reasons.filter(([n]) => n > 0).map(([n, why]) => `${n} ${why}`);
  return {
    copies: [...copies].map(([lfn, bytes]) => ({ lfn, bytes })),
    leftOut: said.length === 0 ? null : `not copied: ${said.join(', ')}`,
  };
}

/**
 * Replicas that this server may read for its users: those that lie where their storage element says that its files lie. Any other URL is a
 * user's word, and would let this server read for him what he may not.
 */
export function sourcesOf(
  replicas: readonly Place[],
  elements: readonly { readonly name: string; readonly prefix: string | null; readonly status: string }[],
): { url: string; prefix: string }[] {
  return replicas.flatMap(({ url, se }) => {
    const element = elements.find(({ name }) => name.toLowerCase() === se?.toLowerCase());
    const prefix = element?.prefix ?? null;
    return prefix !== null && element?.status !== 'down' && isBelow(url, prefix) ? [{ url, prefix }] : [];
  });
}

function isBelow(url: string, prefix: string): boolean {
  const folder = `${prefix.replace(/\/+$/, '')}/`;
  return url.startsWith(folder) && /^[^?#%\\]*$/.test(url) && !url.slice(folder.length).split('/').includes('..');
}

/** Where the copy lies: below the element's prefix, under its logical name. */
export const copyUrl = (prefix: string, lfn: string): string => `${prefix.replace(/\/+$/, '')}${lfn}`;
