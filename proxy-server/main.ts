/**
 * The ProxyServer daemon: `node dist/proxy-server/main.js --config FILE`, as `proof proxy start` runs it. Prints `listening on URL`
 * when it is ready; SIGTERM stops it and all that it started, SIGHUP it alone. With --stop or --status it deals with the one that runs on the
 * configuration's state directory; --check reads the configuration and the files that it needs.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../protocol/clock.js';
import { runDaemon } from '../protocol/daemon.js';
import { UsageError } from '../protocol/errors.js';
import { createLogger } from '../protocol/log.js';
import { readProxyConfig } from './config.js';
import { addressOf } from './listening.js';
import { showStatus, stopRunning } from './running-server.js';
import { startProxyServer } from './server.js';
import { ServerTls } from './server-tls.js';

const VERBS = ['stop', 'status', 'check'] as const;
type Verb = (typeof VERBS)[number] | 'start';

function commandLine(argv: readonly string[]): { file: string; verb: Verb; keep: boolean } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        stop: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        status: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    });
    if (values.config !== undefined)
      return { file: values.config, verb: VERBS.find((verb) => values[verb]) ?? 'start', keep: values.keep };
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} Usage: --config FILE [--stop [--keep]|--status|--check]`, {
      cause,
    });
  }
  throw new UsageError(
    'The ProxyServer needs a configuration: --config FILE. docs/proxy-server.md shows the smallest one.',
  );
}

process.title = 'proof-proxy-server';
await runDaemon('proof-proxy-server', async () => {
  const { file, verb, keep } = commandLine(process.argv.slice(2));
  const config = readProxyConfig(file);
  if (verb === 'stop') return { url: null, stop: async () => {}, ended: stopRunning(config, { isKept: keep }) };
  if (verb === 'status') return { url: null, stop: async () => {}, ended: showStatus(config) };
  if (verb === 'check') {
    if (config.tls !== undefined) {
      const tls = new ServerTls({ ...config.tls, clientCa: config.certificates?.ca ?? null }, config.file);
      const mistrust = tls.mistrust(addressOf(config, config.listen.port));
      if (mistrust !== undefined) process.stderr.write(`proof-proxy-server: warning: ${mistrust}.\n`);
    }
    process.stdout.write(`${file}: good\n`);
    return { url: null, stop: async () => {}, ended: Promise.resolve(0) };
  }
  return startProxyServer({
    config,
    clock: systemClock,
    makeLog: (stateDir) =>
      createLogger({
        program: 'proxy-server',
        level: config.logLevel,
        file: join(stateDir, 'log', 'proxy-server.log'),
        terminal: process.stderr.isTTY === true,
      }),
  });
});
