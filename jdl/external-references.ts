/** The names that an expression needs and its ad does not have: what depends on the other side of a match. */
import { AttributeRef, ClassAd, type Expr } from './expression.js';
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
    if (!(node instanceof AttributeRef)) rest.push(...children(node));
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
  if (scope instanceof AttributeRef && scope.scope === undefined && !ad?.has(scope.name)) {
    if (OWN_SIDE.has(scope.key)) return ad?.get(ref.name) ?? 'external';
    return 'external';
  }
  return scope instanceof ClassAd ? (scope.get(ref.name) ?? 'external') : scope;
}

function nameOf(ref: AttributeRef): string {
  const { scope } = ref;
  if (!(scope instanceof AttributeRef)) return printName(ref.name);
  if (OWN_SIDE.has(scope.key)) return printName(ref.name);
  return `${OTHER_SIDE.has(scope.key) ? scope.name : nameOf(scope)}.${printName(ref.name)}`;
}

function children(expr: Exclude<Expr, AttributeRef>): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
      return [];
    case 'unary':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'conditional':
      return expr.yes === undefined ? [expr.test, expr.no] : [expr.test, expr.yes, expr.no];
    case 'parens':
      return [expr.inner];
    case 'call':
      return expr.args;
    case 'list':
      return expr.items;
    case 'ad':
      return [...expr].map((attribute) => attribute.expr);
  }
}
