/**
 * Where the outputs of one run of a job go: which storage elements, in which order, how many copies. Pure.
 *
 * The elements nearest to the agent come first: those that it calls close in its own order, then those of its site, then by the catalog's
 * distances. An element counts as `disk` unless it is tagged otherwise (`tape`); other kinds are tags. Without a word about copies an output
 * gets two, or one where there is only one element. Where the catalog knows no element that can be written, the ProxyServer keeps outputs.
 */
import { DEFAULT_STORAGE, type OutputSpec } from '../../jdl/index.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { OutputTarget, OutputWish } from '../../protocol/output-messages.js';

export interface StorageElement {
  readonly name: string;
  readonly site: string | null;
  /** URL that all its replicas begin with; null: it is not known where it can be written. */
  readonly prefix: string | null;
  readonly status: 'up' | 'readonly' | 'down';
  readonly tags: readonly string[];
}

export interface Elements {
  readonly elements: readonly StorageElement[];
  readonly distances: readonly { readonly site: string; readonly other: string; readonly value: number }[];
}

type Place = Pick<NodeFacts, 'site' | 'storageDomain' | 'closeSEs'>;

export function planOutputs(
  specs: readonly OutputSpec[],
  all: Elements,
  { node, folder }: { node: Place; folder: string },
): OutputWish[] {
  const writable = nearestFirst(all, node).filter(({ status, prefix }) => status === 'up' && prefix !== null);
  return specs.map((spec) => ({
    archive: spec.kind === 'archive' && writable.length > 0 ? spec.name : null,
    names: spec.kind === 'archive' ? [...spec.members] : [spec.name],
    targets: writable.length === 0 ? [] : targetsOf(spec, writable, folder),
  }));
}

function targetsOf({ storage }: OutputSpec, writable: readonly StorageElement[], folder: string): OutputTarget[] {
  const place = ({ name, prefix }: StorageElement): OutputTarget['places'][number] => ({
    se: name,
    folder: `${prefix!.replace(/\/+$/, '')}/${folder}`,
  });
  const isNamed = (names: readonly string[], { name }: StorageElement): boolean =>
    names.some((other) => other.toLowerCase() === name.toLowerCase());
  const named = storage.elements.map((name) => ({
    copies: 1,
    places: writable.filter((element) => isNamed([name], element)).map(place),
  }));
  const others = writable.filter(
    (element) => !isNamed(storage.elements, element) && !isNamed(storage.excluded, element),
  );
  const counted = Object.entries(storage.copies).flatMap(([kind, copies]) => {
    const places = others.filter(({ tags }) => isOfKind(tags, kind)).map(place);
    const wanted = storage.copies === DEFAULT_STORAGE.copies ? Math.min(copies, Math.max(1, places.length)) : copies;
    return wanted > 0 ? [{ copies: wanted, places }] : [];
  });
  return [...named, ...counted];
}

function isOfKind(tags: readonly string[], kind: string): boolean {
  const own = tags.map((tag) => tag.toLowerCase());
  return own.includes(kind) || (kind === 'disk' && !own.includes('tape'));
}

function nearestFirst({ elements, distances }: Elements, { site, storageDomain, closeSEs }: Place): StorageElement[] {
  const isSame = (a: string | null, b: string | null): boolean =>
    a !== null && b !== null && a.toLowerCase() === b.toLowerCase();
  const between = new Map(
    distances.flatMap(({ site: a, other: b, value }): [string, number][] => [
      [`${a} ${b}`.toLowerCase(), value],
      [`${b} ${a}`.toLowerCase(), value],
    ]),
  );
  const farness = (element: StorageElement): number => {
    const close = closeSEs.findIndex((name) => isSame(name, element.name));
    if (close !== -1) return close - closeSEs.length;
    if (isSame(element.site, site) || isSame(element.site, storageDomain)) return 0;
    return 1 + (between.get(`${site} ${element.site}`.toLowerCase()) ?? Number.POSITIVE_INFINITY);
  };
  return elements
    .map((element) => ({ element, far: farness(element) }))
    .sort((a, b) => (a.far === b.far ? (a.element.name < b.element.name ? -1 : 1) : a.far < b.far ? -1 : 1))
    .map(({ element }) => element);
}

/** Directory in the catalog. @param home of the job's user */
export function outputDirectory(
  { jobId, outputDir, isFailed }: { jobId: number; outputDir: string | undefined; isFailed: boolean },
  home: string,
): string {
  if (isFailed) return `${home}/recycle/alien-job-${jobId}`;
  return resolvedDirectory(outputDir ?? `~/alien-job-${jobId}`, home);
}

/** Absolute, without a slash at its end; `~` and relative names are below the home. */
export function resolvedDirectory(name: string, home: string): string {
  const given = name.replace(/\/+$/, '');
  if (given.startsWith('/')) return given;
  return `${home}/${given.replace(/^~\/?/, '')}`.replace(/\/+$/, '');
}
