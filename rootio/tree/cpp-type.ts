/** C++ type names as ROOT writes them, parsed: `vector<vector<unsigned short> >` is a vector of a vector of uint16. */
import type { NumberType } from '../table.js';

export interface CppType {
  /** Without `std::`, `const` and spaces that do not matter; for a number its canonical C++ name. */
  readonly name: string;
  readonly args: readonly CppType[];
  readonly pointers: number;
}

const NUMBERS: Readonly<Record<string, NumberType>> = {
  bool: 'bool',
  Bool_t: 'bool',
  char: 'int8',
  Char_t: 'int8',
  'signed char': 'int8',
  int8_t: 'int8',
  'unsigned char': 'uint8',
  UChar_t: 'uint8',
  uint8_t: 'uint8',
  short: 'int16',
  Short_t: 'int16',
  int16_t: 'int16',
  'unsigned short': 'uint16',
  UShort_t: 'uint16',
  uint16_t: 'uint16',
  int: 'int32',
  Int_t: 'int32',
  int32_t: 'int32',
  signed: 'int32',
  unsigned: 'uint32',
  'unsigned int': 'uint32',
  UInt_t: 'uint32',
  uint32_t: 'uint32',
  long: 'int64',
  Long_t: 'int64',
  'long long': 'int64',
  Long64_t: 'int64',
  int64_t: 'int64',
  'unsigned long': 'uint64',
  ULong_t: 'uint64',
  'unsigned long long': 'uint64',
  ULong64_t: 'uint64',
  uint64_t: 'uint64',
  float: 'float32',
  Float_t: 'float32',
  double: 'float64',
  Double_t: 'float64',
};

/** Collections that are streamed as a count and that many values. */
const SEQUENCES: ReadonlySet<string> = new Set([
  'vector',
  'list',
  'deque',
  'set',
  'multiset',
  'unordered_set',
  'unordered_multiset',
  'forward_list',
  'RVec',
  'VecOps::RVec',
  'ROOT::VecOps::RVec',
  'ROOT::RVec',
]);

export function numberOf(type: CppType): NumberType | undefined {
  return type.pointers === 0 && type.args.length === 0 ? NUMBERS[type.name] : undefined;
}

/** What a sequence holds; undefined for anything that is none. */
export function itemOf(type: CppType): CppType | undefined {
  return type.pointers === 0 && SEQUENCES.has(type.name) ? type.args[0] : undefined;
}

export function isText(type: CppType): boolean {
  return type.pointers === 0 && type.args.length === 0 && (type.name === 'string' || type.name === 'TString');
}

/** Those sequences that columns of numbers are commonly made of. */
export function isVector(type: CppType): boolean {
  return type.name === 'vector' || type.name.endsWith('RVec');
}

/** Types nested deeper than this are no types. */
const DEEPEST = 64;

/** @returns undefined for what is no type name */
export function parseCppType(text: string): CppType | undefined {
  const tokens = text.match(/[\w:]+|[<>,*&()[\]]/g) ?? [];
  let at = 0;
  const parse = (depth: number): CppType | undefined => {
    const words: string[] = [];
    while (at < tokens.length && /^[\w:]/.test(tokens[at]!)) words.push(tokens[at++]!);
    const name = words
      .filter((word) => word !== 'const')
      .join(' ')
      .replace(/^std::/, '');
    if (name === '' || depth > DEEPEST) return undefined;
    const args: CppType[] = [];
    if (tokens[at] === '<') {
      do {
        at++;
        const arg = parse(depth + 1);
        if (arg === undefined) return undefined;
        args.push(arg);
      } while (tokens[at] === ',');
      if (tokens[at++] !== '>') return undefined;
    }
    // What follows a template, as in `A<B>::C`, belongs to the name of the class.
    if (tokens[at]?.startsWith('::')) return { name: `${name}<>${tokens[at++]!}`, args: [], pointers: stars() };
    return { name, args, pointers: stars() };
  };
  const stars = (): number => {
    let count = 0;
    for (; tokens[at] === '*'; at++) count++;
    return count;
  };
  const type = parse(0);
  return at === tokens.length ? type : undefined;
}
