/**
 * Every attribute that an AliEn job description may have, in its canonical spelling, and the kind of its value.
 * What the production manager consumes is carried as it is; what the system sets is taken, with a warning that a user cannot set it.
 */

export type AttributeKind =
  | 'string'
  | 'strings'
  | 'text' // a string, or a list of strings that become one with blanks between
  | 'lfn'
  | 'files'
  | 'outputs'
  | 'count'
  | 'seconds'
  | 'size'
  | 'number'
  | 'boolean'
  | 'threshold'
  | 'wait'
  | 'expression'
  | 'definitions'
  | 'carried'
  | 'system';

export const ALIEN_ATTRIBUTES: Readonly<Record<string, AttributeKind>> = {
  Executable: 'lfn',
  Arguments: 'text',
  Packages: 'strings',
  JobTag: 'strings',
  InputFile: 'files',
  InputBox: 'files',
  InputData: 'files',
  InputDataCollection: 'files',
  InputDataList: 'string',
  InputDataListFormat: 'string',
  InputDataSet: 'strings',
  InputDataAction: 'string',
  InputZip: 'strings',
  Output: 'outputs',
  OutputFile: 'outputs',
  OutputArchive: 'outputs',
  OutputErrorE: 'outputs',
  OutputDir: 'string',
  ValidationCommand: 'lfn',
  Requirements: 'expression',
  OrigRequirements: 'carried',
  TTL: 'seconds',
  Price: 'number',
  CPUCores: 'count',
  MemorySize: 'size',
  Memory: 'size',
  Swap: 'size',
  ResidentMemorySize: 'size',
  VirtualMemorySize: 'size',
  VirtualMemoryMax: 'size',
  WorkDirectorySize: 'size',
  ProxyTTL: 'boolean',
  MaxWaitingTime: 'wait',
  Split: 'string',
  SplitArguments: 'strings',
  SplitMaxInputFileNumber: 'count',
  SplitMaxInputFileSize: 'size',
  SplitMinInputFileNumber: 'count',
  SplitMinInputFileSize: 'size',
  ForceOnlySEInput: 'boolean',
  MaxInputMissingThreshold: 'threshold',
  OrderLFN: 'boolean',
  SplitDefinitions: 'definitions',
  MasterResubmitThreshold: 'threshold',
  ResubmitType: 'strings',
  MaxFailed: 'threshold',
  MaxInitFailed: 'threshold',
  MaxFailFraction: 'carried',
  MaxResubmitFraction: 'carried',
  Merge: 'strings',
  MergeOutputDir: 'string',
  MergeCollections: 'strings',
  JDLVariables: 'strings',
  Email: 'string',
  Retries: 'count',
  Interactive: 'boolean',
  FileBroker: 'boolean',
  GUIDFile: 'string',
  LocalDiskSpace: 'size',
  JDLArguments: 'system',
  JDLPath: 'system',
  JDLProcessor: 'system',
  User: 'system',
  Type: 'system',
  MasterJobID: 'system',
  SuccessfullyBookedPFNs: 'system',
  JobLogOnClusterMonitor: 'system',
};

const BY_KEY = new Map(Object.keys(ALIEN_ATTRIBUTES).map((name) => [name.toLowerCase(), name] as const));

/** The canonical spelling of a name in any letter case; undefined where there is no such attribute. */
export const canonicalName = (name: string): string | undefined => BY_KEY.get(name.toLowerCase());

/** Attributes of the production manager: LPM…, Lego…. */
export const isProductionManagers = (name: string): boolean => /^(?:lpm|lego)/i.test(name);
