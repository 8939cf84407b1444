/**
 * An ad as the description of an AliEn job: every attribute typed and checked, or refused with a sentence.
 *
 * Whatever a value holds (blanks, quotes, characters that a shell would act on) is carried as it is: arguments are cut at white space into a
 * list and never given to a shell. Unknown attributes are warned of with the nearest name, and carried.
 * Source: AliEn and JAliEn, taskQueue/JDL.java and the optimizers.
 */
import { didYouMean } from '../../protocol/nearest.js';
import { booleanOf, stringsOf } from '../attributes.js';
import { evaluateAttribute } from '../evaluate.js';
import { ClassAd, type Expr, ListExpr } from '../expression.js';
import { JdlAttributeError } from '../jdl-errors.js';
import { printExpression } from '../printer.js';
import { UNDEFINED } from '../value.js';
import { ALIEN_ATTRIBUTES, type AttributeKind, canonicalName, isProductionManagers } from './attribute-names.js';
import { type InputFile, parseInputFile } from './input-files.js';
import { type MergeCollection, type MergeSpec, parseMerge, parseMergeCollection } from './merge-spec.js';
import { type OutputSpec, parseOutputSpec } from './output-spec.js';
import { parseSize, parseThreshold, parseWait, type Threshold } from './quantities.js';
import { parseSplitMode, type SplitSpecification } from './split-specification.js';

export interface JobDescription {
  /** What the description was read from; its expressions are evaluated in it. */
  readonly ad: ClassAd;
  /** Absolute, or relative to the places where executables are looked for. */
  readonly executable: string;
  /** Cut at white space. */
  readonly arguments: readonly string[];
  /** VO@Name or VO@Name::version. */
  readonly packages: readonly string[];
  readonly tags: readonly string[];
  /** The job tag `comment:…`. */
  readonly comment: string | undefined;
  readonly inputFiles: readonly InputFile[];
  readonly inputData: readonly InputFile[];
  /** Used where there is no input data. */
  readonly inputCollections: readonly InputFile[];
  readonly inputDataList: { readonly file: string; readonly format: string } | undefined;
  readonly outputs: readonly OutputSpec[];
  /** Kept where the payload fails. */
  readonly errorOutputs: readonly OutputSpec[];
  readonly outputDir: string | undefined;
  readonly validationCommand: string | undefined;
  readonly requirements: Expr | undefined;
  readonly ttlSeconds: number;
  readonly price: number;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly workDirectoryBytes: number;
  readonly runsToEndOfSlot: boolean;
  readonly maxWaitingSeconds: number | undefined;
  readonly split: SplitSpecification | undefined;
  readonly masterResubmitThreshold: Threshold | undefined;
  /** `system`, `all`, or states. */
  readonly resubmitTypes: readonly string[];
  /** So many input files may be missing from the catalog. */
  readonly maxMissing: Threshold | undefined;
  readonly maxFailed: Threshold | undefined;
  readonly maxInitFailed: Threshold | undefined;
  readonly merges: readonly MergeSpec[];
  readonly mergeCollections: readonly MergeCollection[];
  readonly mergeOutputDir: string | undefined;
  /** What the payload finds as ALIEN_JDL_<KEY>; lists joined by ##. */
  readonly variables: Readonly<Record<string, string>>;
  readonly email: string | undefined;
  readonly retries: number;
  /** `Interactive`, `FileBroker`, where they are true. */
  readonly switches: readonly string[];
  /** What the node must have, in bytes. */
  readonly nodeMemoryBytes: number | undefined;
  readonly nodeDiskBytes: number | undefined;
}

export interface JobProblem {
  readonly attribute: string;
  readonly message: string;
}

export type ParsedJob =
  | { readonly description: JobDescription; readonly problems: readonly []; readonly warnings: readonly JobProblem[] }
  | {
      readonly description: undefined;
      readonly problems: readonly JobProblem[];
      readonly warnings: readonly JobProblem[];
    };

/** Nobody reads more. */
const MOST_WARNINGS = 200;
const DEFAULT_TTL_SECONDS = 21_600;
const GIGABYTE = 2 ** 30;
const PACKAGE = /^[A-Za-z][\w-]*@[\w.+-]+(?:::[\w.+-]+)?$/;
const RESUBMIT_TYPES = /^(?:system|all|ERROR_[A-Z]+|EXPIRED|FAILED|ZOMBIE|DONE_WARN|KILLED)$/i;
const LIST_FORMATS = /^(?:plain|txt-list|xml-single|xml-group|merge:\/.+)$/i;

/** Reads attributes one by one and collects what is wrong with each, so that a user learns of all mistakes at once. */
class JobReader {
  readonly problems: JobProblem[] = [];
  readonly warnings: JobProblem[] = [];

  constructor(readonly ad: ClassAd) {}

  refuse(attribute: string, message: string): undefined {
    this.problems.push({ attribute, message: `${attribute}: ${message}` });
  }

  warn(attribute: string, message: string): void {
    this.warnings.push({ attribute, message });
  }

  read<T>(name: string, get: (ad: ClassAd, name: string) => T | undefined): T | undefined {
    try {
      return get(this.ad, name);
    } catch (error) {
      if (!(error instanceof JdlAttributeError)) throw error;
      const { message } = error;
      if (!this.problems.some((problem) => problem.message === message))
        this.problems.push({ attribute: name, message });
      return undefined;
    }
  }

  /** A string; a number counts as its digits. */
  string(name: string): string | undefined {
    return this.read(name, (ad) => {
      const value = evaluateAttribute(ad, name);
      if (typeof value === 'bigint' || typeof value === 'number') return String(value);
      if (value instanceof ListExpr && value.items.length === 1) return stringsOf(ad, name)?.[0];
      if (value === UNDEFINED) return undefined;
      if (typeof value !== 'string')
        throw new JdlAttributeError(name, `expected a string, found ${printExpression(ad.get(name)!)}.`);
      return value;
    });
  }

  strings(name: string): readonly string[] {
    return this.read(name, stringsOf) ?? [];
  }

  parsed<T>(name: string, parse: (text: string) => T | undefined, expected: string): T | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    return parse(text) ?? this.refuse(name, `"${text}" is not ${expected}.`);
  }

  /** A number, or a string that holds one and nothing else. */
  number(name: string): number | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    if (/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text)) return Number(text);
    return this.refuse(name, `"${text}" is not a number.`);
  }

  whole(name: string, { least, most }: { least: number; most: number }): number | undefined {
    const number = this.number(name);
    if (number === undefined) return undefined;
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    return this.refuse(name, `${number} is not a whole number from ${least} to ${most}.`);
  }

  /** Each text of a list through a parser that gives a sentence where it cannot. */
  each<T extends object>(name: string, parse: (text: string) => T | string): T[] {
    const parsed: T[] = [];
    for (const text of this.strings(name)) {
      const result = parse(text);
      if (typeof result === 'string') this.refuse(name, result);
      else parsed.push(result);
    }
    return parsed;
  }
}

/** Everything about a job that its ad says. `problems` is empty exactly if there is a description. */
export function parseJobDescription(ad: ClassAd): ParsedJob {
  const reader = new JobReader(ad);
  checkNames(reader);
  const executable = reader.string('Executable')?.trim();
  if (executable === undefined) {
    if (!ad.has('Executable')) reader.refuse('Executable', 'is missing; name the program to run.');
  } else if (!isFileName(executable)) reader.refuse('Executable', `"${executable}" is no file name.`);
  const description: JobDescription = {
    ad,
    executable: executable ?? '',
    ...payload(reader),
    ...files(reader),
    ...limits(reader),
    ...aftermath(reader),
    split: splitOf(reader),
  };
  const { problems, warnings } = reader;
  return problems.length > 0 ? { description: undefined, problems, warnings } : { description, problems: [], warnings };
}

const isFileName = (name: string): boolean => name !== '' && !/[\s\0]/.test(name);

/** What JDLVariables names is the payload's own: any name will do. */
function checkNames(reader: JobReader): void {
  const own = new Set(reader.strings('JDLVariables').map((name) => name.toLowerCase()));
  for (const { name } of reader.ad) {
    if (reader.warnings.length >= MOST_WARNINGS) return;
    const canonical = canonicalName(name);
    if (canonical === undefined && !isProductionManagers(name) && !own.has(name.toLowerCase()))
      reader.warn(name, `${name} is no attribute of a job.${didYouMean(name, Object.keys(ALIEN_ATTRIBUTES))}`);
    const kind: AttributeKind | undefined = canonical === undefined ? undefined : ALIEN_ATTRIBUTES[canonical];
    if (kind === 'system') reader.warn(name, `${name} is set by the system; what the JDL says does not count.`);
  }
}

function payload(reader: JobReader) {
  const { ad } = reader;
  const packages = reader.strings('Packages').filter((name) => {
    if (!PACKAGE.test(name)) reader.refuse('Packages', `"${name}" is no package; write VO_ALICE@Name::version.`);
    return PACKAGE.test(name);
  });
  const tags = reader.strings('JobTag');
  const requirements = ad.get('Requirements');
  if (requirements?.kind === 'literal' && typeof requirements.value === 'string')
    reader.refuse('Requirements', 'is a string; write the expression without the quotes around it.');
  return {
    arguments: reader.strings('Arguments').flatMap((text) => text.split(/\s+/).filter((word) => word !== '')),
    packages,
    tags,
    comment: tags.find((tag) => /^comment:/i.test(tag))?.slice('comment:'.length),
    validationCommand: lfnOf(reader, 'ValidationCommand'),
    requirements,
    variables: variablesOf(reader),
    email: emailOf(reader),
  };
}

/** It is handed to a command of the site: nothing that could be taken for an option. */
function emailOf(reader: JobReader): string | undefined {
  const address = reader.string('Email')?.trim();
  if (address === undefined || /^[^\s@-][^\s@]*@[^\s@]+$/.test(address)) return address;
  return reader.refuse('Email', `"${address}" is no address.`);
}

function lfnOf(reader: JobReader, name: string): string | undefined {
  const lfn = reader.string(name)?.trim();
  if (lfn === undefined || isFileName(lfn)) return lfn;
  return reader.refuse(name, `"${lfn}" is no file name.`);
}

/** The attributes that JDLVariables names, as the payload's environment will hold them. */
function variablesOf(reader: JobReader): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of reader.strings('JDLVariables')) {
    if (!/^\w+$/.test(name)) reader.refuse('JDLVariables', `"${name}" is no name of an attribute.`);
    else if (reader.ad.has(name)) variables[name.toUpperCase()] = reader.read(name, textsOf)?.join('##') ?? '';
  }
  return variables;
}

function textsOf(ad: ClassAd, name: string): string[] | undefined {
  const value = evaluateAttribute(ad, name);
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean'
    ? [String(value)]
    : stringsOf(ad, name);
}

function files(reader: JobReader) {
  const inputs = (name: string): InputFile[] => reader.each(name, parseInputFile);
  const outputs = (name: string): OutputSpec[] => reader.each(name, parseOutputSpec);
  const archives = outputs('OutputArchive');
  for (const { kind, name } of archives)
    if (kind !== 'archive') reader.refuse('OutputArchive', `"${name}" has no members; write ${name}:file,*.root.`);
  const outputDir = directoryOf(reader, 'OutputDir');
  return {
    inputFiles: [...inputs('InputFile'), ...inputs('InputBox')],
    inputData: inputs('InputData'),
    inputCollections: inputs('InputDataCollection'),
    inputDataList: inputDataListOf(reader),
    outputs: [...outputs('Output'), ...outputs('OutputFile'), ...archives],
    errorOutputs: outputs('OutputErrorE'),
    outputDir,
  };
}

function inputDataListOf(reader: JobReader): JobDescription['inputDataList'] {
  const file = reader.string('InputDataList')?.trim();
  const format = reader.string('InputDataListFormat')?.trim() ?? 'plain';
  if (!LIST_FORMATS.test(format))
    reader.refuse('InputDataListFormat', `"${format}" is not known; use plain, xml-single, xml-group or merge:/LFN.`);
  if (file === undefined) return undefined;
  if (!isFileName(file) || file.includes('/'))
    return reader.refuse('InputDataList', `"${file}" is no name of a file in the job's directory.`);
  return { file, format };
}

function limits(reader: JobReader) {
  const size = (name: string): number | undefined => reader.parsed(name, parseSize, 'a size such as 8GB');
  for (const name of ['Swap', 'VirtualMemorySize', 'VirtualMemoryMax']) size(name);
  const price = reader.number('Price') ?? 1;
  if (!(price >= 0)) reader.refuse('Price', `${price} is below 0.`);
  return {
    ttlSeconds: reader.whole('TTL', { least: 1, most: 10_000_000 }) ?? DEFAULT_TTL_SECONDS,
    price,
    cores: reader.whole('CPUCores', { least: 0, most: 100 }) ?? 1,
    memoryBytes: size('MemorySize') ?? size('ResidentMemorySize') ?? 8 * GIGABYTE,
    workDirectoryBytes: size('WorkDirectorySize') ?? 10 * GIGABYTE,
    runsToEndOfSlot: reader.read('ProxyTTL', booleanOf) ?? false,
    maxWaitingSeconds: reader.parsed('MaxWaitingTime', parseWait, 'a time such as 90s, 30m or 12h, under 14 days'),
    retries: reader.whole('Retries', { least: 0, most: 100 }) ?? 0,
    nodeMemoryBytes: size('Memory'),
    nodeDiskBytes: size('LocalDiskSpace'),
  };
}

function aftermath(reader: JobReader) {
  const threshold = (name: string): Threshold | undefined =>
    reader.parsed(name, parseThreshold, 'a number or a percentage such as 10%');
  const switches = ['Interactive', 'FileBroker'].filter((name) => reader.read(name, booleanOf) === true);
  const resubmitTypes = reader.strings('ResubmitType').filter((type) => {
    if (!RESUBMIT_TYPES.test(type))
      reader.refuse('ResubmitType', `"${type}" is not system, all, or a state such as ERROR_E.`);
    return RESUBMIT_TYPES.test(type);
  });
  return {
    masterResubmitThreshold: threshold('MasterResubmitThreshold'),
    resubmitTypes,
    switches,
    maxMissing: threshold('MaxInputMissingThreshold'),
    maxFailed: threshold('MaxFailed'),
    maxInitFailed: threshold('MaxInitFailed'),
    ...mergingOf(reader),
  };
}

function mergingOf(reader: JobReader) {
  return {
    merges: reader.each('Merge', parseMerge),
    mergeCollections: reader.each('MergeCollections', parseMergeCollection),
    mergeOutputDir: directoryOf(reader, 'MergeOutputDir'),
  };
}

/** Of the catalog; `#alien…#` may stand in it. */
function directoryOf(reader: JobReader, name: string): string | undefined {
  const directory = reader.string(name)?.trim();
  if (directory !== undefined && !/^(?:\/|~\/|#alien|[\w.])/.test(directory))
    reader.refuse(name, `"${directory}" is no directory.`);
  if (directory?.split('/').includes('..')) reader.refuse(name, `"${directory}" must not hold "..".`);
  return directory;
}

function splitOf(reader: JobReader): SplitSpecification | undefined {
  const text = reader.string('Split');
  const count = (name: string): number | undefined => reader.whole(name, { least: 1, most: 1_000_000 });
  const bytes = (name: string): number | undefined =>
    reader.parsed(name, (size) => parseSize(size, ''), 'a size such as 7GB, or a number of bytes');
  const rest = {
    arguments: reader.strings('SplitArguments'),
    maxFiles: count('SplitMaxInputFileNumber'),
    maxBytes: bytes('SplitMaxInputFileSize'),
    minFiles: count('SplitMinInputFileNumber'),
    minBytes: bytes('SplitMinInputFileSize'),
    isOnlyLocalInput: reader.read('ForceOnlySEInput', booleanOf) ?? false,
    isOrdered: reader.read('OrderLFN', booleanOf) ?? false,
    definitions: reader.read('SplitDefinitions', definitionsOf) ?? [],
  };
  if (text === undefined) return undefined;
  const by = parseSplitMode(text);
  if (typeof by === 'string') return reader.refuse('Split', by);
  if (by.mode === 'userdefined' && rest.definitions.length === 0)
    reader.refuse('SplitDefinitions', 'is missing; Split = "userdefined" needs a JDL for every sub-job.');
  return { by, ...rest };
}

/** JDL texts, or ads, which become their text. */
function definitionsOf(ad: ClassAd, name: string): string[] | undefined {
  const value = evaluateAttribute(ad, name);
  if (!(value instanceof ListExpr)) return stringsOf(ad, name);
  return value.items.flatMap((item) =>
    item instanceof ClassAd ? [printExpression(item)] : textOfItem(ad, name, item),
  );
}

function textOfItem(ad: ClassAd, name: string, item: Expr): string[] {
  if (item.kind === 'literal' && typeof item.value === 'string') return [item.value];
  throw new JdlAttributeError(name, `expected a list of JDLs, found ${printExpression(ad.get(name) ?? item)}.`);
}
