/** Outputs as one SVG page: a plot, or several on a grid. Histograms and profiles can be drawn, other outputs cannot. Pure; runs in browsers too. */
import { OutputError } from '../errors.js';
import type { HistogramResult, OutputResult, ProfileResult } from '../outputs/result.js';
import type { PlotSize } from './frame.js';
import { histogramPlot, profilePlot } from './histogram-plot.js';
import { mapPlot } from './map-plot.js';
import { fixed } from './svg-text.js';

export interface PageOptions extends Partial<PlotSize> {
  /** Contents on a logarithmic scale: heights, or the colours of a map. */
  readonly isLog?: boolean;
}

/** Pixels; a grid has this size as a whole. */
const DEFAULT: PlotSize = { width: 1200, height: 840 };
/** More plots than this on one picture nobody can read. */
const MAX_PLOTS = 12;

/** Can this output be drawn? */
export function isPlottable(output: OutputResult): output is HistogramResult | ProfileResult {
  return output.type === 'H1' || output.type === 'H2' || output.type === 'H3' || output.type === 'Profile';
}

/** @throws {OutputError} where nothing among the outputs can be drawn */
export function svgPage(outputs: readonly OutputResult[], options: PageOptions): string {
  const plots = outputs.filter(isPlottable).slice(0, MAX_PLOTS);
  if (plots.length === 0)
    throw new OutputError('There is nothing to draw: histograms and profiles can be drawn, other outputs cannot.');
  const { width, height } = { width: options.width ?? DEFAULT.width, height: options.height ?? DEFAULT.height };
  const columns = Math.ceil(Math.sqrt(plots.length));
  const rows = Math.ceil(plots.length / columns);
  const cell = { width: width / columns, height: height / rows };
  const drawn = plots.map((plot, i) => {
    const at = `${fixed((i % columns) * cell.width)} ${fixed(Math.floor(i / columns) * cell.height)}`;
    return `<g transform="translate(${at})">\n${plotOf(plot, cell, options.isLog === true)}\n</g>`;
  });
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
  return `${head}\n<rect width="${width}" height="${height}" fill="#ffffff"/>\n${drawn.join('\n')}\n</svg>\n`;
}

function plotOf(output: HistogramResult | ProfileResult, size: PlotSize, isLog: boolean): string {
  const named = output.title === '' ? { ...output, title: output.name } : output;
  if (named.type === 'Profile') return profilePlot(named, size, isLog);
  return named.type === 'H1' ? histogramPlot(named, size, isLog) : mapPlot(named, size, isLog);
}
