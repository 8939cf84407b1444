/**
 * Commands of the names of Slurm's that run scripts as processes of this machine, for what a real one cannot show: another network, bad
 * answers. `behave` puts lines of shell in front of one command.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMMANDS = {
  sbatch: `cat >"$jobs/$$.sh"
$prefix setsid sh -c 'trap : TERM; sh "$1.sh"; echo $? >"\${1%/*}/$$.status"' sh "$jobs/$$" >"$jobs/$$.log" 2>&1 </dev/null &
echo $! | tee -a "$jobs/ids"`,
  squeue: `[ -e "$jobs/ids" ] || exit 0
case "$*" in *Comment*) exit 0 ;; esac
while read -r id; do
  status=0
  [ -e "$jobs/$id.status" ] && read -r status <"$jobs/$id.status"
  if [ -e "/proc/$id/exe" ]; then echo "$id|RUNNING|0|None|"
  elif [ "$status" = 0 ]; then echo "$id|COMPLETED|0|None|"
  else echo "$id|FAILED|$((status * 256))|NonZeroExitCode|"; fi
done <"$jobs/ids"`,
  scancel: `for id in "$@"; do [ -e "/proc/$id/exe" ] && kill -TERM -- "-$id"; done; true`,
  sinfo: `echo "main* up 0/8/0/8"`,
};
export type StandInCommand = keyof typeof COMMANDS;

export class StandInSlurm {
  readonly folder = mkdtempSync(join(tmpdir(), 'proof-stand-in-'));

  /** @param prefix words in front of what runs a job's script */
  constructor(prefix: readonly string[] = []) {
    mkdirSync(join(this.folder, 'jobs'));
    this.#prefix = prefix.join(' ');
    for (const command of Object.keys(COMMANDS) as StandInCommand[]) this.behave(command, '');
  }
  readonly #prefix: string;

  /** What else is found, behind the commands here. */
  systemPath = ':/usr/sbin:/usr/bin:/sbin:/bin';

  /** For the site's `environment`. */
  get path(): string {
    return `${this.folder}${this.systemPath}`;
  }

  behave(command: StandInCommand, lines: string): void {
    const head = `#!/bin/sh\njobs=${join(this.folder, 'jobs')} prefix='${this.#prefix}'\n`;
    writeFileSync(join(this.folder, command), `${head}${lines}\n${COMMANDS[command]}\n`);
    chmodSync(join(this.folder, command), 0o755);
  }
  /** It is not there (any more). */
  lose(command: StandInCommand): void {
    rmSync(join(this.folder, command));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }
}
