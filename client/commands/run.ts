/** `proof run SELECTOR.ts DATASET...` and `proof draw DATASET EXPR [CUT]`: one query, in a session or in this process. */
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { beginProgram } from '../../analysis/begin-program.js';
import { bundleSelector } from '../../analysis/bundle-selector.js';
import { drawProgram } from '../../analysis/draw/draw-program.js';
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import type { Program } from '../../analysis/program.js';
import { UsageError } from '../../protocol/errors.js';
import type { PackageContents } from '../../protocol/package-archive.js';
import { OBJECTS } from '../../rootio/root-file.js';
import { type ClientConfig, hostEntry, readClientConfig } from '../client-config.js';
import { ExitStatus } from '../exit-status.js';
import { LIBRARY } from '../library-url.js';
import { findPackages, withPackages } from '../packages/find-packages.js';
import { expandListedWords } from '../run/dataset-words.js';
import { readEntryList } from '../run/entry-list-file.js';
import { INTERRUPTIONS, onInterrupt } from '../run/interrupt.js';
import { runLocal } from '../run/local-run.js';
import { localLookUp } from '../run/look-up.js';
import type { QueryRequest } from '../run/query-request.js';
import { submitQuery } from '../run/remote-run.js';
import { report } from '../run/report.js';
import { checkSelectorWord } from '../run/selector-word.js';
import { readFiles, spareNamedInputs, spareReplicas, sparing } from '../run/spare-inputs.js';
import { runningUsersCode } from '../run/users-code.js';
import { answerOrInterruption, watching } from '../run/watched-query.js';
import { ServerApi } from '../server-api.js';
import { endingWithProcess } from '../session/end-with-process.js';
import type { ProofSession } from '../session/proof-session.js';
import { setUpWorkers, startSession } from '../session/session-lines.js';
import { keepingStdout } from '../show/result-stdout.js';
import { Screen } from '../show/screen.js';
import { tell } from '../show/tell.js';
import type { AtPrompt, CommandContext } from './add-commands.js';
import { addRunOptions, checkRunOptions, friendsOf, type RunOptions } from './run-options.js';

export function addCommands(program: Command, context: CommandContext): void {
  addRunOptions(
    program
      .command('run <selector> <dataset...>')
      .description('run a selector over a data set: paths, globs, URLs, lfn:, find:, dataset:, @FILE'),
  ).action(async (selector: string, words: string[], _options: RunOptions, command: Command) => {
    checkSelectorWord(selector, words);
    await runQuery((packages) => bundleSelector(selector, packages), words, selector, command, context);
  });
  addRunOptions(
    program
      .command('draw <dataset> <expression> [cut]')
      .description('one histogram of an expression: x, y:x, y:x>>name(nx,x1,x2,...); the cut is a weight'),
  ).action(
    async (word: string, expression: string, cut: string | undefined, _options: RunOptions, command: Command) => {
      await runQuery(async () => drawProgram(expression, cut), [word], undefined, command, context);
    },
  );
}

async function runQuery(
  makeProgram: (packages: readonly PackageContents[]) => Promise<Program>,
  words: readonly string[],
  selector: string | undefined,
  command: Command,
  { prompt }: CommandContext,
): Promise<void> {
  const options = command.optsWithGlobals<RunOptions & { config?: string }>();
  checkRunOptions(options);
  await runningUsersCode(() =>
    keepingStdout(options.json === '-', () => runChecked(makeProgram, words, selector, options, prompt)),
  );
}

async function runChecked(
  makeProgram: (packages: readonly PackageContents[]) => Promise<Program>,
  words: readonly string[],
  selector: string | undefined,
  options: RunOptions & { config?: string },
  prompt: AtPrompt | undefined,
): Promise<void> {
  const session = prompt?.session;
  const resultOnStdout = options.json === '-' || options.async === true; // there: the query's name, for scripts
  const screen = new Screen({ quiet: options.quiet === true, resultOnStdout, interrupted: prompt?.interrupted });
  if (session !== undefined && options.host !== undefined && options.host !== session.host.name)
    throw new UsageError(`This prompt's session is on ${session.host.name}: leave it, or "proof run" elsewhere.`);
  const config = readClientConfig(options.config);
  const { dataset, lists } = await expandListedWords(words);
  if (options.entryList !== undefined)
    lists.push({ name: options.entryList, words: null, parts: await readEntryList(options.entryList) });
  const friends = friendsOf(options.friend);
  const reads = readFiles(selector, words, lists);
  spareNamedInputs(options, reads, { dataset, friends });
  const api = (): ServerApi => session?.api ?? new ServerApi(hostEntry(config, options.host));
  const packages = withPackages(session?.packages ?? [], await findPackages(options.package, api));
  const program = await makeProgram(packages.map(({ contents }) => contents));
  const loaded = await loadProgram(program, { moduleUrl: LIBRARY });
  const { inputs } = await beginProgram(loaded, { params: options.param, inputs: {}, seed: options.seed });
  const request = requestOf(options, { program, packages, dataset, lists, friends, inputs, reads });
  const setting = { loaded, options, config, screen, signals: answeredBy(prompt) };
  const status =
    options.local === true ? await inThisProcess(request, setting) : await onServer(request, setting, session);
  if (status !== 0) throw new ExitStatus(status);
}

/** What a query of this command answers; the rest is the session's, whose prompt in a pipe ends with Ctrl-C. */
function answeredBy(prompt: AtPrompt | undefined): readonly NodeJS.Signals[] {
  if (prompt === undefined) return INTERRUPTIONS;
  return prompt.interrupted === undefined ? [] : ['SIGINT'];
}

type Given = Pick<QueryRequest, 'program' | 'packages' | 'dataset' | 'lists' | 'friends' | 'inputs' | 'reads'>;

function requestOf(options: RunOptions, given: Given): QueryRequest {
  return {
    ...given,
    title: given.program.name,
    tree: options.objects === undefined ? (options.tree ?? null) : `${OBJECTS}${options.objects}`,
    first: options.first,
    entries: options.entries ?? null,
    params: options.param,
    seed: options.seed,
    workers: options.workers ?? null,
    maxAttempts: options.maxAttempts,
    maxFailures: options.maxFailures,
    ...(options.output === undefined ? {} : { rowDirectory: dirname(options.output) }),
  };
}

interface Setting {
  readonly loaded: LoadedProgram;
  readonly options: RunOptions;
  readonly config: ClientConfig;
  readonly screen: Screen;
  readonly signals: readonly NodeJS.Signals[];
}

async function inThisProcess(
  request: QueryRequest,
  { loaded, options, config, screen, signals }: Setting,
): Promise<number> {
  const abort = new AbortController();
  let interrupted = false;
  const release = onInterrupt({ screen, mayLeave: false, signals }, (choice) => {
    if (choice === 'continue') return;
    interrupted = choice === 'abort';
    abort.abort();
  });
  try {
    const outcome = await runLocal(
      request,
      sparing(options, localLookUp(config, options)),
      watching(screen),
      abort.signal,
    );
    if (interrupted) return 130;
    return await report(outcome, loaded, options, screen);
  } finally {
    release();
  }
}

/** In the session of the prompt, or in one of its own that ends with the query. */
async function onServer(request: QueryRequest, setting: Setting, open: ProofSession | undefined): Promise<number> {
  const { options, config, screen } = setting;
  const host = open?.host ?? hostEntry(config, options.host);
  await spareReplicas(options, request, localLookUp(config, { host: host.name })); // in the catalog that the server asks
  if (open !== undefined) return (await inSession(request, setting, open, 0)).status;
  const started = performance.now();
  const given = { workers: options.workers ?? null, title: request.title };
  const connected = startSession(host, screen, given);
  return endingWithProcess(connected, async () => {
    const session = await connected;
    let goesOn = false;
    try {
      session.closeWithClient();
      await setUpWorkers(session, screen);
      const end = await inSession(request, setting, session, performance.now() - started);
      goesOn = end.goesOn;
      return end.status;
    } finally {
      if (goesOn) session.detach(true);
      else await session.close();
    }
  });
}

/** @returns the exit status, and whether the query was left to itself */
async function inSession(
  request: QueryRequest,
  { loaded, options, screen, signals }: Setting,
  session: ProofSession,
  openMs: number,
): Promise<{ status: number; goesOn: boolean }> {
  screen.goOn();
  const { queryId, query } = await submitQuery(session, request);
  if (screen.isAbandoned) session.abort(queryId);
  screen.goOn();
  if (options.async === true) {
    tell(query);
    return { status: 0, goesOn: true };
  }
  screen.say(`Query ${query}`); // its name, for "proof retrieve" from elsewhere
  const outcome = await answerOrInterruption(session, queryId, screen, signals);
  if (outcome === 'background') {
    tell(`${query} goes on; get its answer with "proof retrieve ${query}"`);
    return { status: 0, goesOn: true };
  }
  if (outcome === 'aborted') return { status: 130, goesOn: false };
  const { timing } = outcome.result;
  const withOpening = { ...outcome.result, timing: { ...timing, openMs, totalMs: timing.totalMs + openMs } };
  return { status: await report({ ...outcome, result: withOpening }, loaded, options, screen), goesOn: false };
}
