/** Figures of a running query: what each worker did, how fast entries and bytes come in, how long each part took. Pure: time is passed in. */
import type { PacketReport } from '../../protocol/worker-messages.js';

export interface WorkerFigures {
  readonly name: string;
  readonly host: string;
  readonly site: string;
  packets: number;
  entries: number;
  bytes: number;
  cpuMs: number;
}

/** Rates are taken over so long. */
const RATE_WINDOW_MS = 3_000;

interface Sample {
  readonly at: number;
  readonly entries: number;
  readonly bytes: number;
}

export class QueryFigures {
  readonly #workers = new Map<string, WorkerFigures>();
  readonly #samples: Sample[] = [];
  #entries = 0;
  #bytes = 0;
  mergeMs = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** A worker that comes back goes on with its figures. */
  join(workerId: string, who: { name: string; host: string; site: string }): void {
    if (!this.#workers.has(workerId))
      this.#workers.set(workerId, {
        name: who.name,
        host: who.host,
        site: who.site,
        packets: 0,
        entries: 0,
        bytes: 0,
        cpuMs: 0,
      });
  }

  committed(workerId: string, reports: readonly PacketReport[], now: number): void {
    const worker = this.#workers.get(workerId);
    for (const report of reports) {
      if (worker !== undefined) {
        worker.packets++;
        worker.entries += report.entries;
        worker.bytes += report.bytes;
        worker.cpuMs += report.cpuMs;
      }
      this.#entries += report.entries;
      this.#bytes += report.bytes;
    }
    this.#samples.push({ at: now, entries: this.#entries, bytes: this.#bytes });
  }

  /** With their ids, for a checkpoint. */
  dump(): (WorkerFigures & { workerId: string })[] {
    return [...this.#workers].map(([workerId, figures]) => ({ workerId, ...figures }));
  }
  restore(workers: readonly (WorkerFigures & { workerId: string })[], bytes: number): void {
    for (const { workerId, ...figures } of workers) this.#workers.set(workerId, { ...figures });
    this.#bytes = bytes;
    this.#entries = workers.reduce((sum, { entries }) => sum + entries, 0);
  }

  rates(now: number): { entriesPerS: number; bytesPerS: number } {
    while (this.#samples.length > 2 && this.#samples[1]!.at < now - RATE_WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0];
    if (oldest === undefined || now <= oldest.at) return { entriesPerS: 0, bytesPerS: 0 };
    const seconds = (now - oldest.at) / 1_000;
    return {
      entriesPerS: (this.#entries - oldest.entries) / seconds,
      bytesPerS: (this.#bytes - oldest.bytes) / seconds,
    };
  }
  /** The processing begins: rates count from here. */
  begin(now: number): void {
    this.#samples.push({ at: now, entries: this.#entries, bytes: this.#bytes });
  }

  /** Those that did something, by name: 0.2 before 0.10. */
  workers(): WorkerFigures[] {
    return [...this.#workers.values()]
      .filter(({ packets }) => packets > 0)
      .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  }
}
