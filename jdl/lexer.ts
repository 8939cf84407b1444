/**
 * ClassAd text to tokens, one at a time.
 *
 * Numbers take the suffixes B, K, M, G and T (powers of 1024, which makes them real); 0x and 0 start hexadecimal and octal integers.
 * A minus sign directly before a digit belongs to the number where an operand may stand.
 * Bytes that escapes such as \303\251 name are read as UTF-8; a byte that is none is kept as U+DC80 to U+DCFF.
 */

export type TokenKind =
  | 'end'
  | 'integer'
  | 'real'
  | 'string'
  | 'identifier'
  | 'keyword' // true, false, undefined, error
  | 'operator' // punctuation, with `is` and `isnt`
  | 'bad';

export interface Token {
  kind: TokenKind;
  /** Operator, name or string contents; for 'bad' the reason. */
  text: string;
  value: bigint | number;
  at: number;
  end: number;
}

const TAB = 9;
const CARRIAGE_RETURN = 13;
const isSpace = (c: number): boolean => c === 32 || (c >= TAB && c <= CARRIAGE_RETURN);
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isAlpha = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;

const KEYWORDS = new Set(['true', 'false', 'undefined', 'error']);
const KEYWORD_STARTS = new Set([...'tfuei'].map((c) => c.charCodeAt(0)));
const SUFFIXES: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
/** Characters that no other can follow to make a longer operator. */
const LONELY = new Set('[](){},;:.*/%+-~^?'.split('').map((c) => c.charCodeAt(0)));
const OPERATORS_BY_LENGTH = [
  new Set(['=?=', '=!=', '>>>']),
  new Set(['==', '!=', '<=', '>=', '<<', '>>', '&&', '||']),
  new Set('.*/%+-~^?:;,[](){}&|<>=!'.split('')),
];
const ONE_CHARACTER: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const NUMBER = /-?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+)/y;

export interface LexerOptions {
  /** Adjacent string literals are one string. */
  readonly joinStrings: boolean;
}

export class Lexer {
  #offset = 0;
  /** Could the token before end an operand? Then a minus is an operator. */
  #afterOperand = false;

  constructor(
    readonly text: string,
    readonly options: LexerOptions,
  ) {}

  next(): Token {
    const token = this.#read();
    this.#afterOperand =
      token.kind !== 'operator' || token.text === '.' || token.text === ']' || token.text === ')' || token.text === '}';
    return token;
  }

  /** Everything from here up to white space, comma, semicolon, quote or closing brace, as text; empty where one of these stands. */
  bareWord(): Token {
    const skipped = this.#skipBlanks();
    const at = skipped === undefined ? this.#offset : skipped.at;
    let end = at;
    for (; end < this.text.length; end++) {
      const c = this.text.charCodeAt(end);
      if (isSpace(c) || c === 44 || c === 34 || c === 59 || c === 125) break; // , " ; }
    }
    this.#offset = end;
    this.#afterOperand = true;
    return { kind: 'string', text: this.text.slice(at, end), value: 0, at, end };
  }

  skipComma(): void {
    if (this.#skipBlanks() === undefined && this.text[this.#offset] === ',') this.#offset++;
  }

  /** Goes back to the beginning of a token that was read last. */
  unread(token: Token): void {
    this.#offset = token.at;
    this.#afterOperand = false;
  }

  /** What was read ends an operand, although a token behind it was read and given back. */
  afterOperand(): void {
    this.#afterOperand = true;
  }

  #token(kind: TokenKind, text: string, end: number, value: bigint | number = 0): Token {
    const at = this.#offset;
    this.#offset = end;
    return { kind, text, value, at, end };
  }

  #read(): Token {
    const unclosed = this.#skipBlanks();
    if (unclosed !== undefined) return unclosed;
    const { text } = this;
    const at = this.#offset;
    if (at >= text.length) return this.#token('end', 'end of text', at);
    const c = text.charCodeAt(at);
    if (isAlpha(c)) return this.#word(at);
    if (c === 34 || c === 39) return this.#quoted(at, c);
    const next = text.charCodeAt(at + 1);
    if (isDigit(c) || (c === 46 && isDigit(next))) return this.#number(at);
    if (c === 45 && !this.#afterOperand && (isDigit(next) || (next === 46 && isDigit(text.charCodeAt(at + 2)))))
      return this.#number(at);
    return this.#operator(at);
  }

  /** @returns a bad token for a comment that does not end */
  #skipBlanks(): Token | undefined {
    const { text } = this;
    let i = this.#offset;
    for (;;) {
      const c = text.charCodeAt(i);
      if (isSpace(c)) i++;
      else if (c === 47 && text.charCodeAt(i + 1) === 47) {
        const end = text.indexOf('\n', i);
        i = end === -1 ? text.length : end;
      } else if (c === 47 && text.charCodeAt(i + 1) === 42) {
        const end = text.indexOf('*/', i + 2);
        this.#offset = i;
        if (end === -1) return this.#token('bad', 'a comment without its closing */', text.length);
        i = end + 2;
      } else {
        this.#offset = i;
        return undefined;
      }
    }
  }

  #word(at: number): Token {
    let end = at + 1;
    for (let c = this.text.charCodeAt(end); isAlpha(c) || isDigit(c); c = this.text.charCodeAt(end)) end++;
    const word = this.text.slice(at, end);
    if (word.length <= 9 && KEYWORD_STARTS.has(this.text.charCodeAt(at) | 32)) {
      const lower = word.toLowerCase();
      if (KEYWORDS.has(lower)) return this.#token('keyword', lower, end);
      if (lower === 'is' || lower === 'isnt') return this.#token('operator', lower, end);
    }
    return this.#token('identifier', word, end);
  }

  #number(at: number): Token {
    NUMBER.lastIndex = at;
    const digits = NUMBER.exec(this.text)?.[0] ?? '';
    let end = at + digits.length;
    const after = this.text.charCodeAt(end);
    const isHex = /^-?0[xX]/.test(digits);
    const isReal = !isHex && /[.eE]/.test(digits);
    const isOctal = !isReal && !isHex && /^-?0[0-9]/.test(digits);
    const rest = this.text[end]?.toLowerCase();
    if (
      (isOctal && /[89]/.test(digits)) ||
      (!isReal && after === 46) ||
      (rest === 'e' && !isHex) ||
      (/^-?0$/.test(digits) && rest === 'x')
    )
      return this.#token('bad', `the malformed number ${this.text.slice(at, end + 1)}`, end + 1);
    const factor = SUFFIXES[this.text[end]?.toUpperCase() ?? ''];
    if (factor !== undefined) end++;
    if (isReal) return this.#token('real', digits, end, Number(digits) * (factor ?? 1));
    const value = integerOf(digits, isHex ? 16 : isOctal ? 8 : 10);
    return factor === undefined
      ? this.#token('integer', digits, end, value)
      : this.#token('real', digits, end, Number(value) * factor);
  }

  #quoted(at: number, quote: number): Token {
    const { text } = this;
    let contents = '';
    let start = at + 1;
    for (;;) {
      const end = closingQuote(text, start, quote);
      if (end === -1)
        return this.#token(
          'bad',
          `a ${quote === 34 ? 'string' : 'quoted name'} without its closing quote`,
          text.length,
        );
      contents += text.slice(start, end);
      let next = end + 1;
      while (isSpace(text.charCodeAt(next))) next++;
      if (!(this.options.joinStrings || quote === 39) || text.charCodeAt(next) !== quote) {
        const value = contents.includes('\\') ? withoutEscapes(contents) : contents;
        if (value === undefined) return this.#token('bad', 'a string that holds the character \\0', end + 1);
        return this.#token(quote === 34 ? 'string' : 'identifier', value, end + 1);
      }
      start = next + 1;
    }
  }

  #operator(at: number): Token {
    const first = this.text.charCodeAt(at);
    if (LONELY.has(first)) return this.#token('operator', ONE_CHARACTER[first]!, at + 1);
    for (let length = 3; length >= 1; length--) {
      const candidate = this.text.slice(at, at + length);
      if (!OPERATORS_BY_LENGTH[3 - length]!.has(candidate)) continue;
      const name = candidate === '=?=' ? 'is' : candidate === '=!=' ? 'isnt' : candidate;
      return this.#token('operator', name, at + length);
    }
    const symbol = String.fromCodePoint(this.text.codePointAt(at)!);
    return this.#token('bad', symbol === '\0' ? 'a NUL character' : `"${symbol}"`, at + symbol.length);
  }
}

function closingQuote(text: string, from: number, quote: number): number {
  const mark = String.fromCharCode(quote);
  for (let end = text.indexOf(mark, from); end !== -1; end = text.indexOf(mark, end + 1)) {
    let slashes = 0;
    for (let i = end - 1; i >= from && text.charCodeAt(i) === 92; i--) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

/** As strtoll: what does not fit is the nearest 64-bit integer. */
function integerOf(digits: string, base: 8 | 10 | 16): bigint {
  if (base === 10 && digits.length <= 15) return BigInt(Number(digits));
  const isNegative = digits.startsWith('-');
  const plain = isNegative ? digits.slice(1) : digits;
  const magnitude = BigInt(base === 8 ? `0o${plain}` : plain);
  const limit = 2n ** 63n;
  if (isNegative) return magnitude > limit ? -limit : -magnitude;
  return magnitude >= limit ? limit - 1n : magnitude;
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** @returns undefined for an escape that names the character 0, which no ClassAd string may hold */
function withoutEscapes(contents: string): string | undefined {
  let hasZero = false;
  const text = contents.replace(
    /(?:\\(?:[0-3]?[0-7]{1,2}))+|\\([\s\S])/g,
    (sequence: string, plain: string | undefined) => {
      if (plain !== undefined) return ESCAPES[plain] ?? plain;
      const bytes = sequence
        .slice(1)
        .split('\\')
        .map((octal) => Number.parseInt(octal, 8));
      hasZero ||= bytes.includes(0);
      return textOfBytes(bytes);
    },
  );
  return hasZero ? undefined : text;
}

/** UTF-8 to text; bytes that are none are kept apart in U+DC80 to U+DCFF. */
export function textOfBytes(bytes: readonly number[]): string {
  if (bytes.every((byte) => byte < 0x80)) return Buffer.from(bytes).toString('latin1');
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]!;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    const decoded = Buffer.from(bytes.slice(i, i + length)).toString('utf8');
    if (decoded.includes('\ufffd')) {
      out += String.fromCharCode(0xdc00 + lead);
      i++;
    } else {
      out += decoded;
      i += length;
    }
  }
  return out;
}
