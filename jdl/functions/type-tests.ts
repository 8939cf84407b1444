/** isUndefined() … isRelTime(): the type of a value, which is never undefined or error itself. */
import { ClassAd, ListExpr } from '../expression.js';
import { AbsTime, ERROR, RelTime, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, strict } from './definition.js';

const test = (is: (value: Value) => boolean) => strict(1, 1, ([value]) => is(value!));

export const TYPE_TESTS: FunctionTable = {
  isUndefined: test((value) => value === UNDEFINED),
  isError: test((value) => value === ERROR),
  isString: test((value) => typeof value === 'string'),
  isInteger: test((value) => typeof value === 'bigint'),
  isReal: test((value) => typeof value === 'number'),
  isBoolean: test((value) => typeof value === 'boolean'),
  isList: test((value) => value instanceof ListExpr),
  isClassAd: test((value) => value instanceof ClassAd),
  isAbsTime: test((value) => value instanceof AbsTime),
  isRelTime: test((value) => value instanceof RelTime),
};
