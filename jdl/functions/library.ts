/** The function library: every function of the language reference, found by its lower-case name. */

import { CLOCK } from './clock.js';
import type { FunctionDefinition, FunctionTable } from './definition.js';
import { ENVIRONMENT } from './environment.js';
import { LISTS } from './lists.js';
import { NUMBERS } from './numbers.js';
import { PATTERNS } from './patterns.js';
import { REFERENCES } from './references.js';
import { STRING_LISTS } from './string-lists.js';
import { STRINGS } from './strings.js';
import { TYPE_TESTS } from './type-tests.js';
import { VERSIONS } from './versions.js';

export type { LazyFunction, StrictFunction } from './definition.js';

const TABLES: readonly FunctionTable[] = [
  TYPE_TESTS,
  LISTS,
  STRINGS,
  NUMBERS,
  PATTERNS,
  STRING_LISTS,
  VERSIONS,
  CLOCK,
  REFERENCES,
  ENVIRONMENT,
  { ifThenElse: { how: 'choice', min: 3, max: 3 } },
];

const BY_KEY = new Map<string, FunctionDefinition>(
  TABLES.flatMap((table) =>
    Object.entries(table).map(([name, definition]) => [name.toLowerCase(), definition] as const),
  ),
);

/** The names as the manual writes them, for "did you mean". */
export const FUNCTION_NAMES: readonly string[] = TABLES.flatMap((table) => Object.keys(table));

export const findFunction = (key: string): FunctionDefinition | undefined => BY_KEY.get(key);
