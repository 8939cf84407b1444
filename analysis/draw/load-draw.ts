/** From the text of a draw program to a selector that fills its one histogram. */
import { z } from 'zod';
import type { ColumnData } from '../../rootio/table.js';
import type { Batch } from '../batch.js';
import { ProgramError } from '../errors.js';
import { AutoHistogram } from '../outputs/auto-histogram.js';
import { makeAxis } from '../outputs/axis.js';
import { declare } from '../outputs/declaration.js';
import { H1, H2, H3 } from '../outputs/histogram.js';
import type { Output } from '../outputs/output.js';
import { Selector, type SelectorContext } from '../selector.js';
import { compileDraw, type DrawLoop, type DrawTrees, type Fillable, shapesOf } from './draw-code.js';
import { type DrawExpression, parseCut, parseDraw } from './draw-parser.js';
import { divisionPaths, nodesOf } from './draw-tree.js';

const drawText = z.object({ expression: z.string(), cut: z.string() });

/** @throws {ProgramError} for no draw program; {DrawExpressionError} for one that cannot be meant */
export function loadDraw(code: string): (context: SelectorContext) => Selector {
  const parsed = drawText.safeParse(safeJson(code));
  if (!parsed.success) throw new ProgramError('This is no draw program.', { cause: parsed.error });
  const { expression, cut } = parsed.data;
  const drawn = parseDraw(expression);
  const cutTree = cut === '' ? undefined : parseCut(cut);
  const values = drawn.values.toReversed(); // "y:x": x is the last
  const all = cutTree === undefined ? values : [...values, cutTree];
  const branches = new Set<string>();
  for (const tree of all) for (const node of nodesOf(tree)) if (node.kind === 'branch') branches.add(node.name);
  const divisions = all.flatMap((tree) => [...nodesOf(tree)].flatMap(divisionPaths));
  const trees = { text: expression, values, cut: cutTree, branches: [...branches] };
  return (context) =>
    Selector.construct(
      class extends DrawSelector {
        constructor() {
          super(trees, outputFor(drawn, cut));
          Selector.setDivisions(this, divisions);
        }
      },
      context,
    );
}

class DrawSelector extends Selector {
  readonly #trees: DrawTrees;
  readonly #into: Output & Fillable;
  #shapes = '';
  #loop: DrawLoop | undefined;

  constructor(trees: DrawTrees, output: Output & Fillable) {
    super();
    this.branches = trees.branches;
    this.#trees = trees;
    this.#into = output;
    Selector.addOutput(this, output);
  }

  override processBatch(batch: Batch): void {
    const columns = this.branches.map((name): ColumnData => batch.column(name));
    const { first, length } = batch;
    const shapes = shapesOf(columns);
    if (this.#loop === undefined || this.#shapes !== shapes) this.#loop = compileDraw(this.#trees, columns);
    this.#shapes = shapes;
    this.#loop(columns, { first, length, entries: this.file?.entries ?? 0 }, this.#into);
  }
}

/** As TTree::Draw names and titles it: "htemp", "expression {cut}", the axes by their expressions. */
function outputFor(drawn: DrawExpression, cut: string): Output & Fillable {
  const texts = drawn.texts.toReversed();
  const common = {
    name: drawn.name ?? 'htemp',
    title: `${drawn.texts.join(':')}${cut === '' ? '' : ` {${cut}}`}`,
    valueTitle: '',
  };
  if (drawn.bins.length === 0) {
    const axes = texts.map((text) => makeAxis(text, 1, 0, 1));
    return new AutoHistogram(declare({ type: 'Auto', ...common, axes }));
  }
  const axes = drawn.bins.map(({ nbins, min, max }, d) => makeAxis(texts[d] ?? '', nbins, min, max));
  const [type, Class] = (
    [
      ['H1', H1],
      ['H2', H2],
      ['H3', H3],
    ] as const
  )[axes.length - 1]!;
  return new Class(declare({ type, ...common, axes }));
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // refused by the schema
  }
}
