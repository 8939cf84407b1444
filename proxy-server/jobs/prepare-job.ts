/**
 * A JDL as it was submitted to what the queue holds: checked, what cannot be served refused with a sentence, split.
 * The stored text is ClassAd with all arguments put in; it is read again when the job is matched and when it is given out.
 */
import {
  type ClassAd,
  type JobDescription,
  parseExpression,
  parseJdl,
  parseJobDescription,
  printAd,
  printExpression,
  quoted,
  splitJob,
} from '../../jdl/index.js';
import { GridError } from '../../protocol/errors.js';
import type { JobInputs } from './job-files.js';
import type { NewJob } from './job-store.js';
import type { WaitingJob } from './matchmaker.js';

/** The job is not taken: every reason, a sentence each. */
export class JobRefusedError extends GridError {
  readonly code = 'PROXY_JOB_REFUSED';
}

export interface PreparedJob {
  readonly job: NewJob;
  /** null: no master. */
  readonly subJobs: readonly NewJob[] | null;
  readonly warnings: readonly string[];
}

/** @throws {JobRefusedError | JdlParseError | JdlArgumentError | SplitError | JobInputError} */
export async function prepareJob(
  submission: { user: string; jdl: string; args: readonly string[]; nowMs: number },
  inputs: JobInputs,
): Promise<PreparedJob> {
  const { user, jdl, args, nowMs } = submission;
  const parsed = parseJdl(jdl, { args });
  const { description, problems, warnings } = parseJobDescription(parsed.ad);
  if (description === undefined) throw new JobRefusedError(problems.map(({ message }) => message).join(' '));
  const refusals = notServed(description);
  if (refusals.length > 0) throw new JobRefusedError(refusals.join(' '));
  addPackages(parsed.ad, description.packages);
  await inputs.program(user, description.executable);
  if (description.validationCommand !== undefined) await inputs.program(user, description.validationCommand);
  const files = await inputs.splitFiles(user, description.inputData);
  const said = [...parsed.warnings, ...warnings].map(({ message }) => message).concat(shortcomings(description));
  const make = (ad: ClassAd): NewJob => newJob(user, ad, nowMs);
  if (description.split === undefined) return { job: make(parsed.ad), subJobs: null, warnings: said };
  const subJobs = splitJob(description, files).map(({ ad }) => make(ad));
  return { job: make(parsed.ad), subJobs, warnings: said };
}

function newJob(user: string, ad: ClassAd, nowMs: number): NewJob {
  const description = describe(ad);
  const { comment, executable, price, cores, maxWaitingSeconds } = description;
  return {
    user,
    name: comment ?? executable.split('/').at(-1)!,
    jdl: printAd(ad),
    price,
    cores: Math.max(1, cores),
    waitUntil: maxWaitingSeconds === undefined ? null : nowMs + maxWaitingSeconds * 1000,
  };
}

/** @throws {JobRefusedError} a sub-job whose own definition is wrong */
function describe(ad: ClassAd): JobDescription {
  const { description, problems } = parseJobDescription(ad);
  if (description === undefined) throw new JobRefusedError(problems.map(({ message }) => message).join(' '));
  return description;
}

/** The text of the queue, read back. */
export function readStored(jdl: string): JobDescription {
  return describe(parseJdl(jdl, { dialect: 'classad' }).ad);
}

/** What the matchmaker asks of a job. Memory and disk count where the JDL names them: the defaults are limits, not wishes. */
export function waitingJob({ jobId, user, jdl }: { jobId: number; user: string; jdl: string }): WaitingJob {
  const { ad, price, cores, ttlSeconds, memoryBytes, workDirectoryBytes, runsToEndOfSlot } = readStored(jdl);
  return {
    jobId,
    user,
    price,
    ad,
    cores: Math.max(1, cores),
    ttlSeconds,
    memoryBytes: ad.has('MemorySize') || ad.has('ResidentMemorySize') ? memoryBytes : 0,
    diskBytes: ad.has('WorkDirectorySize') ? workDirectoryBytes : 0,
    runsToEndOfSlot,
  };
}

function addPackages(ad: ClassAd, packages: readonly string[]): void {
  if (packages.length === 0) return;
  const wanted = packages.map((name) => `member(other.Packages, ${quoted(name)})`).join(' && ');
  const own = ad.get('Requirements');
  ad.set(
    'Requirements',
    parseExpression(own === undefined ? wanted : `(${printExpression(own)}) && ${wanted}`, { scope: ad }),
  );
}

function notServed(description: JobDescription): string[] {
  const { inputCollections, inputData, inputDataList, merges, split } = description;
  const reasons: string[] = [];
  if (inputCollections.length > 0 && inputData.length === 0)
    reasons.push('InputDataCollection is not served yet; name the files or a pattern in InputData.');
  if (merges.length > 0) reasons.push('Merge is not served yet; merge the outputs with a job of your own.');
  if (split?.by.mode === 'se_advanced') reasons.push('Split = "se_advanced" is not served yet; use "se".');
  if (split?.by.mode === 'ce') reasons.push('Split = "ce" is not served yet; use Requirements.');
  if (inputDataList !== undefined && !/^(?:plain|txt-list)$/i.test(inputDataList.format))
    reasons.push(`InputDataListFormat = "${inputDataList.format}" is not served yet; use plain.`);
  return reasons;
}

/** What runs, but not in full: said to the submitter. */
function shortcomings({ outputs, email, masterResubmitThreshold, outputDir }: JobDescription): string[] {
  const said: string[] = [];
  if (outputs.some(({ kind }) => kind === 'archive'))
    said.push('OutputArchive: the members are kept one by one, not in an archive.');
  if (outputs.length > 0 || outputDir !== undefined)
    said.push(
      'Outputs are kept by the ProxyServer (proof spy JOB FILE); OutputDir and storage elements are not served yet.',
    );
  if (email !== undefined) said.push('Email is not served yet.');
  if (masterResubmitThreshold !== undefined)
    said.push('MasterResubmitThreshold is not served yet; use "proof resubmit".');
  return said;
}
