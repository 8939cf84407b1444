/** Any output as lines for the terminal. Pure. */
import type { ObjectResult, OutputResult } from '../../analysis/outputs/result.js';
import { outputJson } from '../../analysis/result-json.js';
import { formatH1, shortNumber } from './terminal-histogram.js';
import { formatH2 } from './terminal-map.js';

const LIST_ITEMS = 10;

export function formatOutput(output: OutputResult, options: { width: number; colour: boolean }): string[] {
  switch (output.type) {
    case 'H1': {
      const { sumw = 0, sumwx = 0, sumwx2 = 0 } = output.stats;
      const shown = { ...output, contents: Array.from(output.contents), stats: { sumw, sumwx, sumwx2 } };
      return ['', ...formatH1(shown, { ...options, height: 14 }), ''];
    }
    case 'H2':
      return ['', ...formatH2(output, { ...options, height: 20 }), ''];
    case 'H3':
    case 'Profile': {
      const bins = output.axes.map(({ nbins }) => nbins).join(' x ');
      const { sumw } = output.stats;
      return [
        `${output.name}: ${output.type} of ${bins} bins, entries ${output.entries}, sum of weights ${shortNumber(sumw ?? 0)}`,
      ];
    }
    case 'counter':
      return [`${output.name} = ${output.value}`];
    case 'object':
      return [`${output.name} = ${cut(valueText(output), options.width)}`];
    case 'list': {
      const items = output.items
        .slice(0, LIST_ITEMS)
        .map((item) => `  ${cut(JSON.stringify(item) ?? '', options.width)}`);
      const more = output.items.length - items.length;
      return [`${output.name}: ${output.items.length} items`, ...items, ...(more > 0 ? [`  and ${more} more`] : [])];
    }
    case 'ntuple':
      return [
        `${output.name}: ntuple of ${output.entries} rows (${output.columns.map(({ name }) => name).join(', ')})`,
      ];
  }
}

/** As the result's JSON has it: maps and sets too. */
function valueText(output: ObjectResult): string {
  return JSON.stringify((JSON.parse(outputJson(output)) as { value: unknown }).value) ?? 'undefined';
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
