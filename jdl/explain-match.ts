/** Why a job waits: which clause of its Requirements fails on how many agents, and how many agents do not want the job. */
import type { ClassAd, Expr } from './expression.js';
import { MatchPair } from './match.js';
import { printExpression } from './printer.js';
import { type Surroundings, TIMELESS } from './surroundings.js';
import { truth, UNDEFINED } from './value.js';

export interface ClauseReport {
  /** One of the expressions that `&&` joins. */
  readonly clause: string;
  /** On how many agents it is not true. */
  readonly failsOn: number;
  /** On how many of these because the agent does not say what it asks for. */
  readonly undefinedOn: number;
  /** On how many it is the only clause that fails: what dropping it would gain. */
  readonly onlyObstacleOn: number;
}

export interface MatchExplanation {
  readonly agents: number;
  /** Agents and job want each other. */
  readonly matching: number;
  /** Agents whose own Requirements the job does not fulfil. */
  readonly refusedByAgents: number;
  /** In the order of the Requirements. */
  readonly clauses: readonly ClauseReport[];
}

export function explainMatch(
  job: ClassAd,
  agents: readonly ClassAd[],
  surroundings: Surroundings = TIMELESS,
): MatchExplanation {
  const requirements = job.get('Requirements');
  const clauses = (requirements === undefined ? [] : conjuncts(requirements)).map((expr) => ({
    expr,
    failsOn: 0,
    undefinedOn: 0,
    onlyObstacleOn: 0,
  }));
  let matching = 0;
  let refusedByAgents = 0;
  for (const agent of agents) {
    const pair = new MatchPair(job, agent, surroundings);
    const { leftMatchesRight, rightMatchesLeft } = pair.match();
    // Without Requirements an agent takes, and a job wants, whatever there is.
    const isTaken = leftMatchesRight || !agent.has('Requirements');
    if (isTaken && (rightMatchesLeft || requirements === undefined)) matching++;
    if (!isTaken) refusedByAgents++;
    const failing = clauses.filter((clause) => {
      const value = pair.evaluateInLeft(clause.expr);
      if (value === UNDEFINED) clause.undefinedOn++;
      return truth(value) !== true;
    });
    for (const clause of failing) clause.failsOn++;
    if (failing.length === 1) failing[0]!.onlyObstacleOn++;
  }
  const reports = clauses.map(({ expr, ...counts }) => ({ clause: printExpression(expr), ...counts }));
  return { agents: agents.length, matching, refusedByAgents, clauses: reports };
}

/** a && (b && c) -> a, b, c. */
function conjuncts(expr: Expr): Expr[] {
  const found: Expr[] = [];
  const rest: Expr[] = [expr];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node.kind === 'parens') rest.push(node.inner);
    else if (node.kind === 'binary' && node.operator === '&&') rest.push(node.right, node.left);
    else found.push(node);
  }
  return found;
}
