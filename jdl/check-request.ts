/**
 * `proof jdl eval`: one request as a line of JSON in, one value as a line of JSON out.
 *
 *     {"ad","expr"}  {"ad"}  {"ad","target","expr"}  {"ad","target","match":true}  {"jdl","dialect"}
 *
 * A text that does not parse is {"type":"parse_error","where":…}: ad before target before expr. A line that is no request at all is
 * {"type":"request_error","message":…}, so that answers stay in step with requests.
 */
import { z } from 'zod';
import { GridError } from '../protocol/errors.js';
import { DIALECTS, type ParsedJdl, parseJdl } from './dialects/parse-jdl.js';
import type { ClassAd, Expr } from './expression.js';
import { Machine } from './machine.js';
import { MatchPair } from './match.js';
import { parseAd, parseExpression } from './parser.js';
import type { Surroundings } from './surroundings.js';
import { valueJson } from './value-json.js';

const request = z.union([
  z.object({ jdl: z.string(), dialect: z.enum(DIALECTS).default('alien'), args: z.array(z.string()).optional() }),
  z.object({ ad: z.string(), target: z.string(), match: z.literal(true) }),
  z.object({
    ad: z.string().optional(),
    target: z.string().optional(),
    expr: z.string().optional(),
    match: z.literal(false).optional(),
  }),
]);
type CheckRequest = z.infer<typeof request>;

class UnparsedError extends Error {
  constructor(
    readonly where: 'ad' | 'target' | 'expr',
    cause: unknown,
  ) {
    super(`${where} does not parse`, { cause });
  }
}

/** The answer to one line; never throws for what the line holds. */
export function answerLine(line: string, surroundings: Surroundings): string {
  const parsed = request.safeParse(jsonOf(line));
  if (!parsed.success || !isAnswerable(parsed.data))
    return '{"type":"request_error","message":"expected {\\"ad\\", \\"expr\\"}, {\\"ad\\"}, {\\"ad\\", \\"target\\", \\"expr\\" or \\"match\\"}, or {\\"jdl\\", \\"dialect\\"}"}';
  try {
    return answer(parsed.data, surroundings);
  } catch (error) {
    if (error instanceof UnparsedError) return `{"type":"parse_error","where":"${error.where}"}`;
    if (error instanceof RangeError) return '{"type":"error"}'; // the engine's own limits on text and stack
    throw error;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // answered as a request_error
  }
}

const isAnswerable = (data: CheckRequest): boolean =>
  'jdl' in data || data.ad !== undefined || ('expr' in data && data.expr !== undefined);

function parsing<T>(where: UnparsedError['where'], parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof GridError) throw new UnparsedError(where, error);
    throw error;
  }
}

function answer(data: CheckRequest, surroundings: Surroundings): string {
  const zoneOffset = (at: number): number => surroundings.zoneOffset(at);
  if ('jdl' in data) {
    const { jdl, dialect, args = [] } = data;
    const { ad }: ParsedJdl = parsing('ad', () => parseJdl(jdl, { dialect, args, zoneOffset }));
    return valueJson(ad, { ad, surroundings });
  }
  const ad: ClassAd = parsing('ad', () => parseAd(data.ad ?? '[]', { zoneOffset }));
  const { target: targetText } = data;
  const target = targetText === undefined ? undefined : parsing('target', () => parseAd(targetText, { zoneOffset }));
  if (data.match === true) return matchJson(new MatchPair(ad, target!, surroundings));
  const { expr: exprText } = data;
  const expr: Expr =
    exprText === undefined ? ad : parsing('expr', () => parseExpression(exprText, { scope: ad, zoneOffset }));
  const enclosure = target === undefined ? undefined : new MatchPair(ad, target, surroundings);
  const value = new Machine(ad, surroundings, enclosure).evaluate(expr);
  return valueJson(value, { ad, surroundings, ...(enclosure === undefined ? {} : { enclosure }) });
}

function matchJson(pair: MatchPair): string {
  const { symmetricMatch, leftMatchesRight, rightMatchesLeft, leftRank, rightRank } = pair.match();
  const scope = { ad: undefined, surroundings: pair.surroundings, enclosure: pair };
  return (
    `{"type":"match","symmetricMatch":${symmetricMatch},"leftMatchesRight":${leftMatchesRight},` +
    `"rightMatchesLeft":${rightMatchesLeft},"leftRank":${valueJson(leftRank, scope)},"rightRank":${valueJson(rightRank, scope)}}`
  );
}
