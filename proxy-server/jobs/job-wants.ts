/**
 * What a job wants of an agent, as an ad of its own: all that the matchmaker sees of a job. Pure.
 *
 * Jobs whose wants are the same text are matched alike, however different they are otherwise: the ten thousand sub-jobs of a master are
 * one question to each agent. The text stands in the queue beside the JDL, so that a waiting job need not be parsed again.
 * Sizes are in megabytes, as in an agent's ad; a size that the JDL does not name is no wish (its default is a limit).
 */
import {
  booleanOf,
  ClassAd,
  type Expr,
  type JobDescription,
  makeAd,
  numberOf,
  ownReferences,
  PreparedRequirements,
  parseAd,
  parseExpression,
  printAd,
  printExpression,
  quoted,
  type Surroundings,
} from '../../jdl/index.js';

export interface Wants {
  readonly ad: ClassAd;
  readonly requirements: PreparedRequirements | undefined;
  readonly hasRank: boolean;
  readonly price: number;
  readonly cores: number;
  readonly ttlSeconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** It takes what is left of the slot. */
  readonly runsToEndOfSlot: boolean;
}

const MEGABYTE = 2 ** 20;

export function wantsOf(description: JobDescription, user: string): string {
  const { ad, price, cores, ttlSeconds, memoryBytes, workDirectoryBytes, runsToEndOfSlot, packages } = description;
  const { nodeMemoryBytes, nodeDiskBytes, outputs, errorOutputs } = description;
  const megabytes = (bytes: number, ...names: string[]): number | undefined =>
    names.some((name) => ad.has(name)) ? Math.ceil(bytes / MEGABYTE) : undefined;
  const typed = makeAd({
    Type: 'job',
    User: user,
    Price: price,
    CPUCores: Math.max(1, cores),
    TTL: ttlSeconds,
    MemorySize: megabytes(memoryBytes, 'MemorySize', 'ResidentMemorySize'),
    WorkDirectorySize: megabytes(workDirectoryBytes, 'WorkDirectorySize'),
    ProxyTTL: runsToEndOfSlot ? true : undefined,
    Packages: packages.length > 0 ? packages : undefined,
    Requirements: requirementsOf(ad, [
      ...packages.map((name) => `member(other.Packages, ${quoted(name)})`),
      ...(nodeMemoryBytes === undefined ? [] : [`other.Memory >= ${Math.ceil(nodeMemoryBytes / MEGABYTE)}`]),
      ...(nodeDiskBytes === undefined ? [] : [`other.LocalDiskSpace >= ${Math.ceil(nodeDiskBytes / MEGABYTE)}`]),
      // An agent of an earlier release does not understand where they go.
      ...(outputs.length + errorOutputs.length === 0 ? [] : ['other.StoresOutputs']),
    ]),
  });
  const wants = new ClassAd();
  const roots = ['Requirements', 'Rank'];
  const needed = ownReferences(ad, roots) ?? [...ad].map(({ name }) => name);
  for (const name of needed) wants.set(name, ad.get(name)!);
  for (const { name, expr } of typed) wants.set(name, expr);
  return printAd(wants);
}

/** The job's own, and what other attributes ask of the agent. */
function requirementsOf(ad: ClassAd, more: readonly string[]): Expr | undefined {
  const own = ad.get('Requirements');
  if (more.length === 0) return own;
  const clauses = own === undefined ? more : [`(${printExpression(own)})`, ...more];
  return parseExpression(clauses.join(' && '));
}

export function readWants(text: string, surroundings: Surroundings): Wants {
  const ad = parseAd(text);
  return {
    ad,
    requirements: ad.has('Requirements') ? new PreparedRequirements(ad, { surroundings }) : undefined,
    hasRank: ad.has('Rank'),
    price: numberOf(ad, 'Price') ?? 1,
    cores: numberOf(ad, 'CPUCores') ?? 1,
    ttlSeconds: numberOf(ad, 'TTL') ?? 0,
    memoryBytes: (numberOf(ad, 'MemorySize') ?? 0) * MEGABYTE,
    diskBytes: (numberOf(ad, 'WorkDirectorySize') ?? 0) * MEGABYTE,
    runsToEndOfSlot: booleanOf(ad, 'ProxyTTL') ?? false,
  };
}
