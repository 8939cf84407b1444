/** Pictures of outputs as files: the page of svg-page.ts, as it is or as PNG. */
import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import type { OutputResult } from '../outputs/result.js';
import { type PageOptions, svgPage } from './svg-page.js';
import { FONT } from './svg-text.js';

export interface PlotOptions extends PageOptions {
  readonly format: 'svg' | 'png';
}

/** @throws {OutputError} where nothing among the outputs can be drawn */
export function renderPlot(outputs: OutputResult | readonly OutputResult[], { format, ...page }: PlotOptions): Buffer {
  const svg = svgPage(Array.isArray(outputs) ? (outputs as readonly OutputResult[]) : [outputs as OutputResult], page);
  return format === 'svg' ? Buffer.from(svg) : toPng(svg);
}

/** The font comes with the program, so that text looks alike (and is there at all) on every machine. */
function toPng(svg: string): Buffer {
  const { resolve } = createRequire(import.meta.url);
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}`));
  const picture = new Resvg(svg, { font: { fontFiles, loadSystemFonts: false, defaultFontFamily: FONT }, dpi: 96 });
  return Buffer.from(picture.render().asPng());
}
