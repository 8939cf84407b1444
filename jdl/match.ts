/**
 * The match of two ads: each one's Requirements, evaluated in it, with `other` and `target` meaning the other one.
 *
 * Around each ad lies a context ad with other, target, my and ad; around both the match ad with LEFT, RIGHT and the five results. Names that
 * an ad lacks are therefore looked up there, but never in the other ad.
 * Source: HTCondor, src/classad/matchClassad.cpp.
 */
import { Attribute, AttributeRef, Binary, ClassAd, type Expr } from './expression.js';
import { type Enclosure, Machine } from './machine.js';
import { type Surroundings, TIMELESS } from './surroundings.js';
import { truth, type Value } from './value.js';

export interface MatchResult {
  readonly symmetricMatch: boolean;
  /** The right ad's Requirements. */
  readonly leftMatchesRight: boolean;
  /** The left ad's Requirements. */
  readonly rightMatchesLeft: boolean;
  readonly leftRank: Value;
  readonly rightRank: Value;
}

/** Two ads side by side, prepared for any number of questions. */
export class MatchPair implements Enclosure {
  readonly #left: ClassAd;
  #right: ClassAd;
  readonly #leftContext: ClassAd;
  readonly #rightContext: ClassAd;
  readonly #match: ClassAd;

  constructor(
    left: ClassAd,
    right: ClassAd,
    readonly surroundings: Surroundings = TIMELESS,
  ) {
    this.#left = left;
    this.#right = right;
    this.#match = new ClassAd();
    this.#leftContext = new ClassAd(this.#match);
    this.#rightContext = new ClassAd(this.#match);
    const leftAttribute = new Attribute('LEFT', left);
    this.#match.alias('LEFT', leftAttribute);
    fillContext(this.#leftContext, 'own', leftAttribute);
    fillContext(this.#rightContext, 'other', leftAttribute);
    this.replaceRight(right);
    const of = (side: string, name: string): Expr =>
      new AttributeRef(name, new AttributeRef(side, undefined, false), false);
    this.#match.set('symmetricMatch', new Binary('&&', of('RIGHT', 'requirements'), of('LEFT', 'requirements')));
    this.#match.set('leftMatchesRight', of('RIGHT', 'requirements'));
    this.#match.set('rightMatchesLeft', of('LEFT', 'requirements'));
    this.#match.set('leftRankValue', of('LEFT', 'rank'));
    this.#match.set('rightRankValue', of('RIGHT', 'rank'));
    this.#match.set('lCtx', this.#leftContext);
    this.#match.set('rCtx', this.#rightContext);
  }

  /** Asks the same of another right ad. */
  replaceRight(right: ClassAd): void {
    this.#right = right;
    const attribute = new Attribute('RIGHT', right);
    this.#match.alias('RIGHT', attribute);
    fillContext(this.#leftContext, 'other', attribute);
    fillContext(this.#rightContext, 'own', attribute);
  }

  parentOf(ad: ClassAd): ClassAd | undefined {
    if (ad === this.#left) return this.#leftContext;
    return ad === this.#right ? this.#rightContext : ad.parent;
  }

  evaluateInLeft(expr: Expr): Value {
    return new Machine(this.#left, this.surroundings, this).evaluate(expr);
  }

  evaluateInRight(expr: Expr): Value {
    return new Machine(this.#right, this.surroundings, this).evaluate(expr);
  }

  match(): MatchResult {
    const ask = (name: string): Value => this.#ask(name);
    return {
      symmetricMatch: truth(ask('symmetricMatch')) === true,
      leftMatchesRight: truth(ask('leftMatchesRight')) === true,
      rightMatchesLeft: truth(ask('rightMatchesLeft')) === true,
      leftRank: ask('leftRankValue'),
      rightRank: ask('rightRankValue'),
    };
  }

  #ask(name: string): Value {
    return new Machine(this.#match, this.surroundings, this).evaluate(new AttributeRef(name, undefined, false));
  }
}

/** The other ad of a side is its other and target; its own is my and ad. */
function fillContext(context: ClassAd, which: 'own' | 'other', attribute: Attribute): void {
  context.alias(which === 'own' ? 'my' : 'other', attribute);
  context.alias(which === 'own' ? 'ad' : 'target', attribute);
}

/** Do two ads want each other? Requirements that are missing, undefined or error do not match. */
export function matchAds(left: ClassAd, right: ClassAd, surroundings: Surroundings = TIMELESS): MatchResult {
  return new MatchPair(left, right, surroundings).match();
}
