/**
 * What a node's shell does with a payload (payload.ts): unpacks it, for POSIX sh with tee, gzip, tar and sha256sum. Pure.
 *
 * It is unpacked and summed in one pass, into a directory that nobody else knows; nothing of it is run before the sum is right. Exit
 * statuses: 10 no place to unpack, 12 nothing comes from the ProxyServer, 13 damaged, 14 made for another platform, 15 there is neither
 * curl nor wget.
 */

/** Of the shell head in front of the tar: fixed, so that the tar is found without reading the head. */
export const PAYLOAD_HEAD_BYTES = 4096;
/** Within the unpacked payload. */
const AGENT = 'proof/dist/warm/agent.js';

/**
 * Shell function `unpack DIRECTORY`, the tar on standard input. Returns 0, 10 or 13. Who has filled the disk leaves the stream to be read to
 * its end, so that the sum still tells damage from lack of room.
 */
export const unpackFunction = (sha256: string): string => `unpack() {
  rm -rf "$1" && mkdir "$1" || return 10
  sum=$({ tee /dev/fd/3 | { gzip -dc | tar -xf - -C "$1" && : >"$1/whole"; cat >/dev/null; } >&2; } 3>&1 | sha256sum)
  [ "\${sum%% *}" = ${sha256} ] || return 13
  [ -e "$1/whole" ] || return 10
}`;

/** Ends with status 14 where this is another platform than the server's. @param leave words that end the script with a status */
export function platformCheck(leave: string): string {
  const { platform, arch } = process;
  return `machine=$(uname -sm)
case $machine in ${UNAME[arch] ?? '*'}) ;; *) echo "payload: made for ${platform} ${arch}, this is $machine" >&2; ${leave} 14 ;; esac`;
}

/** The agent of what was unpacked into a directory, as words of shell. */
export const unpackedAgent = (directory: string): string => `"${directory}/node" "${directory}/${AGENT}"`;

export function payloadHead(sha256: string): string {
  const { platform, arch } = process;
  const text = `#!/bin/sh
# PROOF pilot payload for ${platform}-${arch}: unpacks Node.js ${process.version} and the agent, and becomes the agent.
${platformCheck('exit')}
agent= asked= place=
trap 'asked=1; [ -z "$agent" ] || kill -TERM "$agent" 2>/dev/null' TERM INT HUP
leave() { rm -rf "$place"; exit "$1"; }
if [ -n "\${PROOF_STATE_DIR:-}" ] && [ -e "$PROOF_STATE_DIR/payload" ] && read -r place <"$PROOF_STATE_DIR/payload"; then # an agent before this one
  trap - TERM INT HUP
  exec ${unpackedAgent('$place/unpacked')} "$@"
fi
place=$(mktemp -d "\${PROOF_SCRATCH:-\${TMPDIR:-/tmp}}/proof-payload-XXXXXX") || exit 10
${unpackFunction(sha256)}
tail -c +${PAYLOAD_HEAD_BYTES + 1} "$0" | unpack "$place/unpacked"; got=$?
[ -n "$asked" ] && leave 0 # whoever asked may have told the programs above as well
case $got in
0) ;;
13) echo "payload: damaged on its way" >&2; leave 13 ;;
*) echo "payload: cannot unpack into $place" >&2; leave 10 ;;
esac
if [ -n "\${PROOF_SCRATCH:-}" ]; then
  [ -z "\${PROOF_STATE_DIR:-}" ] || { mkdir -p -m 700 "$PROOF_STATE_DIR" && echo "$place" >"$PROOF_STATE_DIR/payload"; }
  trap - TERM INT HUP
  exec ${unpackedAgent('$place/unpacked')} "$@"
fi
${unpackedAgent('$place/unpacked')} "$@" &
agent=$!
[ -z "$asked" ] || kill -TERM "$agent" 2>/dev/null
wait "$agent"; status=$?
while kill -0 "$agent" 2>/dev/null; do wait "$agent"; status=$?; done
leave "$status"
`;
  if (Buffer.byteLength(text) > PAYLOAD_HEAD_BYTES) throw new Error('the head of the payload is longer than its place');
  return text + '\n'.repeat(PAYLOAD_HEAD_BYTES - Buffer.byteLength(text));
}

/** uname -sm by process.arch. */
const UNAME: Readonly<Record<string, string>> = { x64: '"Linux x86_64"', arm64: '"Linux aarch64"' };
