/** Stacks of bundled user code, told in the user's own files and lines. */
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { Program } from './program.js';
import { INSTALLATION } from './user-module-name.js';

/** Ends a bundle's text, before the source map in base 64. */
export const MAP_COMMENT = '//# sourceMappingURL=data:application/json;base64,';

/** What a stack frame of the program is called. */
export const frameName = ({ sha256 }: Program): string => `proof-program-${sha256.slice(0, 16)}.js`;

export class UserStack {
  readonly #frame: RegExp;
  readonly #code: string;
  readonly #moduleUrl: string;
  #map: TraceMap | undefined;

  /** @param moduleUrl what stands in the running text for INSTALLATION */
  constructor(program: Program, moduleUrl: string) {
    this.#moduleUrl = moduleUrl;
    this.#frame = new RegExp(`(?:[^\\s()]*/)?${frameName(program).replaceAll('.', '\\.')}:(\\d+):(\\d+)`);
    this.#code = program.kind === 'selector' ? program.code : '';
  }

  /** `TypeError: x is not a function at z-peak.ts:12:5`. */
  describe(error: unknown): string {
    if (!(error instanceof Error)) return `threw ${String(error)}`;
    const top = this.lines(error)[0];
    return `${error.name}: ${error.message}${top === undefined ? '' : ` at ${top.replace(/^.*\(|\)$/g, '')}`}`;
  }

  /** Message and the frames that are the user's, mapped; without any, the stack as it is. */
  translate(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    const lines = this.lines(error);
    const causes = error.cause instanceof Error ? `\nCaused by ${this.translate(error.cause)}` : '';
    if (lines.length === 0) return (error.stack ?? String(error)) + causes;
    return [`${error.name}: ${error.message}`, ...lines.map((line) => `    at ${line}`)].join('\n') + causes;
  }

  /** The user's frames: `ZPeak.process (z-peak.ts:12:5)`. */
  private lines(error: Error): string[] {
    const found: string[] = [];
    for (const line of (error.stack ?? '').split('\n')) {
      const match = this.#frame.exec(line);
      if (match === null) continue;
      const { source, line: at, column } = this.#original(Number(match[1]), Number(match[2]));
      const name = /^\s*at (.+?) \(/.exec(line)?.[1];
      const place = `${source}:${at}:${column}`;
      found.push(name === undefined ? place : `${name} (${place})`);
    }
    return found;
  }

  #original(line: number, column: number): { source: string; line: number; column: number } {
    this.#map ??= readMap(this.#code);
    const found = originalPositionFor(this.#map, { line, column: this.#columnInBundle(line, column) - 1 });
    if (found.source === null) return { source: 'selector', line, column };
    return { source: found.source, line: found.line, column: found.column + 1 };
  }

  /** The source map knows the bundle; in the running text the library's URL may stand on the same line, before. */
  #columnInBundle(line: number, column: number): number {
    const url = JSON.stringify(this.#moduleUrl);
    const before = runningText(this.#code, this.#moduleUrl).split('\n')[line - 1]?.slice(0, column) ?? '';
    return column - (before.split(url).length - 1) * (url.length - INSTALLATION.length - 2);
  }
}

/** The bundle as it is run: its import of the library is the installation's URL. */
export function runningText(code: string, moduleUrl: string): string {
  return code.replaceAll(`"${INSTALLATION}"`, JSON.stringify(moduleUrl));
}

function readMap(code: string): TraceMap {
  const at = code.lastIndexOf(MAP_COMMENT);
  if (at < 0) return new TraceMap({ version: 3, sources: [], names: [], mappings: '' });
  return new TraceMap(Buffer.from(code.slice(at + MAP_COMMENT.length).trim(), 'base64').toString('utf8'));
}
