/** What an evaluation may know of the world: passed in, so that the room stays pure and tests choose the hour. */
export interface Surroundings {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Seconds east of Greenwich at an instant, by the rules of the place. */
  zoneOffset(epochSeconds: number): number;
  /** In [0, 1). */
  random(): number;
  /** The home directory of a user, where that may be asked. */
  home?(user: string): string | undefined;
}

/** Midnight of 1 January 1970 in Greenwich, and no luck: for texts that do not ask. */
export const TIMELESS: Surroundings = { now: () => 0, zoneOffset: () => 0, random: () => 0 };
