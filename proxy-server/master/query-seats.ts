/** The workers of one query, and how far each is: it loads the program, works, failed to load it, or runs workerTerminate. */
import type { ToWorkerMessage } from '../../protocol/worker-messages.js';
import type { QueryWorker } from './processing-parts.js';

export interface QuerySeat {
  readonly worker: QueryWorker;
  phase: 'preparing' | 'ready' | 'failed' | 'finishing';
}

export class QuerySeats {
  readonly #seats = new Map<string, QuerySeat>();
  #failedPreparations = 0;

  get(workerId: string): QuerySeat | undefined {
    return this.#seats.get(workerId);
  }
  ids(): string[] {
    return [...this.#seats.keys()];
  }
  add(worker: QueryWorker): void {
    this.#seats.set(worker.workerId, { worker, phase: 'preparing' });
  }
  remove(workerId: string): void {
    this.#seats.delete(workerId);
  }
  tellAll(message: ToWorkerMessage): void {
    for (const { worker } of this.#seats.values()) worker.send(message);
  }

  /**
   * A program that does not load on one worker may on another.
   * @returns true when nobody is left, or it failed `maxAttempts` times: the query fails of it
   */
  preparationFailed(maxAttempts: number): boolean {
    this.#failedPreparations++;
    const isHopeless = [...this.#seats.values()].every(({ phase }) => phase === 'failed');
    return this.#failedPreparations >= maxAttempts || (isHopeless && this.#seats.size > 0);
  }

  /** Those that are ready run workerTerminate. */
  finish(queryId: string): void {
    for (const seat of this.#seats.values()) {
      if (seat.phase !== 'ready') continue;
      seat.phase = 'finishing';
      seat.worker.send({ type: 'finish', queryId });
    }
  }
  get isFinished(): boolean {
    return [...this.#seats.values()].every(({ phase }) => phase !== 'finishing');
  }
}
