/**
 * Who wants cores, and which site is asked for them. Pure.
 *
 * A wish is a number of cores and the sites that would do, in tiers of preference. Pilots that are on their way already take wishes
 * first, then sites with room for more, so that two sites do not both start pilots for the same session. A site that pauses after
 * failures, or leaves pilots in its queue for long, is asked last.
 */
export interface Wish {
  /** In words for people: behind a number of cores, as in "for waiting jobs". */
  readonly who: string;
  /** Infinity: any number. */
  readonly cores: number;
  /** Names of sites, the best tier first; within one, in order. */
  readonly tiers: readonly (readonly string[])[];
  /** Cores that serve there already count: the wish is that so many stand, not that so many more come. */
  readonly isStanding: boolean;
}

export interface SiteRoom {
  readonly name: string;
  readonly coresPerPilot: number;
  /** Pilots on their way that may be expected to start, agents that serve, and pilots that could still be added. */
  readonly waiting: number;
  readonly serving: number;
  readonly addable: number;
  /** It fails, or does not start what it has: others are asked first. */
  readonly isPaused: boolean;
}

export interface SiteDemand {
  /** Cores wanted beyond those that serve. */
  readonly more: number;
  /** Cores that serve and shall stay, idle or not. */
  readonly kept: number;
  readonly because: readonly string[];
}

export const NO_DEMAND: SiteDemand = { more: 0, kept: 0, because: [] };

interface Account {
  readonly site: SiteRoom;
  coming: number;
  addable: number;
  standing: number;
  more: number;
  kept: number;
  readonly because: string[];
}

export function shareDemand(wishes: readonly Wish[], sites: readonly SiteRoom[]): Map<string, SiteDemand> {
  const accounts = new Map<string, Account>(
    sites.map((site) => {
      const { coresPerPilot: cores, waiting, addable, serving } = site;
      const start = { coming: waiting * cores, addable: Math.max(0, addable) * cores, standing: serving * cores };
      return [site.name, { site, ...start, more: 0, kept: 0, because: [] }];
    }),
  );
  for (const wish of wishes) grant(wish, accounts);
  return new Map([...accounts].map(([name, { more, kept, because }]) => [name, { more, kept, because }]));
}

function grant(wish: Wish, accounts: ReadonlyMap<string, Account>): void {
  let left = wish.cores;
  const given = new Map<Account, number>();
  const give = (account: Account, n: number): void => {
    if (n <= 0) return;
    account.more += n;
    left -= n;
    given.set(account, (given.get(account) ?? 0) + n);
  };
  for (const tier of wish.tiers) {
    const asked = tier.flatMap((name) => accounts.get(name) ?? []);
    if (wish.isStanding)
      for (const account of asked) {
        const n = Math.min(left, account.standing);
        account.kept += n;
        account.standing -= n;
        left -= n;
        if (n > 0) account.because.push(`${n} that serve kept ${wish.who}`);
      }
    for (const account of asked) {
      const n = Math.min(left, account.coming);
      account.coming -= n;
      give(account, n);
    }
    for (const isPaused of [false, true])
      for (const account of asked) {
        if (account.site.isPaused !== isPaused) continue;
        const n = Math.min(left, account.addable);
        // Whole pilots are added: what is over in the last one is there for the next wish.
        const { coresPerPilot } = account.site;
        const whole = Math.min(account.addable, Math.ceil(n / coresPerPilot) * coresPerPilot);
        account.addable -= whole;
        account.coming += whole - n;
        give(account, n);
      }
  }
  for (const [account, n] of given)
    account.because.push(`${Number.isFinite(wish.cores) ? n : 'any number of'} ${wish.who}`);
}
