/**
 * A master job to its sub-jobs: pure, so that the same description and files give the same sub-jobs everywhere.
 *
 * Sub-jobs get the master's attributes but for those that split, merge and resubmit it; InputData is their group of files, the patterns
 * `#alien…#` are filled in, and Requirements ask for a place near the files where the mode is about places.
 */
import { GridError } from '../../protocol/errors.js';
import { toExpr } from '../attributes.js';
import { parseJdl } from '../dialects/parse-jdl.js';
import { evaluateAttribute } from '../evaluate.js';
import { ClassAd, ListExpr } from '../expression.js';
import { parseExpression } from '../parser.js';
import { printAd, printExpression, quoted } from '../printer.js';
import { type FileGroup, groupFiles, type SplitFile } from './file-groups.js';
import { printInputFile } from './input-files.js';
import type { JobDescription } from './job-description.js';
import { expandOutputPatterns, type PatternContext } from './output-patterns.js';
import { MOST_SUBJOBS, type SplitSpecification } from './split-specification.js';

/** The job cannot be split: why, and what to do. */
export class SplitError extends GridError {
  readonly code = 'JDL_SPLIT';
}

/** One sub-job; its ad and its text are made when they are asked for. Values with names in them are to be evaluated in what the JDL parses to. */
export class SubJob {
  readonly #make: () => ClassAd;
  #ad: ClassAd | undefined;
  constructor(
    /** From 1 over all sub-jobs of the master. */
    readonly counter: number,
    readonly group: string,
    readonly files: readonly SplitFile[],
    make: () => ClassAd,
  ) {
    this.#make = make;
  }

  get ad(): ClassAd {
    this.#ad ??= this.#make();
    return this.#ad;
  }

  /** ClassAd text; it parses without arguments in the dialect `classad`. */
  get jdl(): string {
    return printAd(this.ad);
  }
}

export interface SplitOptions {
  /** For the mode `ce`: the computing elements that are open. */
  readonly computingElements?: readonly string[];
}

/** What belongs to the master alone. */
const MASTERS_OWN = new Set([
  'split',
  'splitarguments',
  'splitmaxinputfilenumber',
  'splitmaxinputfilesize',
  'splitmininputfilenumber',
  'splitmininputfilesize',
  'splitdefinitions',
  'forceonlyseinput',
  'maxinputmissingthreshold',
  'orderlfn',
  'inputdatacollection',
  'merge',
  'mergeoutputdir',
  'mergecollections',
  'masterresubmitthreshold',
  'resubmittype',
  'maxfailed',
  'maxinitfailed',
]);
const MOST_BROKERED_FILES = 1_000;
const PATTERNED = ['OutputDir', 'Output', 'OutputFile', 'OutputArchive', 'OutputErrorE'] as const;

/** A group before it becomes sub-jobs. */
interface Part {
  readonly key: string;
  readonly files: readonly SplitFile[];
  /** An expression that the sub-job's place must fulfil as well. */
  readonly requirement?: string;
  readonly isBrokered?: boolean;
  readonly overrides?: ClassAd;
}

/** @throws {SplitError} no split asked for, no files for a mode that needs some, or too many sub-jobs */
export function splitJob(
  description: JobDescription,
  files: readonly SplitFile[],
  options: SplitOptions = {},
): SubJob[] {
  const { split } = description;
  if (split === undefined) throw new SplitError('The job has no Split; submit it as it is.');
  const parts = partsOf(split, files, options);
  const argumentVariants = split.arguments.length > 0 ? split.arguments : [''];
  if (parts.length * argumentVariants.length > MOST_SUBJOBS)
    throw new SplitError(
      `The job would become ${parts.length * argumentVariants.length} sub-jobs, more than ${MOST_SUBJOBS}; raise SplitMaxInputFileNumber.`,
    );
  const jobs: SubJob[] = [];
  for (const part of parts)
    for (const more of argumentVariants) {
      const context: PatternContext = {
        files: part.files.map(({ lfn }) => lfn),
        counter: jobs.length + 1,
        group: part.key,
      };
      const make = (): ClassAd => subJobAd(description, part, { more, context });
      jobs.push(new SubJob(context.counter, part.key, part.files, make));
    }
  return jobs;
}

function partsOf(split: SplitSpecification, files: readonly SplitFile[], options: SplitOptions): Part[] {
  const { by } = split;
  switch (by.mode) {
    case 'production':
      return Array.from({ length: by.last - by.first + 1 }, (_, i) => ({ key: String(by.first + i), files: [] }));
    case 'userdefined':
      return split.definitions.map((text, i) => ({ key: String(i + 1), files: [], overrides: parseJdl(text).ad }));
    case 'ce': {
      const elements = options.computingElements ?? [];
      if (elements.length === 0)
        throw new SplitError('Split = "ce" makes a sub-job for each open computing element, and none is open.');
      return elements.map((element) => ({ key: element, files: [], requirement: `other.CE == ${quoted(element)}` }));
    }
    default:
      return partsOfFiles(split, files);
  }
}

function partsOfFiles(split: SplitSpecification, files: readonly SplitFile[]): Part[] {
  if (files.length === 0)
    throw new SplitError(
      `Split = "${split.by.mode}" needs input data, and there is none; check InputData or InputDataCollection.`,
    );
  if (split.by.mode === 'se_advanced') return brokeredParts(split, files);
  const isLocal = split.isOnlyLocalInput || split.by.mode === 'af';
  const usable = isLocal ? files.filter(({ elements = [] }) => elements.length > 0) : files;
  if (usable.length === 0)
    throw new SplitError(
      'No input file has a copy at any storage element; wait for the copies, or leave out ForceOnlySEInput.',
    );
  return groupFiles(usable, split).map((group) => ({ key: group.key, files: group.files, ...nearness(group) }));
}

const nearness = ({ elements }: FileGroup): { requirement?: string } =>
  elements.length === 0
    ? {}
    : { requirement: elements.map((element) => `member(other.CloseSE, ${quoted(element)})`).join(' || ') };

/** The broker gives files to sub-jobs when they run; here they only get their places. */
function brokeredParts({ maxFiles }: SplitSpecification, files: readonly SplitFile[]): Part[] {
  if (files.length > MOST_BROKERED_FILES)
    throw new SplitError(
      `Split = "se_advanced" takes at most ${MOST_BROKERED_FILES} files, not ${files.length}; use "se".`,
    );
  const perElement = new Map<string, number>();
  for (const { elements = [] } of files)
    for (const element of new Set(elements)) perElement.set(element, (perElement.get(element) ?? 0) + 1);
  return [...perElement].flatMap(([element, count]) =>
    Array.from({ length: Math.ceil(count / (maxFiles ?? files.length)) }, (_, i) => ({
      key: `${element}${i}`,
      files: [],
      requirement: `member(other.CloseSE, ${quoted(element)})`,
      isBrokered: true,
    })),
  );
}

function subJobAd(
  description: JobDescription,
  part: Part,
  { more, context }: { more: string; context: PatternContext },
): ClassAd {
  const ad = new ClassAd();
  const take = (from: ClassAd): void => {
    for (const { name, expr } of from) if (!MASTERS_OWN.has(name.toLowerCase())) ad.set(name, expr);
  };
  take(description.ad);
  if (part.overrides !== undefined) take(part.overrides);
  const set = (name: string, value: string | readonly string[] | bigint): void =>
    void ad.set(ad.nameOf(name) ?? name, toExpr(value, ad));
  const args = textsOf(ad, 'Arguments').join(' ');
  const allArguments = expandOutputPatterns(`${args} ${more}`.trim(), context);
  if (allArguments !== '') set('Arguments', allArguments);
  for (const name of PATTERNED) {
    if (!ad.has(name)) continue;
    const texts = textsOf(ad, name).map((text) => expandOutputPatterns(text, context));
    set(name, evaluateAttribute(ad, name) instanceof ListExpr ? texts : (texts[0] ?? ''));
  }
  if (part.files.length > 0)
    set(
      'InputData',
      part.files.map(({ lfn, isDownloaded = true }) => printInputFile({ lfn, isDownloaded })),
    );
  if (part.isBrokered === true) set('FileBroker', 1n);
  if (part.requirement !== undefined) addRequirement(ad, part.requirement);
  return ad;
}

function textsOf(ad: ClassAd, name: string): string[] {
  const value = evaluateAttribute(ad, name);
  if (typeof value === 'string') return [value];
  if (!(value instanceof ListExpr))
    return typeof value === 'bigint' || typeof value === 'number' ? [String(value)] : [];
  return value.items.flatMap((item) => (item.kind === 'literal' && typeof item.value === 'string' ? [item.value] : []));
}

/** The master's own requirements are kept as OrigRequirements. */
function addRequirement(ad: ClassAd, requirement: string): void {
  const original = ad.get('Requirements');
  const text = original === undefined ? requirement : `(${printExpression(original)}) && (${requirement})`;
  if (original !== undefined) ad.set('OrigRequirements', original);
  ad.set(ad.nameOf('Requirements') ?? 'Requirements', parseExpression(text, { scope: ad }));
}
