/** The end of a query for its user: outputs through terminate(), pictures in the terminal, files, and the exit status. */
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LoadedProgram } from '../../analysis/load-program.js';
import type { OutputResult } from '../../analysis/outputs/result.js';
import { renderPlot } from '../../analysis/plot/render-plot.js';
import { resultJson } from '../../analysis/result-json.js';
import { writeOutputs } from '../../analysis/to-root.js';
import { GridError } from '../../protocol/errors.js';
import type { QueryState } from '../../protocol/ids.js';
import type { QueryResult } from '../../protocol/session-messages.js';
import { isUsage } from '../exit-status.js';
import { formatBytes } from '../print.js';
import { failureLines } from '../show/failure-lines.js';
import { formatOutput } from '../show/format-output.js';
import { formatDuration } from '../show/progress-line.js';
import { writeResult } from '../show/result-stdout.js';
import type { Screen } from '../show/screen.js';
import { finish } from './finish.js';
import type { QueryOutcome } from './query-request.js';
import { writeWhole } from './whole-file.js';

/** A result file cannot be written. */
export class ResultFileError extends GridError {
  readonly code = 'CLIENT_RESULT_FILE';
}

export interface ReportFiles {
  readonly json?: string | undefined;
  readonly output?: string | undefined;
  readonly plot?: string | undefined;
  /** The picture's contents on a logarithmic scale. */
  readonly log?: true | undefined;
  /** The ProxyServer that the user named: for the next command. */
  readonly host?: string | undefined;
}

/** Shows and saves an answer. @returns the exit status */
export async function report(
  outcome: QueryOutcome,
  loaded: LoadedProgram,
  files: ReportFiles,
  screen: Screen,
): Promise<number> {
  const { result } = outcome;
  screen.endProgress();
  const hasOutputs = result.status !== 'failed' && result.status !== 'aborted';
  const outputs = hasOutputs
    ? await finish(outcome, loaded, files.output === undefined ? undefined : dirname(files.output))
    : [];
  for (const output of outputs) screen.picture(formatOutput(output, { width: screen.width, colour: screen.colour }));
  screen.goOn();
  if (hasOutputs) await saveFiles(result, outputs, files, screen);
  screen.goOn();
  if (files.json !== undefined) await saveJson(files.json, result, outputs, files.output);
  if (files.json !== undefined && files.json !== '-') screen.say(`Saved ${files.json}`);
  tellProblems(result, files.host, screen);
  screen.say(summaryLine(result));
  return result.error !== null && isUsage(result.error.code) ? 2 : EXIT_STATUS[result.status];
}

const EXIT_STATUS: Record<QueryState, number> = {
  submitted: 1,
  running: 1,
  completed: 0,
  incomplete: 3,
  stopped: 3,
  failed: 1,
  aborted: 1,
};

async function saveFiles(
  result: QueryResult,
  outputs: readonly OutputResult[],
  files: ReportFiles,
  screen: Screen,
): Promise<void> {
  const { output, plot, log } = files;
  if (output !== undefined) {
    await saving(output, () => writeOutputs(output, outputs, { provenance: provenanceOf(result) }));
    screen.say(`Saved ${output}`);
  }
  if (plot !== undefined) {
    const picture = renderPlot(outputs, {
      format: /\.svg$/i.test(plot) ? 'svg' : 'png',
      isLog: log === true,
    });
    await saving(plot, () => writeWhole(plot, (path) => writeFileSync(path, picture)));
    screen.say(`Saved ${plot}`);
  }
  for (const { type, name, ...rest } of outputs)
    if (type === 'ntuple' && output === undefined && 'entries' in rest && Number(rest.entries) > 0)
      screen.warn(`The ${rest.entries} rows of the ntuple ${name} are not kept: name a file by --output FILE.root.`);
}

/** How the outputs came about, kept in the ROOT file beside them. */
function provenanceOf({ query, title, program, params, seed, status, entries, missingFiles }: QueryResult): string {
  return JSON.stringify({ query, title, program, params, seed, status, entries, missingFiles });
}

async function saveJson(
  file: string,
  result: QueryResult,
  outputs: readonly OutputResult[],
  ntupleFile: string | undefined,
): Promise<void> {
  const { query, entries, missingFiles, timing, workers, error } = result;
  const failures = result.failures.map((failure) => ({ ...failure, stack: failure.stack ?? '' }));
  const status = result.status as Exclude<QueryState, 'submitted' | 'running'>;
  const document = { query, status, entries, failures, missingFiles, outputs, timing, workers };
  const told = error === null ? {} : { error: { code: error.code, message: error.message } };
  const text = resultJson(Object.assign(document, told), ntupleFile === undefined ? {} : { ntupleFile });
  if (file === '-') writeResult(text);
  else await saving(file, () => writeWhole(file, (path) => writeFileSync(path, text)));
}

async function saving(file: string, write: () => void | Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (cause instanceof GridError) throw cause;
    const why = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : (cause as Error).message;
    throw new ResultFileError(
      `Cannot write ${file}: ${why}. The query itself is done; "proof retrieve" has its result if it ran on a server.`,
      {
        cause,
      },
    );
  }
}

/** What is missing and why, in full sentences, even for those who asked for quiet. */
function tellProblems(
  { query, failures, failuresLeftOut, missingFiles, error }: QueryResult,
  host: string | undefined,
  screen: Screen,
): void {
  for (const failure of failures.slice(0, 5)) for (const line of failureLines(failure, query, host)) screen.warn(line);
  const more = Math.max(0, failures.length - 5) + failuresLeftOut;
  if (more > 0) screen.warn(`proof: and ${more} more failing entries`);
  // Where nothing could be read, the error says why.
  const listed = error === null ? missingFiles : [];
  for (const { file, error: why } of listed.slice(0, 5)) screen.warn(`proof: missing ${file}: ${why}`);
  if (listed.length > 5) screen.warn(`proof: and ${listed.length - 5} more missing files`);
  if (error !== null)
    screen.warn(`proof: ${error.message} [${error.code}]${error.stack === undefined ? '' : `\n${error.stack}`}`);
}

function summaryLine({ query, status, entries, timing, bytes, workers }: QueryResult): string {
  const seconds = timing.processMs / 1000;
  const parts = [
    `${query} ${status}: ${entries.done}${entries.total === null ? '' : ` of ${entries.total}`} entries`,
    ...(entries.failed > 0 ? [`${entries.failed} failed`] : []),
    ...((entries.missing ?? 0) > 0 ? [`${entries.missing} missing`] : []),
  ];
  const rate =
    seconds > 0 ? `, ${Math.round(entries.done / seconds)} evts/s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s` : '';
  const count = workers.filter((worker) => worker.entries > 0).length;
  return `${parts.join(', ')} in ${formatDuration(timing.totalMs)} (${formatBytes(bytes)} read by ${count} ${count === 1 ? 'worker' : 'workers'}${rate})`;
}
