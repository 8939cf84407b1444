/**
 * Tokens to the tree of an expression or an ad, in the reference library's grammar.
 *
 * The parser keeps its own stacks, so that no depth of nesting can exhaust the machine's. Operands wait in one stack, operators
 * and open brackets in another; an operator is applied once one arrives that binds less tightly.
 * Grammar: HTCondor, src/classad/source.cpp (the comments above each function).
 */
import {
  AttributeRef,
  Binary,
  Call,
  ClassAd,
  Conditional,
  type Expr,
  ListExpr,
  Literal,
  Parens,
  Unary,
} from './expression.js';
import { JdlParseError, type Position, positionAt } from './jdl-errors.js';
import { Lexer, type Token } from './lexer.js';
import { describeToken, expectation, type Pending, type State } from './pending.js';
import { isBinary, isUnary, PRECEDENCE, TERNARY_PRECEDENCE, UNARY_PRECEDENCE } from './precedence.js';
import { timeLiteral } from './time-literals.js';
import { ERROR, UNDEFINED } from './value.js';

export interface ParserOptions {
  /** Lists may lack commas and hold bare words, as AliEn's do. */
  readonly looseLists?: boolean;
  /** The text holds the attributes of an ad without brackets around them. */
  readonly isBare?: boolean;
  /** The ad in which the text is to stand. */
  readonly scope?: ClassAd | undefined;
  /** Told of every attribute that replaces an earlier one. */
  readonly onDuplicate?: (name: string, at: number) => void;
  /** Where an offset of this text lies in what the user wrote. */
  readonly locate?: (offset: number) => Position;
  /** Seconds east of Greenwich at an instant: for absTime("…") without a zone. */
  readonly zoneOffset?: (epochSeconds: number) => number;
}

class Parser {
  readonly #lexer: Lexer;
  readonly #operands: Expr[] = [];
  readonly #pending: Pending[] = [];
  /** The ads that are open, innermost last. */
  readonly #scopes: (ClassAd | undefined)[];
  #state: State = 'operand';
  #isAd = false;
  #token: Token;

  constructor(
    readonly text: string,
    readonly options: ParserOptions,
  ) {
    this.#lexer = new Lexer(text, { joinStrings: options.looseLists !== true });
    this.#scopes = [options.scope];
    this.#token = { kind: 'end', text: '', value: 0, at: 0, end: 0 };
  }

  expression(): Expr {
    return this.#run();
  }

  ad(): ClassAd {
    const { isBare = false } = this.options;
    this.#isAd = true;
    if (!isBare) {
      this.#advance();
      if (this.#token.text !== '[' || this.#token.kind !== 'operator') this.#fail('"[" (the beginning of an ad)');
    }
    this.#openAd(isBare);
    return this.#run() as ClassAd;
  }

  #run(): Expr {
    while (this.#state !== 'done') {
      if (this.#state === 'operand' && this.#bareItem()) continue;
      this.#advance();
      if (this.#token.kind === 'bad') this.#fail(expectation(this.#state, this.#pending));
      if (this.#state === 'statement') this.#statement();
      else if (this.#state === 'operand') this.#operand();
      else this.#operator();
    }
    return this.#operands[0]!;
  }

  #advance(): void {
    this.#token = this.#lexer.next();
  }

  #fail(expected: string, token = this.#token): never {
    const { locate = (offset: number) => positionAt(this.text, offset) } = this.options;
    throw new JdlParseError(locate(token.at), describeToken(token), expected);
  }

  #statement(): void {
    const token = this.#token;
    const frame = this.#pending.at(-1)!;
    if (frame.kind !== 'ad') throw new Error('a statement outside an ad');
    if (token.kind === 'operator' && token.text === ';') return;
    if (this.#endsAd(frame, token)) {
      this.#closeAd(frame);
      return;
    }
    if (token.kind !== 'identifier') this.#fail(expectation(this.#state, this.#pending));
    this.#advance();
    if (this.#token.kind !== 'operator' || this.#token.text !== '=') this.#fail(`"=" behind the name ${token.text}`);
    frame.name = token.text;
    frame.nameAt = token.at;
    this.#state = 'operand';
  }

  /** In a list of AliEn's dialect, what is neither quoted nor looks like an expression is text. */
  #bareItem(): boolean {
    const frame = this.#pending.at(-1);
    if (frame?.kind !== 'list' || !frame.isLoose) return false;
    const word = this.#lexer.bareWord();
    const isText =
      word.text !== '' &&
      !/^([+-]?[0-9.]+([eE][+-]?[0-9]+)?[BKMGT]?|true|false|undefined|error|[[{(].*|\w+\(.*)$/i.test(word.text);
    if (!isText) {
      this.#lexer.unread(word);
      return false;
    }
    frame.items.push(new Literal(word.text, word.at));
    this.#lexer.skipComma();
    return true;
  }

  #push(expr: Expr): void {
    this.#operands.push(expr);
    this.#state = 'operator';
  }

  #operand(): void {
    const token = this.#token;
    const frame = this.#pending.at(-1);
    if (frame?.kind === '?' && token.text !== ':') frame.isFresh = false;
    switch (token.kind) {
      case 'integer':
      case 'real':
        this.#push(new Literal(token.value, token.at));
        return;
      case 'string':
        this.#push(new Literal(token.text, token.at));
        return;
      case 'keyword':
        this.#push(new Literal(KEYWORD_VALUES[token.text]!, token.at));
        return;
      case 'identifier':
        this.#nameOrCall(token);
        return;
      case 'operator':
        this.#operandPunctuation(token, frame);
        return;
      default:
        this.#fail(expectation(this.#state, this.#pending));
    }
  }

  #nameOrCall(name: Token): void {
    const after = this.#lexer.next();
    if (after.kind === 'operator' && after.text === '(') {
      this.#pending.push({ kind: 'call', name: name.text, args: [], at: name.at });
      this.#state = 'operand';
      return;
    }
    this.#lexer.unread(after);
    this.#lexer.afterOperand();
    this.#push(new AttributeRef(name.text, undefined, false, name.at));
  }

  #operandPunctuation(token: Token, frame: Pending | undefined): void {
    const { text, at } = token;
    if (isUnary(text)) this.#pending.push({ kind: 'unary', operator: text, precedence: UNARY_PRECEDENCE, at });
    else if (text === '(') this.#pending.push({ kind: '(', at });
    else if (text === '[') this.#openAd(false);
    else if (text === '{') this.#openList(frame, at);
    else if (text === '.') this.#push(new AttributeRef(this.#name(), undefined, true, at));
    else if (text === ':' && frame?.kind === '?' && frame.isFresh) {
      this.#pending[this.#pending.length - 1] = { kind: 'choice', hasYes: false, precedence: TERNARY_PRECEDENCE, at };
    } else if (text === ')' && frame?.kind === 'call') this.#closeCall(frame);
    else if (text === '}' && frame?.kind === 'list') this.#closeList(frame);
    else this.#fail(expectation(this.#state, this.#pending));
  }

  #name(): string {
    this.#advance();
    if (this.#token.kind !== 'identifier') this.#fail('the name of an attribute');
    return this.#token.text;
  }

  #operator(): void {
    const token = this.#token;
    if (this.#isAd && this.#pending.length === 0) {
      if (token.kind !== 'end') this.#fail('the end of the text');
      this.#state = 'done';
      return;
    }
    if (token.kind === 'operator') {
      if (token.text === '.') {
        const scope = this.#operands.pop()!;
        this.#operands.push(new AttributeRef(this.#name(), scope, false, token.at));
        return;
      }
      if (token.text === '[') {
        this.#pending.push({ kind: '[', at: token.at });
        this.#state = 'operand';
        return;
      }
      if (isBinary(token.text)) {
        this.#binary(token.text, token.at);
        return;
      }
      if (token.text === '?') {
        this.#reduce(TERNARY_PRECEDENCE + 1);
        this.#pending.push({ kind: '?', isFresh: true, at: token.at });
        this.#state = 'operand';
        return;
      }
    } else if (token.kind === 'string' && this.#adjacentString(token)) return;
    this.#reduce(0);
    this.#close(token);
  }

  #binary(operator: keyof typeof PRECEDENCE, at: number): void {
    const precedence = PRECEDENCE[operator];
    this.#reduce(precedence);
    this.#pending.push({ kind: 'binary', operator, precedence, at });
    this.#state = 'operand';
  }

  /** AliEn's lists take the next string as the next item; elsewhere adjacent literals join. */
  #adjacentString(token: Token): boolean {
    const top = this.#operands.at(-1);
    if (this.options.looseLists !== true || top?.kind !== 'literal' || typeof top.value !== 'string') return false;
    const frame = this.#pending.at(-1);
    if (frame?.kind === 'list') return false;
    this.#operands[this.#operands.length - 1] = new Literal(top.value + token.text, top.at);
    return true;
  }

  /** Applies what binds at least as tightly. */
  #reduce(precedence: number): void {
    const operands = this.#operands;
    for (let top = this.#pending.at(-1); top !== undefined; top = this.#pending.at(-1)) {
      if (!('precedence' in top) || top.precedence < precedence) return;
      this.#pending.pop();
      const last = operands.pop()!;
      if (top.kind === 'unary') operands.push(new Unary(top.operator, last, top.at));
      else if (top.kind === 'binary') operands.push(new Binary(top.operator, operands.pop()!, last, top.at));
      else {
        const yes = top.hasYes ? operands.pop() : undefined;
        operands.push(new Conditional(operands.pop()!, yes, last, top.at));
      }
    }
  }

  /** The token ends an operand of the innermost bracket, or is no part of the language here. */
  #close(token: Token): void {
    const frame = this.#pending.at(-1);
    const text = token.kind === 'operator' ? token.text : '';
    if (frame === undefined) {
      if (token.kind !== 'end') this.#fail(expectation(this.#state, this.#pending));
      this.#state = 'done';
      return;
    }
    switch (frame.kind) {
      case '?':
        if (text !== ':') break;
        this.#pending[this.#pending.length - 1] = {
          kind: 'choice',
          hasYes: true,
          precedence: TERNARY_PRECEDENCE,
          at: frame.at,
        };
        this.#state = 'operand';
        return;
      case '(':
        if (text !== ')') break;
        this.#pending.pop();
        this.#push(new Parens(this.#operands.pop()!, frame.at));
        return;
      case '[': {
        if (text !== ']') break;
        this.#pending.pop();
        const index = this.#operands.pop()!;
        this.#push(new Binary('[]', this.#operands.pop()!, index, frame.at));
        return;
      }
      case 'call':
        if (text !== ',' && text !== ')') break;
        frame.args.push(this.#operands.pop()!);
        if (text === ')') {
          this.#closeCall(frame);
          return;
        }
        this.#state = 'operand';
        return;
      case 'list':
        this.#closeItem(frame, token);
        return;
      case 'ad':
        if (text !== ';' && !this.#endsAd(frame, token)) break;
        if (frame.ad.set(frame.name, this.#operands.pop()!, frame.nameAt) !== undefined)
          this.options.onDuplicate?.(frame.name, frame.nameAt);
        if (text !== ';') {
          this.#closeAd(frame);
          return;
        }
        this.#state = 'statement';
        return;
    }
    this.#fail(expectation(this.#state, this.#pending));
  }

  #closeItem(frame: Pending & { kind: 'list' }, token: Token): void {
    const text = token.kind === 'operator' ? token.text : '';
    const isImplicit = frame.isLoose && text !== ',' && text !== '}';
    if (isImplicit && (token.kind === 'end' || token.kind === 'operator'))
      this.#fail(expectation(this.#state, this.#pending));
    if (!frame.isLoose && text !== ',' && text !== '}') this.#fail(expectation(this.#state, this.#pending));
    frame.items.push(this.#operands.pop()!);
    if (text === '}') {
      this.#closeList(frame);
      return;
    }
    if (isImplicit) this.#lexer.unread(token);
    this.#state = 'operand';
  }

  #openList(frame: Pending | undefined, at: number): void {
    const isLoose = this.options.looseLists === true && frame?.kind === 'ad';
    this.#pending.push({ kind: 'list', items: [], isLoose, at });
    this.#state = 'operand';
  }

  #closeList(frame: Pending & { kind: 'list' }): void {
    this.#pending.pop();
    this.#push(new ListExpr(frame.items, this.#scopes.at(-1), frame.at));
  }

  #closeCall(frame: Pending & { kind: 'call' }): void {
    this.#pending.pop();
    this.#push(
      timeLiteral(frame.name, frame.args, this.options.zoneOffset) ?? new Call(frame.name, frame.args, frame.at),
    );
  }

  #openAd(isBare: boolean): void {
    const { at } = this.#token;
    const ad = new ClassAd(this.#scopes.at(-1), at);
    this.#scopes.push(ad);
    this.#pending.push({ kind: 'ad', ad, isBare, name: '', nameAt: 0, at });
    this.#state = 'statement';
  }

  #endsAd(frame: Pending & { kind: 'ad' }, token: Token): boolean {
    return frame.isBare ? token.kind === 'end' : token.kind === 'operator' && token.text === ']';
  }

  #closeAd(frame: Pending & { kind: 'ad' }): void {
    this.#pending.pop();
    this.#scopes.pop();
    this.#push(frame.ad);
    if (frame.isBare) this.#state = 'done';
  }
}

const KEYWORD_VALUES: Readonly<Record<string, Literal['value']>> = {
  true: true,
  false: false,
  undefined: UNDEFINED,
  error: ERROR,
};

/** @throws {JdlParseError} line, column, what stood there, what could stand there */
export function parseExpression(text: string, options: ParserOptions = {}): Expr {
  return new Parser(text, options).expression();
}

/** One ad: `[ … ]`, or its attributes alone where `isBare`. @throws {JdlParseError} */
export function parseAd(text: string, options: ParserOptions = {}): ClassAd {
  return new Parser(text, options).ad();
}
