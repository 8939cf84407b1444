/**
 * A JDL as it was submitted to what the queue holds: checked, what cannot be served refused with a sentence, split.
 * The stored text is ClassAd with all arguments put in; it is read again when the job is given out.
 */
import {
  type ClassAd,
  type JobDescription,
  makeAd,
  notServed,
  parseJdl,
  parseJobDescription,
  printAd,
  type SplitOptions,
  type SubJob,
  shortcomings,
  splitJob,
  thresholdCount,
} from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import { type FoundFile, type JobInputs, splitFiles } from './job-inputs.js';
import type { NewJob } from './job-store.js';
import { wantsOf } from './job-wants.js';

/** The job is not taken: every reason, a sentence each. */
export class JobRefusedError extends GridError {
  readonly code = 'PROXY_JOB_REFUSED';
}

export interface Submission {
  readonly user: string;
  readonly jdl: string;
  readonly args: readonly string[];
  /** Where the JDL names no input, and no place for its outputs. */
  readonly given?: { readonly inputData: readonly string[]; readonly outputDir: string };
}

export interface PreparedJob {
  readonly job: NewJob;
  /** null: no master. */
  readonly parts: readonly SubJob[] | null;
  readonly warnings: readonly string[];
}

export interface PrepareOptions extends SplitOptions {
  readonly inputs: JobInputs;
  /** An Email is served: there is a command for it. */
  readonly hasEmailHook: boolean;
}

/** @throws {JobRefusedError | JdlParseError | JdlArgumentError | SplitError | JobInputError} */
export async function prepareJob(submission: Submission, options: PrepareOptions): Promise<PreparedJob> {
  const { user, jdl, args, given } = submission;
  const parsed = parseJdl(jdl, { args });
  if (given !== undefined) fillIn(parsed.ad, given);
  const { description, problems, warnings } = parseJobDescription(parsed.ad);
  if (description === undefined) throw new JobRefusedError(problems.map(({ message }) => message).join(' '));
  const refusals = notServed(description);
  if (refusals.length > 0) throw new JobRefusedError(refusals.join(' '));
  const { inputs } = options;
  await inputs.program(user, description.executable);
  if (description.validationCommand !== undefined) await inputs.program(user, description.validationCommand);
  const said = [...parsed.warnings, ...warnings].map(({ message }) => message);
  return {
    job: newJob(user, description),
    parts: await partsOf(description, user, options),
    warnings: [...said, ...shortcomings(description, options)],
  };
}

function fillIn(ad: ClassAd, { inputData, outputDir }: NonNullable<Submission['given']>): void {
  const more = makeAd({ InputData: inputData.map((lfn) => `LF:${lfn}`), OutputDir: outputDir });
  const isLacking = (...names: string[]): boolean => !names.some((name) => ad.has(name));
  if (isLacking('InputData', 'InputDataCollection')) ad.set('InputData', more.get('InputData')!);
  if (isLacking('OutputDir')) ad.set('OutputDir', more.get('OutputDir')!);
}

/** The sub-jobs of a master, or null; also what is missing of its input is found here. */
export async function partsOf(
  description: JobDescription,
  user: string,
  { inputs, ...split }: Pick<PrepareOptions, 'inputs' | 'computingElements'>,
): Promise<SubJob[] | null> {
  const files = await inputDataOf(description, user, inputs);
  return description.split === undefined ? null : splitJob(description, splitFiles(files), split);
}

/** InputData, else what InputDataCollection lists. @throws {JobInputError} more files are missing than may be */
export async function inputDataOf(
  { inputData, inputCollections, maxMissing }: JobDescription,
  user: string,
  inputs: JobInputs,
): Promise<FoundFile[]> {
  const named = inputData.length > 0 ? inputData : await inputs.collected(user, inputCollections);
  return inputs.files(user, named, maxMissing === undefined ? 0 : thresholdCount(maxMissing, named.length));
}

export function newJob(user: string, description: JobDescription): NewJob {
  const { ad, comment, executable, price, cores, maxWaitingSeconds } = description;
  return {
    user,
    name: comment?.trim() ?? executable.split('/').at(-1)!,
    jdl: printAd(ad),
    wants: wantsOf(description, user),
    price,
    cores: Math.max(1, cores),
    waitMs: maxWaitingSeconds === undefined ? null : maxWaitingSeconds * 1000,
  };
}

/** @throws {JobRefusedError} a sub-job whose own definition is wrong */
export function describe(ad: ClassAd): JobDescription {
  const { description, problems } = parseJobDescription(ad);
  if (description === undefined) throw new JobRefusedError(problems.map(({ message }) => message).join(' '));
  return description;
}

/** The text of the queue, read back. */
export function readStored(jdl: string): JobDescription {
  return describe(parseJdl(jdl, { dialect: 'classad' }).ad);
}

/** Of a job that was stored before its wants were. */
export const storedWants = ({ wants, jdl, user }: { wants: string; jdl: string; user: string }): string =>
  wants === '' ? wantsOf(readStored(jdl), user) : wants;
