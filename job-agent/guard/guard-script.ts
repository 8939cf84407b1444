/**
 * The guard of a payload: a small shell that runs one of its programs and outlives the agent, so that an agent that starts again finds the
 * program, or how it ended. It keeps no limits, the agent does; when there has been no agent for as long as it waits, it has everything ended.
 *
 * Beside the payload's directory lies `owner`, the agent that watches over it (PID and start time, proc(5)). In the directory the guard writes
 * NAME.guard and NAME.leader (likewise PID and start time; the leader is the first of a session of its own, which signals go to) and at the end
 * NAME.status: the exit status as a shell tells it (128 + N for signal N), then what `times` prints.
 * Whoever takes the directory after an owner makes the directory left.PID.START in it: an agent, to go on with it, or the guard, to end it.
 */

/** Words of its command line, then those of the program. */
export interface GuardWords {
  readonly directory: string;
  /** Of this program in the directory. */
  readonly name: string;
  readonly owner: string;
  /** Seconds without an agent, from which on everything is ended. */
  readonly patienceS: number;
  /** Value of PROOF_PAYLOAD: by it whatever the payload starts is known. */
  readonly mark: string;
  /** Value of PROOF_JOB. */
  readonly job: string;
  /** Node.js and the program (end-payload.ts) that ends everything. */
  readonly ender: readonly [string, string];
  /** Nothing can get away from its namespace: the directory need not be searched for. */
  readonly isConfined: boolean;
  readonly work: string;
  readonly command: readonly string[];
}

export function guardWords(script: string, words: GuardWords): string[] {
  const { directory, name, owner, patienceS, mark, job, ender, isConfined, work, command } = words;
  const places = [directory, name, owner, String(Math.ceil(patienceS)), mark, job, ...ender];
  return ['/bin/sh', script, ...places, isConfined ? 'confined' : 'open', work, ...command];
}

/** In the environment of guards, not of what they run: these stay when the rest of a slot is cleared. */
export const GUARD_MARK = 'PROOF_GUARD=1';

/** No process but `sleep` is started while it waits. */
export const GUARD_SCRIPT = `#!/bin/sh
# Runs one program of a payload, and ends it where its agent does not come back.
umask 077
cd /
directory=$1 name=$2 owner=$3 patience=$4 mark=$5 job=$6 node=$7 ender=$8 confined=$9
shift 9
start_of() { shift 19; start=$1; }
runs() { [ "$1" != Z ] && [ "$1" != X ] && shift 19 && [ "$1" = "$start" ]; }
owner_runs() { read -r pid start <"$owner" && read -r line <"/proc/$pid/stat" && runs \${line##*") "}; }
watch() {
  away=0
  while sleep 1 && [ -d "$directory" ]; do
    if owner_runs; then away=0; else away=$((away + 1)); fi
    [ "$away" -gt "$patience" ] || continue
    mkdir "$directory/left.$pid.$start" && exec "$node" "$ender" "$directory" "$mark" "$confined"
    away=0
  done
}
read -r line <"/proc/$$/stat"; start_of \${line##*") "}
echo "$$ $start" >"$directory/$name.guard" || exit 1
watch </dev/null >/dev/null 2>&1 &
begin='start_of() { shift 19; start=$1; }
read -r line <"/proc/$$/stat"; start_of \${line##*") "}
echo "$$ $start" >"$0.leader" || exit 1
unset PROOF_GUARD line start; cd "$1" || exit 1; shift; exec "$@" >>stdout 2>>stderr'
PROOF_JOB=$job PROOF_PAYLOAD=$mark setsid /bin/sh -c "$begin" "$directory/$name" "$@" </dev/null
status=$?
{ echo "$status"; times; } >"$directory/$name.new" && mv "$directory/$name.new" "$directory/$name.status"
`;
