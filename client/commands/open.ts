/** `proof open HOST`: a session and a prompt, where every command of `proof` works on that session. */
import type { Command } from 'commander';
import { UsageError } from '../../protocol/errors.js';
import { isQueryOver, splitQueryRef } from '../../protocol/ids.js';
import { hostEntry, readClientConfig } from '../client-config.js';
import { apiOf } from '../named-api.js';
import { findPackages } from '../packages/find-packages.js';
import { printJson, printTable, WIDE } from '../print.js';
import { answerOrInterruption } from '../run/watched-query.js';
import type { ServerApi } from '../server-api.js';
import { endingWithProcess } from '../session/end-with-process.js';
import { prompt } from '../session/prompt.js';
import { ProofSession } from '../session/proof-session.js';
import { setUpWorkers, startSession } from '../session/session-lines.js';
import { Screen } from '../show/screen.js';
import { endingInOrder } from '../show/stdout-errors.js';
import type { CommandContext } from './add-commands.js';
import { addWord, whole } from './run-options.js';

interface OpenOptions {
  readonly workers?: number;
  readonly title: string;
  readonly package: readonly string[];
}

export function addCommands(program: Command, context: CommandContext): void {
  program
    .command('open [host]')
    .description('open an interactive session at a prompt')
    .option('--workers <N>', 'at most so many workers', whole(1))
    .option('--package <NAME>', 'a package for every query: as of "proof run" (repeatable)', addWord, [])
    .option('--title <TEXT>', 'shown in listings', '')
    .action(async (host: string | undefined, options: OpenOptions, command: Command) => {
      notWithin(context);
      const { config } = command.optsWithGlobals<{ config?: string }>();
      const entry = hostEntry(readClientConfig(config), host);
      const screen = new Screen({ quiet: false, resultOnStdout: false });
      const connected = startSession(entry, screen, { workers: options.workers ?? null, title: options.title });
      await endingWithProcess(connected, async () => {
        const session = await connected;
        try {
          await setUpWorkers(session, screen);
          session.packages = await findPackages(options.package, () => session.api);
          const end = await endingInOrder(() => prompt(session, context, config));
          if (end === 'exit') await leave(session, screen);
        } finally {
          await session.close();
        }
      });
    });
  program
    .command('sessions')
    .description('your sessions, open or ended lately')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .option(...WIDE)
    .action(async (options: { json?: true; wide?: true }, command: Command) => {
      const sessions = await apiOf(command).sessions();
      if (options.json) printJson(sessions);
      else
        printTable(
          ['session', 'user', 'state', 'workers', 'clients', 'started', 'title'],
          sessions.map((s) => [
            s.sessionId,
            s.user,
            s.state,
            s.workers,
            s.clients,
            new Date(s.startedAt).toISOString(),
            s.title,
          ]),
          { cuts: ['title'], drops: ['user', 'clients', 'started', 'title'], wide: options.wide },
        );
    });
  program
    .command('attach [session]')
    .description('go back into a session of yours, from any computer: SESSION, a QUERY of it, or the newest')
    .option('--host <HOST>', 'the ProxyServer')
    .action(async (ref: string | undefined, _options: unknown, command: Command) => {
      notWithin(context);
      const { config } = command.optsWithGlobals<{ config?: string }>();
      const api = apiOf(command);
      const { sessionId, queryId } = await sessionOf(api, ref);
      const session = await ProofSession.attach(api, sessionId);
      const screen = new Screen({ quiet: false, resultOnStdout: false });
      session.on('notice', (text) => screen.say(text));
      await session.welcomed;
      screen.say(`Back in session ${sessionId} (${session.workers.ready} workers)`);
      if (queryId !== undefined) await follow(session, queryId, screen);
      const end = await endingInOrder(() => prompt(session, context, config));
      if (end === 'close') await session.close();
      else session.detach();
    });
}

/** Nothing that runs is lost by leaving: the session ends with the last of its queries. */
async function leave(session: ProofSession, screen: Screen): Promise<void> {
  const running = await session.running();
  if (running.length === 0) return;
  const [first] = running;
  screen.say(
    `${running.join(', ')} ${running.length === 1 ? 'goes' : 'go'} on, and session ${session.sessionId} ends when that is over; get an answer with "proof retrieve ${first}"`,
  );
  session.detach(true);
}

/** One prompt reads the lines. @throws {UsageError} */
function notWithin({ prompt: within }: CommandContext): void {
  if (within !== undefined)
    throw new UsageError(
      `You are in session ${within.session.sessionId} already: leave it with "exit" or "close" first.`,
    );
}

/** @throws {UsageError} where there is none, or it is over */
async function sessionOf(api: ServerApi, ref: string | undefined): Promise<{ sessionId: string; queryId?: string }> {
  const open = (await api.sessions()).filter(({ state }) => state !== 'ended');
  const query = ref === undefined ? undefined : splitQueryRef(ref);
  const sessionId = query?.sessionId ?? ref ?? open.at(-1)?.sessionId;
  if (sessionId === undefined)
    throw new UsageError(`You have no open session on ${api.host.name}. "proof open" starts one.`);
  if (!open.some((session) => session.sessionId === sessionId)) {
    const known = open.map((session) => session.sessionId).join(', ') || 'none';
    throw new UsageError(`Session ${sessionId} is not open (open: ${known}). Results stay with "proof retrieve".`);
  }
  return query === undefined ? { sessionId } : { sessionId, queryId: query.queryId };
}

/** A query that runs, until it ends or the user has seen enough. */
async function follow(session: ProofSession, queryId: string, screen: Screen): Promise<void> {
  const ref = `${session.sessionId}:${queryId}`;
  const query = await session.api.query(ref);
  if (isQueryOver(query)) screen.say(`${ref} is ${query.state}: "retrieve ${ref}" shows it`);
  else {
    const end = await answerOrInterruption(session, queryId, screen);
    screen.say(typeof end === 'string' ? `${ref}: ${end}` : `${ref} ${end.result.status}: "retrieve ${ref}" shows it`);
  }
}
