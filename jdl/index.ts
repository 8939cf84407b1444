/** The jdl room: text to ClassAd, evaluation, match, and the AliEn job description on top. Pure functions, without I/O. */
export { ALIEN_ATTRIBUTES } from './alien-job/attribute-names.js';
export type { SplitFile } from './alien-job/file-groups.js';
export { fileRange, type InputFile, isPattern, parseInputFile, printInputFile } from './alien-job/input-files.js';
export {
  type JobDescription,
  type JobProblem,
  type ParsedJob,
  parseJobDescription,
} from './alien-job/job-description.js';
export type { MergeCollection, MergeSpec } from './alien-job/merge-spec.js';
export { expandOutputPatterns, type PatternContext } from './alien-job/output-patterns.js';
export {
  DEFAULT_STORAGE,
  type OutputSpec,
  parseOutputSpec,
  printOutputSpec,
  type StorageChoice,
} from './alien-job/output-spec.js';
export { parseSize, type Threshold, thresholdCount } from './alien-job/quantities.js';
export { notServed, SERVICE, shortcomings } from './alien-job/served.js';
export { SplitError, type SplitOptions, SubJob, splitJob } from './alien-job/split-job.js';
export { parseSplitMode, type SplitSpecification } from './alien-job/split-specification.js';
export {
  booleanOf,
  makeAd,
  numberOf,
  type Plain,
  stringOf,
  stringsOf,
  toExpr,
  typeName,
} from './attributes.js';
export {
  DIALECTS,
  type Dialect,
  type JdlWarning,
  type ParsedJdl,
  type ParseJdlOptions,
  parseJdl,
} from './dialects/parse-jdl.js';
export { evaluate, evaluateAttribute } from './evaluate.js';
export { type ClauseReport, explainMatch, type MatchExplanation } from './explain-match.js';
export { Attribute, ClassAd, type Expr, ListExpr } from './expression.js';
export { JdlArgumentError, JdlAttributeError, JdlDialectError, JdlParseError, type Position } from './jdl-errors.js';
export { MatchPair, type MatchResult, matchAds } from './match.js';
export { ownReferences } from './own-references.js';
export { parseAd, parseExpression } from './parser.js';
export { PreparedRequirements } from './prepared-requirements.js';
export { printAd, printExpression, quoted, unparse } from './printer.js';
export { Pattern, PatternError } from './regular-expression.js';
export { type Doubt, reviewAd } from './review.js';
export { type Surroundings, TIMELESS } from './surroundings.js';
export { AbsTime, ERROR, RelTime, UNDEFINED, type Value } from './value.js';
