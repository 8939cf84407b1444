/** The jdl room: text to ClassAd, evaluation, match, and the AliEn job description on top. Pure functions, without I/O. */
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
export { Attribute, ClassAd, type Expr, ListExpr } from './expression.js';
export { JdlArgumentError, JdlAttributeError, JdlDialectError, JdlParseError, type Position } from './jdl-errors.js';
export { MatchPair, type MatchResult, matchAds } from './match.js';
export { parseAd, parseExpression } from './parser.js';
export { printAd, printExpression, quoted, unparse } from './printer.js';
export { Pattern, PatternError } from './regular-expression.js';
export { type Surroundings, TIMELESS } from './surroundings.js';
export { AbsTime, ERROR, RelTime, UNDEFINED, type Value } from './value.js';
