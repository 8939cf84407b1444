/**
 * What the queue does with every attribute of an AliEn job description: uses it, carries it for others, or refuses the job with a sentence.
 * One table, for `submit` and `proof jdl check` alike; docs/jobs.md holds the same one, compared by a test.
 */
import type { ALIEN_ATTRIBUTES } from './attribute-names.js';
import type { JobDescription } from './job-description.js';

export type Service =
  /** Has its effect; `how` is for the documentation. */
  | { readonly is: 'used'; readonly how: string }
  /** For the production manager, or written by the system: kept as it is. */
  | { readonly is: 'carried'; readonly how: string }
  /** A job that has it is not taken. */
  | { readonly is: 'refused'; readonly how: string };

const used = (how: string): Service => ({ is: 'used', how });
const carried = (how: string): Service => ({ is: 'carried', how });
const refused = (how: string): Service => ({ is: 'refused', how });

const MANAGER = carried("the production manager's");
const SYSTEM = carried("the system's; a user's value does not count");

export const SERVICE: Readonly<Record<keyof typeof ALIEN_ATTRIBUTES, Service>> = {
  Executable: used('looked up in the catalog when the job is submitted and when it is given out'),
  Arguments: used('one argument a word'),
  Packages: used("each must be among the agent's Packages"),
  JobTag: used('`comment:` is the name in lists'),
  InputFile: used('fetched into the directory of the job'),
  InputBox: used('as InputFile'),
  InputData: used('fetched, but for `nodownload`; split by'),
  InputDataCollection: used("a data set of the catalog, or a file there that lists files (AliEn's XML, JSON, CSV)"),
  InputDataList: used('written with the names of the input data'),
  InputDataListFormat: used('plain, xml-single, xml-group, merge:LFN'),
  InputDataSet: refused('companion files are not looked for: name them in InputData or InputFile'),
  InputDataAction: refused('nothing is staged from tape beforehand: leave it out where the files are on disk'),
  InputZip: refused('archives are not unpacked: name their members, or unpack in the program'),
  Output: used('kept after the job'),
  OutputFile: used('as Output'),
  OutputArchive: used('as Output'),
  OutputErrorE: used('kept after a failure'),
  OutputDir: used('where outputs go'),
  ValidationCommand: used('run after a payload that ended well; it decides, and `.alienValidation.trace` is told'),
  Requirements: used('asked of every agent'),
  OrigRequirements: carried('what the Requirements of a sub-job were before its place was added'),
  TTL: used('running time at most'),
  Price: used("the dearer of one user's jobs goes first"),
  CPUCores: used('cores taken of the slot'),
  MemorySize: used('limit, and asked of the agent'),
  Memory: used('asked of the agent'),
  Swap: refused('agents do not say what swap they have: ask for MemorySize'),
  ResidentMemorySize: used('as MemorySize'),
  VirtualMemorySize: refused('only resident memory is limited: use MemorySize'),
  VirtualMemoryMax: refused('only resident memory is limited: use MemorySize'),
  WorkDirectorySize: used('limit, and asked of the agent'),
  ProxyTTL: used('runs until the slot ends'),
  MaxWaitingTime: used('ERROR_EW after it'),
  Split: used('all modes but se_advanced'),
  SplitArguments: used('appended; several make several sub-jobs of each group'),
  SplitMaxInputFileNumber: used('of a sub-job'),
  SplitMaxInputFileSize: used('of a sub-job'),
  SplitMinInputFileNumber: used('`se`: smaller groups are joined'),
  SplitMinInputFileSize: used('`se`: smaller groups are joined'),
  ForceOnlySEInput: used('files without a copy are left out'),
  MaxInputMissingThreshold: used('so many input files may be missing from the catalog'),
  OrderLFN: used('files are split in the order of their names'),
  SplitDefinitions: used('a JDL for each sub-job'),
  MasterResubmitThreshold: used('more failures than this, and they go back to the queue'),
  ResubmitType: used('which failures'),
  MaxFailed: used('more failures than this, and what waits is not run'),
  MaxInitFailed: used('the same as long as nothing is DONE'),
  MaxFailFraction: MANAGER,
  MaxResubmitFraction: MANAGER,
  Merge: used('a job each over the outputs of the sub-jobs, when these are over'),
  MergeOutputDir: used('where the result goes'),
  MergeCollections: used('the outputs of the sub-jobs become a collection of the catalog'),
  JDLVariables: used('`ALIEN_JDL_NAME` in the environment'),
  Email: used('the emailHook is run when the job is over'),
  Retries: used('how often a failure goes back to the queue'),
  Interactive: refused('jobs are batch work: use "proof open" for interactive work'),
  FileBroker: refused('files are given to sub-jobs when the master is split: use Split = "se"'),
  GUIDFile: refused('outputs are registered by their names: find their GUIDs in the catalog'),
  LocalDiskSpace: used('asked of the agent'),
  JDLArguments: SYSTEM,
  JDLPath: SYSTEM,
  JDLProcessor: SYSTEM,
  User: SYSTEM,
  Type: SYSTEM,
  MasterJobID: SYSTEM,
  SuccessfullyBookedPFNs: SYSTEM,
  JobLogOnClusterMonitor: SYSTEM,
};

const REFUSED = Object.entries(SERVICE).filter(([, { is }]) => is === 'refused');

/** Said and false is as good as not said. */
const SWITCHES = new Set(['Interactive', 'FileBroker']);

/** A sentence for each reason why the job is not taken. */
export function notServed(description: JobDescription): string[] {
  const { ad, split, switches } = description;
  const reasons = REFUSED.filter(([name]) => ad.has(name) && (!SWITCHES.has(name) || switches.includes(name))).map(
    ([name, { how }]) => `${name} is not served: ${how}.`,
  );
  if (split?.by.mode === 'se_advanced')
    reasons.push(
      'Split = "se_advanced" is not served: files are given to sub-jobs when the master is split, not when they run; use "se".',
    );
  return reasons;
}

/** What runs, but not in full: said to the submitter. */
export function shortcomings(
  { email, split, merges, mergeCollections }: JobDescription,
  { hasEmailHook }: { hasEmailHook: boolean },
): string[] {
  const said: string[] = [];
  if (email !== undefined && !hasEmailHook) said.push('Email has no effect: this ProxyServer has no emailHook.');
  if (split === undefined && merges.length + mergeCollections.length > 0)
    said.push('Merge and MergeCollections have no effect: the job has no Split.');
  return said;
}
