/** The names that an expression needs and its ad does not have: what depends on the other side of a match. */
import { AttributeRef, ClassAd, childrenOf, type Expr } from './expression.js';
import { printName } from './printer.js';

const OTHER_SIDE = new Set(['target', 'other']);
const OWN_SIDE = new Set(['my', 'self', 'this']);

/** Sorted, each once, without letter case; `target.Name` for what is asked of the other ad by name. */
export function externalReferences(expr: Expr, ad: ClassAd | undefined): string[] {
  const found = new Map<string, string>();
  const seen = new Set<Expr>();
  const rest: Expr[] = [expr];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!(node instanceof AttributeRef)) for (const child of childrenOf(node)) rest.push(child);
    else {
      const inner = lookup(node, ad);
      if (inner === 'external') found.set(nameOf(node).toLowerCase(), nameOf(node));
      else if (inner !== undefined) rest.push(inner);
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, name]) => name);
}

/** What a name stands for inside the ad; 'external' where it comes from elsewhere. */
function lookup(ref: AttributeRef, ad: ClassAd | undefined): Expr | 'external' | undefined {
  const { scope } = ref;
  if (scope === undefined) return OWN_SIDE.has(ref.key) ? undefined : (ad?.get(ref.name) ?? 'external');
  if (!(scope instanceof AttributeRef)) return scope instanceof ClassAd ? (scope.get(ref.name) ?? 'external') : scope;
  let first = scope;
  while (first.scope instanceof AttributeRef) first = first.scope;
  if (first.scope !== undefined || ad?.has(first.name)) return scope;
  return first === scope && OWN_SIDE.has(scope.key) ? (ad?.get(ref.name) ?? 'external') : 'external';
}

function nameOf(ref: AttributeRef): string {
  const { scope } = ref;
  if (!(scope instanceof AttributeRef)) return printName(ref.name);
  if (OWN_SIDE.has(scope.key)) return printName(ref.name);
  return `${OTHER_SIDE.has(scope.key) ? scope.name : nameOf(scope)}.${printName(ref.name)}`;
}
