/** What an agent is told to run: the description of a job with all its names looked up in the catalog. */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { BatchPolicy, JobOrder } from '../../protocol/job-messages.js';
import { inputListText, mergedList } from './input-list.js';
import { type FoundFile, JobInputError, type JobInputs } from './job-inputs.js';
import type { Job } from './job-row.js';
import type { JobTokens } from './job-tokens.js';
import type { OutputSettlement } from './output-settlement.js';
import { inputDataOf, readStored } from './prepare-job.js';

/** @throws {JobInputError} what it needs is not there; another GridError where the catalog cannot be asked */
export async function jobOrder(
  job: Job,
  {
    inputs,
    settlement,
    node,
    tokens,
    policy,
    maxSuspendedSeconds,
  }: {
    inputs: JobInputs;
    settlement: OutputSettlement;
    node: NodeFacts;
    tokens: JobTokens;
    policy: BatchPolicy;
    maxSuspendedSeconds: number;
  },
): Promise<JobOrder> {
  const description = readStored(job.jdl);
  const { user } = job;
  const [data, sandbox, executable, validation] = await Promise.all([
    inputDataOf(description, user, inputs),
    inputs.files(user, description.inputFiles),
    inputs.program(user, description.executable),
    description.validationCommand === undefined ? null : inputs.program(user, description.validationCommand),
  ]);
  const fetched = [...sandbox, ...data].filter((file) => file.isDownloaded);
  const names = [...namesOf(sandbox), ...inFolders(namesOf(data))];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new JobInputError(`Two input files are both named ${twice}; a job has one directory.`);
  const without = fetched.find(({ replicas }) => replicas.length === 0);
  if (without !== undefined) throw new JobInputError(`The input file ${without.lfn} has no copy that could be read.`);
  const list = description.inputDataList;
  const merged = list === undefined ? undefined : mergedList(list.format);
  const original = merged === undefined ? undefined : await inputs.textOf(user, merged);
  const plan = await settlement.plan(job, description, node);
  const token = await tokens.first(job, description.ttlSeconds);
  return {
    jobId: job.jobId,
    run: job.run,
    user,
    executable,
    arguments: [...description.arguments],
    variables: { ...description.variables },
    inputs: fetched.map(({ replicas }, i) => ({ name: names[i]!, urls: replicas.map(({ url }) => url) })),
    inputList: list === undefined ? null : { file: list.file, text: inputListText(list.format, data, original) },
    ...plan,
    validation,
    ttlSeconds: description.ttlSeconds,
    memoryBytes: description.memoryBytes,
    diskBytes: description.workDirectoryBytes,
    cores: job.cores,
    policy,
    maxSuspendedSeconds,
    ...(token === undefined ? {} : { token }),
  };
}

const namesOf = (files: readonly FoundFile[]): string[] =>
  files.filter(({ isDownloaded }) => isDownloaded).map(({ lfn }) => lfn.slice(lfn.lastIndexOf('/') + 1));

/** Files of one name, which lie in different directories of the catalog: each has one of its own here, 1/NAME, 2/NAME … */
function inFolders(names: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  return names.map((name) => {
    if (times.get(name) === 1) return name;
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return `${n}/${name}`;
  });
}
