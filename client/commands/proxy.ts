/** `proof proxy init`, and `proof proxy start | stop | restart | status | check`: the ProxyServer of a configuration file. */
import { hostname, userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../protocol/errors.js';
import { daemonConfig } from '../daemon-config.js';
import { ExitStatus } from '../exit-status.js';
import { detachRoom, runRoom } from '../room-program.js';
import { tell } from '../show/tell.js';

const PROXY = { title: 'the ProxyServer', name: 'proxy', variable: 'PROOF_PROXY_CONFIG', page: 'docs/proxy-server.md' };
const configFile = (named: string | undefined): string => daemonConfig(named, PROXY);

export function addCommands(program: Command): void {
  const proxy = program.command('proxy').description('the ProxyServer: keeps agents and workers ready, opens sessions');
  const add = (name: string, description: string): Command =>
    proxy.command(name).description(description).option('--config <FILE>', "the ProxyServer's configuration");

  add('start', 'start it; prints "listening on URL" when it is ready')
    .option('--detach', 'in the background')
    .action(async (options: { config?: string; detach?: true }) => {
      const args = ['--config', configFile(options.config)];
      if (options.detach) tell(await detachRoom('proxy-server', args));
      else await runRoom('proxy-server', args);
    });
  proxy
    .command('init <dir>')
    .description('make what a first ProxyServer needs: authority, certificates, configuration, a token for its admin')
    .option('--name <HOST>', 'name or address under which it is reached', hostname())
    .option('--port <N>', 'where it will listen', port, 1093)
    .option('--admin <USER>', 'the first user', userInfo().username)
    .option('--days <N>', 'lifetime of the token', wholeDays, 30)
    .action(async (folder: string, options: { name: string; port: number; admin: string; days: number }) => {
      if (!/^[\w.@-]{1,100}$/.test(options.admin))
        throw new UsageError(`${options.admin} is no user name: letters, digits and . _ @ - are.`);
      if (!/^[\w.:-]{1,255}$/.test(options.name)) throw new UsageError(`${options.name} is no name of a host.`);
      const { name: host, port: wanted, admin, days: adminDays } = options;
      const { makeInstallation } = await import('../set-up/first-installation.js');
      const lines = await makeInstallation({ folder, host, port: wanted, admin, adminDays });
      process.stdout.write(`made in ${folder}:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    });
  add('stop', 'stop it, with all that it started')
    .option('--keep', 'sessions, pilots and jobs go on, for the next one: start it soon')
    .action((options: { config?: string; keep?: true }) =>
      runRoom('proxy-server', ['--config', configFile(options.config), '--stop', ...(options.keep ? ['--keep'] : [])]),
    );
  add('restart', 'stop it alone and start it in the background, for a changed configuration or a new release').action(
    (options: { config?: string }) => restart(['--config', configFile(options.config)]),
  );
  const VERBS = [
    ['status', 'does one run on this configuration? exit status 1 if not'],
    ['check', 'read the configuration and say what is wrong with it'],
  ] as const;
  for (const [verb, description] of VERBS)
    add(verb, description).action((options: { config?: string }) =>
      runRoom('proxy-server', ['--config', configFile(options.config), `--${verb}`]),
    );
}

/** Sessions, pilots and jobs go on. A configuration that is wrong leaves the one that runs as it is. */
async function restart(args: readonly string[]): Promise<void> {
  await runRoom('proxy-server', [...args, '--check']);
  await runRoom('proxy-server', [...args, '--stop', '--keep']).catch((error: unknown) => {
    if (!(error instanceof ExitStatus && error.status === 1)) throw error; // none ran
  });
  tell(await detachRoom('proxy-server', args));
}

function port(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 65_535) throw new InvalidArgumentError('must be a port, 0 to 65535.');
  return n;
}
function wholeDays(text: string): number {
  const n = Number(text);
  if (!(n > 0 && n <= 3650)) throw new InvalidArgumentError('must be a number of days, up to 3650.');
  return n;
}
