/**
 * The shell script that a batch system runs as a pilot: finds scratch space, starts the agent, hands a request to end on to it,
 * kills what the agent left behind, tidies up, and returns the agent's exit status. For /bin/sh of any Linux. Pure.
 *
 * Its own exit statuses are the agent's (job-agent/exit-status.ts): 10 where the node has no place to write.
 */
import { quoteWord } from './quote-word.js';

export interface PilotScript {
  readonly site: string;
  readonly pilotId: string;
  readonly agentCommand: readonly string[];
  readonly ttlS: number;
  readonly scratch: string | null;
  /**
   * The agent's settings with the pilot's secret. text: written by the script, where the batch system keeps scripts to their
   * owner. file: one that lies ready, for this user alone.
   */
  readonly settings: { readonly text: string } | { readonly file: string };
  /**
   * The batch system announces an end by a signal to the whole process group (Grid Engine: USR2, and USR1 before it suspends,
   * which would open Node's debugger): the agent leaves the group, and the script tells it.
   */
  readonly ownSession?: boolean;
}

const END_OF_SETTINGS = 'END-OF-PROOF-SETTINGS';

export function pilotScript(pilot: PilotScript): string {
  const places = [pilot.scratch === null ? null : quoteWord(pilot.scratch), '"$_CONDOR_SCRATCH_DIR"', '"$TMPDIR"'];
  const settings =
    'text' in pilot.settings
      ? `cat >"$directory/agent.json" <<'${END_OF_SETTINGS}'\n${pilot.settings.text.replaceAll('\n', ' ')}\n${END_OF_SETTINGS}
PROOF_SETTINGS=$directory/agent.json`
      : `PROOF_SETTINGS=${quoteWord(pilot.settings.file)}\ncase $PROOF_SETTINGS in /*) ;; *) PROOF_SETTINGS=$PWD/$PROOF_SETTINGS ;; esac`;
  return `#!/bin/sh
# Pilot ${pilot.pilotId} of site ${pilot.site}: starts one agent and tidies up after it.
umask 077
exec 2>&1
directory=
for place in ${places.filter((place) => place !== null).join(' ')} /tmp /var/tmp "$PWD"; do
  [ -n "$place" ] && directory=$(mktemp -d "$place/proof-pilot-XXXXXX" 2>/dev/null) && break
done
[ -n "$directory" ] || { echo "pilot: cannot make a scratch directory on $(uname -n)" >&2; exit 10; }
${settings}
PROOF_SCRATCH=$directory
PROOF_WALL_TIME_END=\${SLURM_JOB_END_TIME:-$(($(date +%s) + ${pilot.ttlS}))}000
export PROOF_SETTINGS PROOF_SCRATCH PROOF_WALL_TIME_END
agent= asked=
trap 'asked=1; [ -z "$agent" ] || kill -TERM "$agent" 2>/dev/null' TERM INT HUP USR2
${pilot.ownSession === true ? 'trap : USR1\nsetsid ' : ''}${pilot.agentCommand.map(quoteWord).join(' ')} </dev/null &
agent=$!
[ -z "$asked" ] || kill -TERM "$agent" 2>/dev/null
wait "$agent"; status=$?
while kill -0 "$agent" 2>/dev/null; do wait "$agent"; status=$?; done
# Workers bear this mark, and what user code started inherits it.
for process in /proc/[0-9]*; do
  grep -qzxF ${quoteWord(`PROOF_SLOT=${pilot.pilotId}`)} "$process/environ" 2>/dev/null && kill -KILL "\${process#/proc/}" 2>/dev/null
done
rm -rf "$directory"
exit "$status"
`;
}
