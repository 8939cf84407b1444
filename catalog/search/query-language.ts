/**
 * The language behind `find:`: `/base?run>=119000 and run<120000 and type='ESD'`. Text -> tree; nothing is looked up here. Pure.
 *
 *     query      = base [ "?" or ]            base: a name, `*` for wildcards (`?` begins the condition)
 *     or         = and { "or" and }           and = unary { "and" unary }
 *     unary      = "not" unary | "(" or ")" | "has" FIELD | FIELD operator value | FIELD [ "not" ] "in" "(" value { "," value } ")"
 *     operator   = "=" "!=" "<" "<=" ">" ">=" "~" (regular expression) "like" "not like" (% and _)
 *     value      = 'text' | "text" | number (119000, 1.5e3, 2GB) | true | false | word (a date as 2009-11-23, a plain text)
 *
 * A quote inside text is doubled. `&&`, `||`, `!`, `==` and `<>` are understood as well; words in any case.
 */
import { GridError } from '../../protocol/errors.js';

export type Value = string | number | boolean;
export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~' | 'like';
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'has'; readonly field: string }
  | { readonly kind: 'compare'; readonly field: string; readonly operator: Operator; readonly value: Value };

export interface Query {
  /** A pattern: `*` wildcards. */
  readonly base: string;
  /** null: everything below the base. */
  readonly condition: Condition | null;
}

/** A query that does not parse: where, and what was expected there. */
export class QuerySyntaxError extends GridError {
  readonly code = 'CATALOG_BAD_QUERY';
  constructor(text: string, position: number, expected: string) {
    const found = position >= text.length ? 'the end' : `"${text.slice(position, position + 12)}"`;
    super(`The query does not parse at character ${position + 1}: expected ${expected}, found ${found}.`);
  }
}

interface Token {
  readonly kind: 'symbol' | 'text' | 'number' | 'word' | 'end';
  readonly text: string;
  readonly at: number;
}

const TOKEN = /\s*(?:(<=|>=|!=|<>|==|&&|\|\||[=<>~!(),])|('(?:[^']|'')*'|"(?:[^"]|"")*")|([^\s=<>~!(),&|'"]+))/y;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?([kMGTP]?B)?$/i;
const UNITS: Record<string, number> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, pb: 1e15 };
const MAX_DEPTH = 100;

/** @throws {QuerySyntaxError} */
export function parseQuery(text: string): Query {
  const at = text.indexOf('?');
  const base = at < 0 ? text : text.slice(0, at);
  if (!base.startsWith('/')) throw new QuerySyntaxError(text, 0, 'a base directory as /alice/data');
  if (at < 0 || text.slice(at + 1).trim() === '') return { base, condition: null };
  return { base, condition: new Parser(text, at + 1).parse() };
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#tokens = tokenize(text, from);
  }

  parse(): Condition {
    const condition = this.#or();
    if (this.#peek().kind !== 'end') throw this.#error('"and", "or" or the end');
    return condition;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#take('or', '||')) parts.push(this.#and());
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
  }

  #and(): Condition {
    const parts = [this.#unary()];
    while (this.#take('and', '&&')) parts.push(this.#unary());
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
  }

  #unary(): Condition {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`at most ${MAX_DEPTH} nested conditions`);
    try {
      if (this.#take('not', '!')) return { kind: 'not', part: this.#unary() };
      if (this.#take('(')) {
        const inner = this.#or();
        if (!this.#take(')')) throw this.#error('")"');
        return inner;
      }
      return this.#comparison();
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Condition {
    const isHas = this.#peek().text.toLowerCase() === 'has' && this.#peek(1).kind === 'word';
    if (isHas) this.#next++;
    const name = this.#peek();
    if (name.kind !== 'word' || !/^[A-Za-z_][\w.:-]*$/.test(name.text)) throw this.#error('the name of a tag or field');
    this.#next++;
    const field = name.text;
    if (isHas) return { kind: 'has', field };
    const isNot = this.#take('not');
    const condition = this.#take('in') ? this.#list(field) : this.#simple(field, isNot);
    return isNot ? { kind: 'not', part: condition } : condition;
  }

  #simple(field: string, isNot: boolean): Condition {
    const token = this.#peek();
    const written = token.text.toLowerCase();
    const operator = OPERATORS[written];
    if (operator === undefined || (isNot && operator !== 'like'))
      throw this.#error(isNot ? '"like" or "in"' : 'an operator: =, !=, <, <=, >, >=, ~, like, in');
    this.#next++;
    return { kind: 'compare', field, operator, value: this.#value() };
  }

  #list(field: string): Condition {
    if (!this.#take('(')) throw this.#error('"("');
    const parts: Condition[] = [];
    do parts.push({ kind: 'compare', field, operator: '=', value: this.#value() });
    while (this.#take(','));
    if (!this.#take(')')) throw this.#error('"," or ")"');
    return { kind: 'or', parts };
  }

  #value(): Value {
    const { kind, text } = this.#peek();
    if (kind !== 'text' && kind !== 'number' && kind !== 'word') throw this.#error("a value: 'text', a number, a date");
    this.#next++;
    if (kind === 'text') return text;
    if (kind === 'number') return numberOf(text);
    if (text.toLowerCase() === 'true') return true;
    return text.toLowerCase() === 'false' ? false : text;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  /** Steps over one of these words or symbols. */
  #take(...texts: string[]): boolean {
    const { kind, text } = this.#peek();
    if ((kind !== 'word' && kind !== 'symbol') || !texts.includes(text.toLowerCase())) return false;
    this.#next++;
    return true;
  }

  #error(expected: string): QuerySyntaxError {
    return new QuerySyntaxError(this.#text, this.#peek().at, expected);
  }
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '~': '~',
  like: 'like',
};

function tokenize(text: string, from: number): Token[] {
  const tokens: Token[] = [];
  for (let at = from; ; ) {
    const blank = /\s*/y;
    blank.lastIndex = at;
    const start = at + (blank.exec(text)?.[0].length ?? 0);
    if (start >= text.length) break;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) {
      const isQuote = text[start] === "'" || text[start] === '"';
      throw new QuerySyntaxError(text, start, isQuote ? 'a closing quote behind this' : 'a name, operator or value');
    }
    const [, symbol, quoted, word] = match;
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at: start });
    else if (quoted !== undefined) {
      const quote = quoted[0]!;
      tokens.push({ kind: 'text', text: quoted.slice(1, -1).replaceAll(quote + quote, quote), at: start });
    } else tokens.push({ kind: NUMBER.test(word!) ? 'number' : 'word', text: word!, at: start });
    at = TOKEN.lastIndex;
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}

/** `1.5`, `2GB` (powers of 1000). */
function numberOf(text: string): number {
  const unit = NUMBER.exec(text)?.[1];
  const digits = unit === undefined ? text : text.slice(0, -unit.length);
  return Number(digits) * (unit === undefined ? 1 : UNITS[unit.toLowerCase()]!);
}
