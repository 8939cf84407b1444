/**
 * Runs programs: a stack of values, a stack of the attributes that are being evaluated, and the ad that names are looked up from.
 *
 * Names are looked up in the current ad, then outwards. An attribute is evaluated in the ad that holds it. An attribute that needs itself
 * (or one of too long a chain) makes the whole evaluation undefined, as the reference library does where the manual says error.
 * Work is counted: an evaluation that takes more steps than `stepLimit` is error.
 */
import { compile, type Instruction, type Program, programOf } from './compiler.js';
import { Attribute, AttributeRef, asItem, ClassAd, type Expr, ListExpr } from './expression.js';
import { applyUnary } from './operators.js';
import type { Surroundings } from './surroundings.js';
import { ERROR, truth, UNDEFINED, type Value } from './value.js';

/** How many attributes may be under evaluation at once, each for the sake of the next. */
const CHAIN_LIMIT = 2_000;
/** How deep functions may evaluate members of lists within one another. */
const NESTING_LIMIT = 300;
const STEP_LIMIT = 20_000_000;

/** An ad as what a name stands for. */
const itself = (ad: ClassAd | undefined): Attribute | undefined =>
  ad === undefined ? undefined : new Attribute('', ad);

/** The whole evaluation fails; the answer is `value`. */
class Abandoned extends Error {
  constructor(readonly value: typeof UNDEFINED | typeof ERROR) {
    super('evaluation abandoned');
  }
}

interface Frame {
  readonly program: Program;
  readonly next: number;
  readonly ad: ClassAd | undefined;
}

/** Which ad lies around which, where a match puts ads into others for a while. */
export interface Enclosure {
  parentOf(ad: ClassAd): ClassAd | undefined;
}

const LEXICAL: Enclosure = { parentOf: (ad) => ad.parent };

/** One program under way: its values, and the programs of attributes that it waits for. */
class Run {
  readonly stack: Value[] = [];
  readonly frames: Frame[] = [];
  next = 0;
  /** The attribute whose value the last instruction wants. */
  entered: Attribute | undefined = undefined;

  constructor(public program: Program) {}

  /** The value of what a lookup found; what is no constant is evaluated next. */
  take(found: Attribute | undefined): void {
    if (found === undefined) this.stack.push(UNDEFINED);
    else if (found.constant !== undefined) this.stack.push(found.constant);
    else this.entered = found;
  }

  /** The left side of `&&` (settled by false) or `||` (by true); error and what is no truth settle both. */
  settle(by: boolean, to: number): void {
    const { stack } = this;
    const left = stack.at(-1)!;
    const isTrue = truth(left);
    if (isTrue === by) stack[stack.length - 1] = by;
    else if (isTrue !== undefined || left === UNDEFINED) return;
    else stack[stack.length - 1] = ERROR;
    this.next = to;
  }

  /** The test of a choice: goes on with the first part, or behind it, or behind both with undefined or error. */
  choose({ no, end }: { readonly no: number; readonly end: number }): void {
    const test = this.stack.pop()!;
    const isTrue = truth(test);
    if (isTrue === true) return;
    if (isTrue === undefined) this.stack.push(test === UNDEFINED ? UNDEFINED : ERROR);
    this.next = isTrue === undefined ? end : no;
  }
}

export class Machine {
  readonly #start: ClassAd | undefined;
  #ad: ClassAd | undefined;
  #root: ClassAd | undefined;
  #chain = 0;
  #nesting = 0;
  #steps = 0;
  /** Where the last lookup ended. */
  #foundIn: ClassAd | undefined = undefined;

  constructor(
    ad: ClassAd | undefined,
    readonly surroundings: Surroundings,
    readonly enclosure: Enclosure = LEXICAL,
  ) {
    this.#start = ad;
    this.#ad = ad;
    this.#root = this.#outermost(ad);
  }

  /** The value of an expression in this machine's ad. */
  evaluate(expr: Expr): Value {
    return this.evaluateProgram(compile(expr));
  }

  evaluateProgram(program: Program): Value {
    try {
      return this.#run(program, this.#ad);
    } catch (error) {
      if (error instanceof Abandoned) return error.value;
      throw error;
    }
  }

  /** Forgets the work counted so far: a machine may be used for one evaluation after another. */
  restart(): void {
    this.#steps = 0;
    this.#chain = 0;
    this.#nesting = 0;
    this.#ad = this.#start;
    this.#root = this.#outermost(this.#start);
  }

  /** For functions: the ad in which the call stands. */
  get currentAd(): ClassAd | undefined {
    return this.#ad;
  }

  get rootAd(): ClassAd | undefined {
    return this.#root;
  }

  parentOf(ad: ClassAd): ClassAd | undefined {
    return this.enclosure.parentOf(ad);
  }

  /** For functions: a member of a list, or an argument that was not evaluated before, in the current ad. */
  force(expr: Expr): Value {
    if (expr.kind === 'literal') return expr.value;
    if (expr.kind === 'list' || expr.kind === 'ad') return expr;
    return this.#nested(compile(expr), this.#ad);
  }

  /** As if in another ad, which becomes the place where lookups begin; its outermost ad becomes the root. */
  forceIn(expr: Expr, ad: ClassAd | undefined): Value {
    const root = this.#root;
    this.#root = this.#outermost(ad);
    try {
      return this.#nested(compile(expr), ad);
    } finally {
      this.#root = root;
    }
  }

  /** As forceIn, but a failure of the whole (a circle) is the answer `otherwise` instead. */
  attemptIn(expr: Expr, ad: ClassAd | undefined, otherwise: Value): Value {
    const [chain, nesting, current] = [this.#chain, this.#nesting, this.#ad];
    try {
      return this.forceIn(expr, ad);
    } catch (error) {
      if (!(error instanceof Abandoned) || this.#steps > STEP_LIMIT) throw error;
      this.#chain = chain;
      this.#nesting = nesting;
      this.#ad = current;
      return otherwise;
    }
  }

  /** The expression that a name means here; undefined where nothing has it. */
  resolve(ref: AttributeRef): Expr | undefined {
    if (ref.scope === undefined) return this.#find(ref.isAbsolute ? this.#root : this.#ad, ref.key)?.expr;
    const scope = this.force(ref.scope);
    return scope instanceof ClassAd ? this.#find(scope, ref.key)?.expr : undefined;
  }

  /** Counts work that functions do beside the program's steps. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > STEP_LIMIT) throw new Abandoned(ERROR);
  }

  #outermost(ad: ClassAd | undefined): ClassAd | undefined {
    let outermost = ad;
    for (let outer = ad; outer !== undefined; outer = this.enclosure.parentOf(outer)) outermost = outer;
    return outermost;
  }

  #nested(program: Program, ad: ClassAd | undefined): Value {
    if (this.#nesting >= NESTING_LIMIT) throw new Abandoned(UNDEFINED);
    this.#nesting++;
    const outer = this.#ad;
    const value = this.#run(program, ad);
    this.#ad = outer;
    this.#nesting--;
    return value;
  }

  /**
   * Looks a name up from an ad outwards. `self`, `parent`, `root` and `toplevel` have a meaning of their own where the first ad lacks them.
   * `my` is the context's in a match; without one it is the outermost ad, and AliEn's `this` the first.
   */
  #find(start: ClassAd | undefined, key: string): Attribute | undefined {
    const root = this.#root;
    for (let ad = start; ad !== undefined; ad = ad === root ? undefined : this.enclosure.parentOf(ad)) {
      const attribute = ad.lookup(key);
      if (attribute !== undefined) {
        this.#foundIn = ad;
        return attribute;
      }
      switch (key) {
        case 'self':
          return itself(ad);
        case 'parent':
          return ad === root ? undefined : itself(this.enclosure.parentOf(ad));
        case 'root':
        case 'toplevel':
          return itself(root);
      }
    }
    if (key === 'my') return itself(root);
    return key === 'this' ? itself(start) : undefined;
  }

  #run(program: Program, ad: ClassAd | undefined): Value {
    const run = new Run(program);
    this.#ad = ad;
    for (;;) {
      if (run.entered !== undefined) {
        if (++this.#chain > CHAIN_LIMIT) throw new Abandoned(UNDEFINED);
        run.frames.push({ program: run.program, next: run.next, ad: this.#ad });
        run.program = programOf(run.entered);
        run.next = 0;
        run.entered = undefined;
        this.#ad = this.#foundIn;
      }
      if (run.next < run.program.length) {
        if (++this.#steps > STEP_LIMIT) throw new Abandoned(ERROR);
        this.#perform(run.program[run.next++]!, run);
        continue;
      }
      const frame = run.frames.pop();
      if (frame === undefined) return run.stack.pop()!;
      run.program = frame.program;
      run.next = frame.next;
      this.#ad = frame.ad;
      this.#chain--;
    }
  }

  #perform(instruction: Instruction, run: Run): void {
    const { stack } = run;
    switch (instruction.op) {
      case 'name':
        run.take(this.#find(this.#ad, instruction.key));
        return;
      case 'select':
        this.#select(stack.pop()!, instruction, run);
        return;
      case 'push':
        stack.push(instruction.value);
        return;
      case 'binary': {
        const right = stack.pop()!;
        stack.push(instruction.apply(stack.pop()!, right));
        return;
      }
      case 'unlessTrue':
      case 'unlessFalse':
        run.settle(instruction.op === 'unlessFalse', instruction.to);
        return;
      case 'call': {
        const args = stack.slice(stack.length - instruction.count);
        stack.length -= instruction.count;
        stack.push(instruction.run(args, this));
        return;
      }
      case 'unary':
        stack.push(applyUnary(instruction.operator, stack.pop()!));
        return;
      case 'rootName':
        run.take(this.#find(this.#root, instruction.key));
        return;
      case 'test':
        run.choose(instruction);
        return;
      case 'elvis':
        if (stack.at(-1) === UNDEFINED) stack.pop();
        else run.next = instruction.to;
        return;
      case 'jump':
        run.next = instruction.to;
        return;
      case 'subscript': {
        const index = stack.pop()!;
        this.#subscript(stack.pop()!, index, run);
        return;
      }
      case 'callLazily':
        stack.push(instruction.run(instruction.args, this));
        return;
    }
  }

  #select(scope: Value, { key, name }: { readonly key: string; readonly name: string }, run: Run): void {
    if (scope instanceof ClassAd) run.take(this.#find(scope, key));
    else if (scope instanceof ListExpr) run.stack.push(this.#selectEach(scope, name));
    else run.stack.push(scope === UNDEFINED ? UNDEFINED : ERROR);
  }

  #subscript(container: Value, index: Value, run: Run): void {
    if (container instanceof ClassAd && typeof index === 'string') {
      run.take(container.lookup(index.toLowerCase()));
      this.#foundIn = container;
    } else run.stack.push(this.#memberOf(container, index));
  }

  #memberOf(container: Value, index: Value): Value {
    if (container === ERROR || index === ERROR) return ERROR;
    if (container === UNDEFINED || index === UNDEFINED) return UNDEFINED;
    if (!(container instanceof ListExpr) || typeof index !== 'bigint') return ERROR;
    const item = container.items[Number(BigInt.asIntN(32, index))];
    if (item === undefined) return ERROR;
    return item.kind === 'literal' ? item.value : this.#nested(compile(item), container.scope ?? this.#ad);
  }

  /** `list.name` is the list of each member's name. */
  #selectEach(list: ListExpr, name: string): ListExpr {
    return new ListExpr(list.items.map((item) => asItem(this.forceIn(new AttributeRef(name, item, false), this.#ad))));
  }
}
