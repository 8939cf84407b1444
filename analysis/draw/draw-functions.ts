/**
 * Functions that draw expressions may call: ROOT's names for them, how many arguments they take, and what they compute.
 */
export interface DrawFunction {
  readonly arity: number;
  readonly evaluate: (...args: number[]) => number;
}

const DEGREE = Math.PI / 180;

/** By lower-case name; `TMath::X` is looked up as `x` after the aliases. */
const FUNCTIONS: Readonly<Record<string, DrawFunction>> = {
  sqrt: { arity: 1, evaluate: Math.sqrt },
  abs: { arity: 1, evaluate: Math.abs },
  sq: { arity: 1, evaluate: (x) => x * x },
  exp: { arity: 1, evaluate: Math.exp },
  log: { arity: 1, evaluate: Math.log },
  log10: { arity: 1, evaluate: Math.log10 },
  log2: { arity: 1, evaluate: Math.log2 },
  sin: { arity: 1, evaluate: Math.sin },
  cos: { arity: 1, evaluate: Math.cos },
  tan: { arity: 1, evaluate: Math.tan },
  asin: { arity: 1, evaluate: Math.asin },
  acos: { arity: 1, evaluate: Math.acos },
  atan: { arity: 1, evaluate: Math.atan },
  sinh: { arity: 1, evaluate: Math.sinh },
  cosh: { arity: 1, evaluate: Math.cosh },
  tanh: { arity: 1, evaluate: Math.tanh },
  asinh: { arity: 1, evaluate: Math.asinh },
  acosh: { arity: 1, evaluate: Math.acosh },
  atanh: { arity: 1, evaluate: Math.atanh },
  floor: { arity: 1, evaluate: Math.floor },
  ceil: { arity: 1, evaluate: Math.ceil },
  int: { arity: 1, evaluate: Math.trunc },
  sign: { arity: 1, evaluate: Math.sign },
  even: { arity: 1, evaluate: (n) => (Math.trunc(n) % 2 === 0 ? 1 : 0) },
  odd: { arity: 1, evaluate: (n) => (Math.trunc(n) % 2 === 0 ? 0 : 1) },
  pow: { arity: 2, evaluate: (x, y) => x ** y },
  atan2: { arity: 2, evaluate: Math.atan2 },
  hypot: { arity: 2, evaluate: (x, y) => Math.sqrt(x * x + y * y) },
  fmod: { arity: 2, evaluate: (x, y) => x % y },
  min: { arity: 2, evaluate: Math.min },
  max: { arity: 2, evaluate: Math.max },
  pi: { arity: 0, evaluate: () => Math.PI },
  twopi: { arity: 0, evaluate: () => 2 * Math.PI },
  piover2: { arity: 0, evaluate: () => Math.PI / 2 },
  e: { arity: 0, evaluate: () => Math.E },
  degtorad: { arity: 0, evaluate: () => DEGREE },
  radtodeg: { arity: 0, evaluate: () => 1 / DEGREE },
};

const ALIASES: Readonly<Record<string, string>> = { fabs: 'abs', power: 'pow', ceilnint: 'ceil', floornint: 'floor' };
/** Only behind `TMath::`: bare, these words are rather branches. */
const NEED_NAMESPACE: ReadonlySet<string> = new Set([
  'e',
  'pi',
  'twopi',
  'piover2',
  'degtorad',
  'radtodeg',
  'even',
  'odd',
]);

/** The function's own name in the table, for a name as written; undefined for no function. */
export function functionName(written: string): string | undefined {
  const isTMath = written.startsWith('TMath::');
  const word = (isTMath ? written.slice('TMath::'.length) : written).toLowerCase();
  if (!isTMath && (written.includes('::') || written !== word || NEED_NAMESPACE.has(word))) return undefined;
  const name = ALIASES[word] ?? word;
  return Object.hasOwn(FUNCTIONS, name) ? name : undefined;
}

export function functionOf(name: string): DrawFunction {
  return FUNCTIONS[name]!;
}

/** For "did you mean". */
export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS);
