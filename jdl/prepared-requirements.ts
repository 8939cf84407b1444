/**
 * One ad's Requirements, asked of many others: compiled once, with one machine and one context that change sides only.
 * The answer is that of a match: true only where the expression is.
 */
import { compile, type Program } from './compiler.js';
import { ClassAd, type Expr } from './expression.js';
import { Machine } from './machine.js';
import { MatchPair } from './match.js';
import { type Surroundings, TIMELESS } from './surroundings.js';
import { truth, type Value } from './value.js';

export class PreparedRequirements {
  readonly #pair: MatchPair;
  readonly #machine: Machine;
  readonly #program: Program | undefined;

  /** @param expr what to ask instead of the ad's Requirements, evaluated in the ad */
  constructor(ad: ClassAd, { expr, surroundings = TIMELESS }: { expr?: Expr; surroundings?: Surroundings } = {}) {
    const asked = expr ?? ad.get('Requirements');
    this.#pair = new MatchPair(ad, new ClassAd(), surroundings);
    this.#machine = new Machine(ad, surroundings, this.#pair);
    this.#program = asked === undefined ? undefined : compile(asked);
  }

  /** The value in a match with the other ad. */
  valueFor(other: ClassAd): Value | undefined {
    if (this.#program === undefined) return undefined;
    this.#pair.replaceRight(other);
    this.#machine.restart();
    return this.#machine.evaluateProgram(this.#program);
  }

  /** Are the Requirements true of the other ad? Its own are another question. */
  accepts(other: ClassAd): boolean {
    const value = this.valueFor(other);
    return value !== undefined && truth(value) === true;
  }
}
