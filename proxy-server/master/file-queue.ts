/**
 * Which file a worker takes next: it goes on with its own; else the nearest that nobody has begun; else, equally near, the begun one with the
 * fewest workers on it. Files with the same places share a queue, so that the choice costs as many steps as there are different
 * sets of places, not as there are files.
 */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { type Closeness, closeness, FAR, type Place } from './closeness.js';

export interface PlacedFile {
  readonly position: number;
  readonly places: readonly Place[];
}
interface Shelf {
  readonly places: readonly Place[];
  readonly fresh: number[];
  taken: number;
}

export class FileQueue {
  readonly #shelves = new Map<string, Shelf>();
  readonly #shelfOf = new Map<number, Shelf>();
  /** Begun files with uncut entries -> the workers that go on with them. */
  readonly #begun = new Map<number, Set<string>>();
  readonly #current = new Map<string, number>();
  /** Files on the shelves that are not to be begun any more. */
  readonly #dropped = new Set<number>();
  readonly #near = new Map<string, Map<Shelf, Closeness>>();

  constructor(files: readonly PlacedFile[]) {
    for (const file of files) {
      const key = file.places.map(shelfKey).join(' ');
      const shelf = this.#shelves.get(key) ?? { places: file.places, fresh: [], taken: 0 };
      this.#shelves.set(key, shelf);
      shelf.fresh.push(file.position);
      this.#shelfOf.set(file.position, shelf);
    }
  }

  join(worker: string, node: NodeFacts): void {
    const near = new Map<Shelf, Closeness>();
    for (const shelf of this.#shelves.values())
      near.set(
        shelf,
        shelf.places.reduce<Closeness>((best, place) => least(best, closeness(node, place)), FAR),
      );
    this.#near.set(worker, near);
  }
  leave(worker: string): void {
    this.#near.delete(worker);
    this.#leaveFile(worker);
  }

  /** The file to cut this worker's next packet from; undefined when every file is cut up. */
  pick(worker: string): number | undefined {
    const current = this.#current.get(worker);
    if (current !== undefined && this.#begun.has(current)) return current;
    const near = this.#near.get(worker);
    for (let level = 0; level <= FAR; level++) {
      const position = this.#fresh(near, level) ?? this.#leastLoaded(near, level);
      if (position === undefined) continue;
      this.#leaveFile(worker);
      this.#current.set(worker, position);
      this.#begun.get(position)?.add(worker) ?? this.#begun.set(position, new Set([worker]));
      return position;
    }
    return undefined;
  }

  /** Nothing of it is left to cut. */
  finish(position: number): void {
    for (const worker of this.#begun.get(position) ?? []) this.#current.delete(worker);
    if (!this.#begun.delete(position)) this.#dropped.add(position);
  }

  #fresh(near: Map<Shelf, Closeness> | undefined, level: number): number | undefined {
    for (const shelf of this.#shelves.values()) {
      if ((near?.get(shelf) ?? FAR) !== level) continue;
      while (shelf.taken < shelf.fresh.length) {
        const position = shelf.fresh[shelf.taken++]!;
        if (!this.#dropped.delete(position)) return position;
      }
    }
    return undefined;
  }
  #leastLoaded(near: Map<Shelf, Closeness> | undefined, level: number): number | undefined {
    let best: number | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const [position, workers] of this.#begun) {
      if ((near?.get(this.#shelfOf.get(position)!) ?? FAR) !== level || workers.size >= fewest) continue;
      best = position;
      fewest = workers.size;
    }
    return best;
  }
  #leaveFile(worker: string): void {
    const current = this.#current.get(worker);
    if (current !== undefined) this.#begun.get(current)?.delete(worker);
    this.#current.delete(worker);
  }
}

const least = (a: Closeness, b: Closeness): Closeness => (a < b ? a : b);
/** Two files on the same server are equally near to anybody. */
const shelfKey = ({ url, se, site }: Place): string =>
  `${/^[a-z0-9+.-]+:\/\/[^/]*/i.exec(url)?.[0] ?? ''}|${se}|${site}`;
