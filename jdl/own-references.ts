/** Which of its own attributes an ad needs to work out some of them: what two ads must share to give the same answers. */
import type { ClassAd, Expr } from './expression.js';
import { childrenOf } from './expression.js';

const OWN_SIDE = new Set(['my', 'self', 'this', 'ad']);
/** They make names of texts, or look at whole ads. */
const FAR_SEEING = new Set(['eval', 'evalineachcontext', 'countmatches', 'unresolved', 'unparse', 'userhome']);

/**
 * The roots that the ad has and all that they need, directly or through others, as the ad spells them; undefined where that cannot be
 * told from the text, because an expression asks for the ad as a whole. Names that stand for the other ad's are taken along too.
 */
export function ownReferences(ad: ClassAd, roots: readonly string[]): string[] | undefined {
  const found = new Map<string, string>();
  const rest: Expr[] = [];
  const take = (name: string): void => {
    const expr = ad.get(name);
    if (expr === undefined || found.has(name.toLowerCase())) return;
    found.set(name.toLowerCase(), ad.nameOf(name) ?? name);
    rest.push(expr);
  };
  for (const root of roots) take(root);
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node.kind === 'call' && FAR_SEEING.has(node.key)) return undefined;
    if (node.kind !== 'ref') {
      for (const child of childrenOf(node)) rest.push(child);
      continue;
    }
    if (node.scope === undefined && OWN_SIDE.has(node.key)) return undefined;
    take(node.name);
    const { scope } = node;
    if (scope !== undefined && !(scope.kind === 'ref' && OWN_SIDE.has(scope.key))) rest.push(scope);
  }
  return [...found.values()];
}
