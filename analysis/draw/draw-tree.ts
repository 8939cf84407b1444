/** The checked form of a draw expression. Everything in it is known to the code generator; names are branches and nothing else. */

export type DrawNode =
  | { readonly kind: 'number'; readonly value: number }
  /** `indices` null: every element in turn (`[]`). */
  | {
      readonly kind: 'branch';
      readonly name: string;
      readonly indices: readonly (DrawNode | null)[];
      readonly position: number;
    }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | '!' | '~'; readonly operand: DrawNode }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: DrawNode; readonly right: DrawNode }
  | { readonly kind: 'choice'; readonly condition: DrawNode; readonly yes: DrawNode; readonly no: DrawNode }
  /** A function of numbers. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly DrawNode[] }
  /** `Sum$` and its like: one number of all elements. */
  | { readonly kind: 'over'; readonly name: OverName; readonly args: readonly DrawNode[] }
  | { readonly kind: 'special'; readonly name: SpecialName };

export type BinaryOperator =
  | '||' | '&&' | '|' | '&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '<<' | '+' | '-' | '*' | '/' | '%' | '^'; // biome-ignore format: a list

export const OVER_NAMES = ['Sum$', 'Min$', 'Max$', 'Length$', 'MinIf$', 'MaxIf$', 'Alt$'] as const;
export type OverName = (typeof OVER_NAMES)[number];
export const SPECIAL_NAMES = ['Entry$', 'Iteration$', 'Entries$'] as const;
export type SpecialName = (typeof SPECIAL_NAMES)[number];

/** Every part of a tree, outermost first. */
export function* nodesOf(node: DrawNode): Iterable<DrawNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

/** `a/b/c` as text where the node is nothing but a division of branches without index; otherwise none. */
export function divisionPaths(node: DrawNode): string[] {
  if (node.kind !== 'binary' || node.operator !== '/') return [];
  const { left, right } = node;
  if (!isPlain(right)) return [];
  const before = isPlain(left) ? [left.name] : divisionPaths(left);
  return before.map((path) => `${path}/${right.name}`);
}

const isPlain = (node: DrawNode): node is Extract<DrawNode, { kind: 'branch' }> =>
  node.kind === 'branch' && node.indices.length === 0;

function childrenOf(node: DrawNode): readonly DrawNode[] {
  switch (node.kind) {
    case 'branch':
      return node.indices.filter((index) => index !== null);
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'choice':
      return [node.condition, node.yes, node.no];
    case 'call':
    case 'over':
      return node.args;
    default:
      return [];
  }
}
