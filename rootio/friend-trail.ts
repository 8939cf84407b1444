/**
 * Which trees lie between a table and a friend's friend: no tree is a friend of itself, however long the way round. As ROOT
 * does it, a tree that comes back on its own way is left out there.
 */
import { TooManyFriendsError } from './errors.js';

/** Trees that name one another as friends give as many ways as there are orders of them; more than this is no analysis. */
const MOST_FRIENDS = 100;

export class FriendTrail {
  constructor(
    readonly trees: ReadonlySet<string> = new Set(),
    /** Shared by all ways from the same table. */
    readonly opened = { count: 0 },
  ) {}

  to(url: string, path: string): FriendTrail {
    return new FriendTrail(new Set(this.trees).add(nameOf(url, path)), this.opened);
  }

  holds(url: string, path: string): boolean {
    return this.trees.has(nameOf(url, path));
  }

  /** @throws {TooManyFriendsError} */
  count(): void {
    if (++this.opened.count > MOST_FRIENDS) throw new TooManyFriendsError(MOST_FRIENDS);
  }
}

const nameOf = (url: string, path: string): string => `${url}#${path}`;
