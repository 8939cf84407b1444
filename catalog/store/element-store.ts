/** Storage elements and how far sites are from one another: few rows, held in memory. */
import type Database from 'better-sqlite3';
import type { Epoch } from './epoch.js';

export interface StorageElement {
  readonly id: number;
  /** `VO::SITE::NAME` */
  readonly name: string;
  readonly site: string | null;
  /** URLs that begin so are on it. */
  readonly prefix: string | null;
  readonly status: 'up' | 'readonly' | 'down';
  /** Quality of service: `disk`, `tape`, … */
  readonly tags: readonly string[];
}

interface Row {
  id: number;
  name: string;
  site: string | null;
  prefix: string | null;
  status: 'up' | 'readonly' | 'down';
  tags: string;
}

export class ElementStore {
  #byId: Map<number, StorageElement> | undefined;
  #byName = new Map<string, StorageElement>();
  #distances = new Map<string, Map<string, number>>();
  readonly #all: Database.Statement<[], Row>;
  readonly #allDistances: Database.Statement<[], { site: string; other: string; value: number }>;
  readonly #put: Database.Statement<unknown[]>;
  readonly #drop: Database.Statement<[string]>;
  readonly #putDistance: Database.Statement<[string, string, number]>;

  readonly #epoch: Epoch;

  constructor(db: Database.Database, epoch: Epoch) {
    this.#epoch = epoch;
    this.#all = db.prepare('SELECT id, name, site, prefix, status, tags FROM storage_element ORDER BY name');
    this.#allDistances = db.prepare('SELECT site, other, value FROM distance ORDER BY site, other');
    this.#put = db.prepare(
      'INSERT INTO storage_element (name, site, prefix, status, tags) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE' +
        ' SET site = excluded.site, prefix = excluded.prefix, status = excluded.status, tags = excluded.tags',
    );
    this.#drop = db.prepare('DELETE FROM storage_element WHERE name = ?');
    this.#putDistance = db.prepare('INSERT OR REPLACE INTO distance VALUES (?, ?, ?)');
  }

  list(): StorageElement[] {
    return [...this.#load().values()];
  }

  get(id: number): StorageElement | undefined {
    return this.#load().get(id);
  }

  named(name: string): StorageElement | undefined {
    this.#load();
    return this.#byName.get(name);
  }

  /** The element whose prefix is the longest that the URL begins with. */
  ofUrl(url: string): StorageElement | undefined {
    let best: StorageElement | undefined;
    for (const element of this.#load().values())
      if (element.prefix !== null && url.startsWith(element.prefix))
        if (best === undefined || element.prefix.length > best.prefix!.length) best = element;
    return best;
  }

  put(element: Omit<StorageElement, 'id'>): void {
    const { name, site, prefix, status, tags } = element;
    this.#put.run(name, site, prefix, status, JSON.stringify(tags));
    this.#changed();
  }

  drop(name: string): void {
    this.#drop.run(name);
    this.#changed();
  }

  setDistance(site: string, other: string, value: number): void {
    this.#putDistance.run(site, other, value);
    this.#changed();
  }

  distances(): { site: string; other: string; value: number }[] {
    return this.#allDistances.all();
  }

  /** 0 at home; what the table says, either way round; infinitely far where it says nothing. */
  distance(from: string, to: string | null): number {
    this.#load();
    if (from === to) return 0;
    if (to === null) return Number.POSITIVE_INFINITY;
    return this.#distances.get(from)?.get(to) ?? this.#distances.get(to)?.get(from) ?? Number.POSITIVE_INFINITY;
  }

  forget(): void {
    this.#byId = undefined;
  }

  #changed(): void {
    this.#epoch.grow();
    this.forget();
  }

  #load(): Map<number, StorageElement> {
    if (this.#byId !== undefined) return this.#byId;
    const all = this.#all.all().map((row) => ({ ...row, tags: JSON.parse(row.tags) as string[] }));
    this.#byName = new Map(all.map((element) => [element.name, element]));
    this.#distances = new Map();
    for (const { site, other, value } of this.#allDistances.all()) {
      const row = this.#distances.get(site) ?? new Map<string, number>();
      this.#distances.set(site, row.set(other, value));
    }
    this.#byId = new Map(all.map((element) => [element.id, element]));
    return this.#byId;
  }
}
