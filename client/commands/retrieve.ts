/** `proof retrieve QUERY|FILE`: the answer of a query that ran or still runs, from any computer; `proof attach` goes back into its session. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { UnreachableError } from '../../protocol/dial.js';
import { isQueryOver, splitQueryRef } from '../../protocol/ids.js';
import { ExitStatus } from '../exit-status.js';
import { LIBRARY } from '../library-url.js';
import { apiOf } from '../named-api.js';
import { type Kept, keptByServer, keptInFile } from '../run/kept-result.js';
import { checkOutputs, spareInputs } from '../run/output-files.js';
import { report } from '../run/report.js';
import { runningUsersCode } from '../run/users-code.js';
import { answerOrInterruption } from '../run/watched-query.js';
import type { ServerApi } from '../server-api.js';
import { ProofSession } from '../session/proof-session.js';
import { keepingStdout } from '../show/result-stdout.js';
import { Screen } from '../show/screen.js';
import { fullRef } from './query-ref.js';

interface Options {
  readonly json?: string;
  readonly output?: string;
  readonly plot?: string;
  readonly log?: true;
  readonly quiet?: true;
}

export function addCommands(program: Command): void {
  program
    .command('retrieve <query>')
    .description('the answer of a query (waits for one that runs), or of a file that "proof archive" saved')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json <FILE>', 'write the result as JSON; - is standard output')
    .option('--output <FILE.root>', 'write the outputs as a ROOT file')
    .option('--plot <FILE.png|.svg>', 'draw the outputs into a picture')
    .option('--log', 'contents of that picture on a logarithmic scale')
    .option('--quiet', 'no progress, no pictures; errors only')
    .action(async (ref: string, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const screen = new Screen({ quiet: options.quiet === true, resultOnStdout: options.json === '-' });
      checkOutputs(options);
      if (existsSync(ref)) spareInputs(options, [ref]);
      const kept = existsSync(ref) ? await keptInFile(ref, LIBRARY) : await fromServer(ref, apiOf(command), screen);
      spareInputs(options, kept.reads, 'its query read');
      const status = await runningUsersCode(() =>
        keepingStdout(options.json === '-', () => report(kept.outcome, kept.loaded, options, screen)),
      );
      if (status !== 0) throw new ExitStatus(status);
    });
}

async function fromServer(ref: string, api: ServerApi, screen: Screen): Promise<Kept> {
  const query = await fullRef(api, ref);
  const info = await api.query(query);
  if (!isQueryOver(info)) {
    screen.say(`${query} is ${info.state}; waiting for its end ...`);
    try {
      await endOf(query, await ProofSession.attach(api, info.sessionId), screen);
    } catch (error) {
      // A session that was opened for this query ends with it, perhaps before we are in it; the answer is kept.
      if (!(error instanceof UnreachableError)) throw error;
      if (!isQueryOver(await api.query(query))) throw error;
    }
  }
  return keptByServer(api, query, LIBRARY);
}

async function endOf(query: string, session: ProofSession, screen: Screen): Promise<void> {
  const end = await answerOrInterruption(session, splitQueryRef(query)!.queryId, screen);
  session.detach();
  if (typeof end === 'string') throw new ExitStatus(end === 'aborted' ? 130 : 0);
}
