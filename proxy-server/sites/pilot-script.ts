/**
 * The shell script that a batch system runs as a pilot: finds scratch space, starts the agent (again, where it was killed or failed: it
 * finds its payloads), hands a request to end on to it, kills what the agent left behind, tidies up, and returns the agent's exit status. For /bin/sh of any Linux. Pure.
 *
 * Its own exit statuses are the agent's (job-agent/exit-status.ts): 10 where the node has no place to write.
 */
import type { PilotOrder } from '../factory/read-pilot-jdl.js';
import { platformCheck, unpackedAgent, unpackFunction } from './payload-shell.js';
import { quoteWord } from './quote-word.js';

export interface PilotScript {
  readonly site: string;
  readonly pilotId: string;
  /** For who reads the script on a node: the comment and the packages of the pilot's JDL. */
  readonly about: Pick<PilotOrder, 'comment' | 'packages'>;
  readonly agentCommand: readonly string[];
  readonly ttlS: number;
  /** The agent uses all cores that the batch system gave it, else all of the node. */
  readonly wholeNode: boolean;
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
  /** The payload is fetched from the ProxyServer, and the log is sent there at the end; the agent is then what was fetched. */
  readonly fetch?: PayloadFetch;
}

export interface PayloadFetch {
  /** Of the ProxyServer. */
  readonly server: string;
  /** Of the payload's tar. */
  readonly sha256: string;
  /** PEM; null: the system's authorities. */
  readonly ca: string | null;
  readonly httpsProxy: string | null;
  readonly noProxy: string | null;
}

const END_OF_SETTINGS = 'END-OF-PROOF-SETTINGS';
/** Of a pilot's log, what the ProxyServer keeps. */
export const SENT_LOG_BYTES = 65_536;
const FETCH_TURNS = 3;
/** An agent is started again so often. */
const MOST_RESTARTS = 3;
/** Payloads wait for it: longer than its start on a busy node. */
const RETURN_WITHIN_S = 60;

function aboutLine({ comment, packages }: PilotScript['about']): string {
  const said = [comment, ...packages].filter((part) => part !== null).join('; ');
  return said === '' ? '' : `# ${said.replace(/[^\x20-\x7e]/g, ' ')}\n`; // in one line, whatever stands in a JDL
}

/** HTCondor tells the cores of a slot in a file, Slurm in a variable. */
const WHOLE_NODE = `cpus=$(sed -n 's/^Cpus = //p' "\${_CONDOR_MACHINE_AD:-/dev/null}")
PROOF_CORES=\${SLURM_CPUS_ON_NODE:-\${cpus:-$(getconf _NPROCESSORS_ONLN)}}
export PROOF_CORES
`;

export function pilotScript(pilot: PilotScript): string {
  const places = [pilot.scratch === null ? null : quoteWord(pilot.scratch), '"$_CONDOR_SCRATCH_DIR"', '"$TMPDIR"'];
  const settings =
    'text' in pilot.settings
      ? `cat >"$directory/agent.json" <<'${END_OF_SETTINGS}'\n${pilot.settings.text.replaceAll('\n', ' ')}\n${END_OF_SETTINGS}
PROOF_SETTINGS=$directory/agent.json`
      : `PROOF_SETTINGS=${quoteWord(pilot.settings.file)}\ncase $PROOF_SETTINGS in /*) ;; *) PROOF_SETTINGS=$PWD/$PROOF_SETTINGS ;; esac`;
  const agent =
    pilot.fetch === undefined ? pilot.agentCommand.map(quoteWord).join(' ') : unpackedAgent('$directory/unpacked');
  return `#!/bin/sh
# Pilot ${pilot.pilotId} of site ${pilot.site}: starts one agent and tidies up after it.
${aboutLine(pilot.about)}umask 077
exec 2>&1
directory= agent= asked=
trap 'asked=1; [ -z "$agent" ] || kill -TERM "$agent" 2>/dev/null' TERM INT HUP USR2
leave() { rm -rf "$directory"; exit "$1"; }
for place in ${places.filter((place) => place !== null).join(' ')} /tmp /var/tmp "$PWD"; do
  [ -n "$place" ] && directory=$(mktemp -d "$place/proof-pilot-XXXXXX" 2>/dev/null) && break
done
[ -n "$directory" ] || { echo "pilot: cannot make a scratch directory on $(uname -n)" >&2; exit 10; }
${settings}
${pilot.fetch === undefined ? '' : fetchLines(pilot.pilotId, pilot.fetch)}PROOF_SCRATCH=$directory PROOF_STATE_DIR=$directory/state PROOF_RETURN_WITHIN_S=${RETURN_WITHIN_S}
PROOF_WALL_TIME_END=\${SLURM_JOB_END_TIME:-$(($(date +%s) + ${pilot.ttlS}))}000
export PROOF_SETTINGS PROOF_SCRATCH PROOF_STATE_DIR PROOF_RETURN_WITHIN_S PROOF_WALL_TIME_END
${pilot.wholeNode ? WHOLE_NODE : ''}[ -z "$asked" ] || leave 0
${pilot.ownSession === true ? 'trap : USR1\n' : ''}restarts=0
while :; do
  ${pilot.ownSession === true ? 'setsid ' : ''}${agent} </dev/null &
  agent=$!
  [ -z "$asked" ] || kill -TERM "$agent" 2>/dev/null
  wait "$agent"; status=$?
  while kill -0 "$agent" 2>/dev/null; do wait "$agent"; status=$?; done
  { [ "$status" = 1 ] || [ "$status" -gt 128 ]; } && [ -z "$asked" ] && [ "$restarts" -lt ${MOST_RESTARTS} ] || break
  restarts=$((restarts + 1)) agent=
  echo "pilot: the agent was killed or failed (status $status), and is started again"
done
# Workers bear this mark, and what user code started inherits it.
for process in /proc/[0-9]*; do
  grep -qzxF ${quoteWord(`PROOF_SLOT=${pilot.pilotId}`)} "$process/environ" 2>/dev/null && kill -KILL "\${process#/proc/}" 2>/dev/null
done
leave "$status"
`;
}

/**
 * With curl or wget, whichever the node has. The pilot's secret goes through a file in the agent's state directory, which neither workers nor
 * payloads see, never through a word of a command.
 */
function fetchLines(pilotId: string, { server, sha256, ca, httpsProxy, noProxy }: PayloadFetch): string {
  const base = server.replace(/\/$/, '');
  const payload = quoteWord(`${base}/v1/pilot/payload?sha256=${sha256}`);
  const log = quoteWord(`${base}/v1/pilot/log`);
  const variables = [
    ...(httpsProxy === null ? [] : [`http_proxy=${quoteWord(httpsProxy)} https_proxy=${quoteWord(httpsProxy)}`]),
    ...(noProxy === null ? [] : [`no_proxy=${quoteWord(noProxy)}`]),
  ];
  const authority =
    ca === null
      ? ''
      : `cat >"$directory/ca.pem" <<'${END_OF_SETTINGS}'\n${ca.trim()}\n${END_OF_SETTINGS}
echo "cacert = $directory/ca.pem" >>"$directory/state/curlrc"; echo "ca_certificate = $directory/ca.pem" >>"$directory/state/wgetrc"\n`;
  return `exec 3>&1 >"$directory/pilot.log" 2>&1
${variables.length === 0 ? '' : `export ${variables.join(' ')}\n`}mkdir "$directory/state" || leave 10
secret=$(sed -n 's/.*"secret":"\\([^"]*\\)".*/\\1/p' "$PROOF_SETTINGS")
printf 'header = "Authorization: Pilot %s:%s"\\n' ${quoteWord(pilotId)} "$secret" >"$directory/state/curlrc"
printf 'header = Authorization: Pilot %s:%s\\n' ${quoteWord(pilotId)} "$secret" >"$directory/state/wgetrc"
secret=
${authority}WGETRC=$directory/state/wgetrc
export WGETRC
send_log() {
  tail -c ${SENT_LOG_BYTES} "$directory/pilot.log" >"$directory/sent.log"
  if command -v curl >/dev/null; then curl -sS -m 20 -K "$directory/state/curlrc" -H "Content-Type: application/octet-stream" -T "$directory/sent.log" ${log}
  elif command -v wget >/dev/null; then wget -q -t 1 -T 20 -O - --header="Content-Type: application/octet-stream" --method=PUT --body-file="$directory/sent.log" ${log}; fi
}
leave() { cat "$directory/pilot.log" >&3; send_log >&3 2>&1; rm -rf "$directory"; exit "$1"; }
${platformCheck('leave')}
${unpackFunction(sha256)}
fetch_payload() {
  if command -v curl >/dev/null; then curl -fsS -m 300 -K "$directory/state/curlrc" ${payload}
  else wget -nv -t 1 -T 60 -O - ${payload}; fi || : >"$directory/unfetched"
}
command -v curl >/dev/null || command -v wget >/dev/null || {
  echo "pilot: neither curl nor wget on $(uname -n), to fetch the payload with: install one, or set payload: true for this site"
  leave 15
}
turn=0
while :; do
  rm -f "$directory/unfetched"
  fetch_payload | unpack "$directory/unpacked" 2>"$directory/unpack.log"; got=$?
  [ -z "$asked" ] || leave 0
  [ "$got" != 0 ] || break
  if [ ! -e "$directory/unfetched" ]; then
    cat "$directory/unpack.log"
    case $got in 13) echo "pilot: the payload came damaged" ;; *) echo "pilot: cannot unpack the payload into $directory" ;; esac
    leave "$got"
  fi
  turn=$((turn + 1))
  if [ "$turn" = ${FETCH_TURNS} ]; then echo "pilot: cannot fetch the payload from ${base}"; leave 12; fi
  sleep "$turn"
done
`;
}
