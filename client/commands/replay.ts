/**
 * `proof replay QUERY [PACKET]`: one packet of a query once more, in this process, with the code, data, parameters and random numbers that it
 * had there; `--inspect` under a debugger. Without PACKET: what became of each. What runs here is what a worker runs, so it fails alike.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import type { PacketInfo, PacketOrder } from '../../protocol/api.js';
import { UsageError } from '../../protocol/errors.js';
import { isQueryOver } from '../../protocol/ids.js';
import type { Opened } from '../../protocol/open-words.js';
import { ExitStatus } from '../exit-status.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';
import { spareReads } from '../run/kept-result.js';
import { checkOutputs, spareInputs } from '../run/output-files.js';
import { replayPacket } from '../run/replay-packet.js';
import { report } from '../run/report.js';
import { runningUsersCode } from '../run/users-code.js';
import type { ServerApi } from '../server-api.js';
import { keepingStdout } from '../show/result-stdout.js';
import { Screen } from '../show/screen.js';
import { fullRef } from './query-ref.js';

interface Options {
  readonly json?: string | true;
  readonly output?: string;
  readonly inspect?: true;
  readonly quiet?: true;
  readonly wide?: true;
}

export function addCommands(program: Command): void {
  program
    .command('replay <query> [packet]')
    .description('run one packet of a query again in this process; without PACKET: list what became of each')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--inspect', "wait for a debugger (Chrome's chrome://inspect, or an editor) before the first line")
    .option('--json [FILE]', 'write the outputs of this packet, or the list, as JSON; - is standard output')
    .option('--output <FILE.root>', 'write the outputs of this packet as a ROOT file')
    .option('--quiet', 'errors only')
    .option(...WIDE)
    .action(async (ref: string, packet: string | undefined, _options: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.inspect === true) throw new ExitStatus(await underDebugger());
      const api = apiOf(command);
      const query = await fullRef(api, ref);
      if (packet === undefined) return list(await api.packets(query), options.json !== undefined, options.wide);
      const packetId = Number(packet);
      if (!Number.isSafeInteger(packetId))
        throw new UsageError(`PACKET is a number; "proof replay ${ref}" lists them.`);
      const status = await replay(api, query, await api.packet(query, packetId), options);
      if (status !== 0) throw new ExitStatus(status);
    });
}

async function replay(api: ServerApi, query: string, order: PacketOrder, options: Options): Promise<number> {
  const json = options.json === true ? '-' : options.json;
  const files = { json, output: options.output };
  checkOutputs(files);
  spareInputs(
    files,
    [order.file, ...(order.file.friends ?? [])].flatMap(({ urls }) => urls),
  );
  if (isQueryOver(await api.query(query))) await spareReads(api, query, files);
  const screen = new Screen({ quiet: options.quiet === true, resultOnStdout: json === '-' });
  const { packetId, first, end, failures } = order.packet;
  screen.say(`Packet ${packetId} of ${query}: entries ${first} to ${end - 1} of ${order.file.name}`);
  for (const { worker, cause, entry } of failures)
    screen.say(`  failed on worker ${worker}: ${cause}${entry === null ? '' : ` at entry ${entry}`}`);
  return runningUsersCode(() =>
    keepingStdout(json === '-', async () => {
      const { outcome, loaded } = await replayPacket(query, order);
      return report(outcome, loaded, files, screen);
    }),
  );
}

function list(packets: readonly Opened<PacketInfo>[], asJson: boolean, wide: true | undefined): void {
  if (asJson) printJson(packets);
  else
    printTable(
      ['packet', 'state', 'attempts', 'worker', 'first', 'end', 'file', 'failures'],
      packets.map(({ packetId, state, attempts, worker, first, end, name, failures }) => [
        ...[packetId, state, attempts, worker, first, end, name],
        failures.map(({ cause, entry }) => (entry === null ? cause : `${cause} at ${entry}`)).join(', '),
      ]),
      { cuts: ['failures'], drops: ['attempts', 'worker', 'failures'], wide },
    );
}

/** The same command in a Node.js that waits for its debugger. */
async function underDebugger(): Promise<number> {
  const words = process.argv.slice(1).filter((word) => word !== '--inspect');
  const child = spawn(process.execPath, ['--inspect-brk', ...words], { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}
