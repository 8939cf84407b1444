/** Time as a parameter, so that a minute of waiting is a microsecond of test. main.ts makes the systemClock. */
export interface Clock {
  /** Monotonic milliseconds: deadlines and durations. */
  now(): number;
  /** Wall time: records and logs, never arithmetic. */
  date(): Date;
  /** Runs once after `ms`; the returned function cancels. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
