#!/usr/bin/env bash
# An ARC computing element for a test: A-REX with its REST interface, jobs as processes of "nobody", a test CA; on the loopback.
#   arc.sh DIR LOOPBACK.SO PORT
# With SLURM_CONF of a running Slurm jobs go there, to its partition "main". With ARC_ISSUER it lets in bearer tokens of that issuer, too, whose server has a
# certificate of the test CA (DIR/cert/host.crt, host.key): A-REX asks it at every request.
# Leaves DIR/cert/{ca,user}.crt and user.key. Stays in the foreground and says "ready"; "down" and
# "up" on its standard input stop A-REX and start it again; when that ends it ends A-REX and what jobs left behind.
set -u
dir=$1 shim=$2 port=$3
export ARC_CONFIG=$dir/run/arc.cfg
issuer=${ARC_ISSUER:-} handler=${ARC_ISSUER:+'<SecHandler name="otokens.handler" event="incoming"/>'}
lrms='lrms = fork' queue=fork
[ -z "${SLURM_CONF:-}" ] || { queue=main lrms=$'lrms = slurm\nslurm_use_sacct = no\nslurm_wakeupperiod = 1'; }
chmod 755 "$dir"
mkdir -p "$dir"/{ca,cert,control,log,run,session,tmp}
chmod 1777 "$dir/tmp" # it insists on the sticky bit
cat >"$dir/arc.conf" <<CONF
[common]
hostname = localhost
x509_host_key = $dir/cert/host.key
x509_host_cert = $dir/cert/host.crt
x509_cert_dir = $dir/ca
${issuer:+[authtokens]}
[authgroup:users]
subject = /DC=org/DC=nordugrid/DC=ARC/O=TestCA/CN=Pilot Factory
${issuer:+authtokens = * $issuer * * *}
[mapping]
map_to_user = users nobody
[lrms]
$lrms
[arex]
loglevel = 3
logfile = $dir/log/arex
joblog =
pidfile = $dir/run/arex.pid
controldir = $dir/control
sessiondir = $dir/session
tmpdir = $dir/tmp
helperlog = $dir/log/helpers
wakeupperiod = 1
[arex/ws]
wsurl = https://localhost:$port/arex
logfile = $dir/log/ws
pidfile = $dir/run/arex.pid
[arex/ws/jobs]
allowaccess = users
[infosys]
logfile = $dir/log/infosys
[infosys/glue2]
[infosys/cluster]
[queue:$queue]
CONF
(
  cd "$dir/cert" || exit 1
  ca() { arcctl -c "$dir/arc.conf" test-ca --ca-dir "$dir/ca" --ca-id proof "$@"; }
  ca init -f && ca hostcert -f -n localhost && ca usercert -f --no-auth -n 'Pilot Factory' &&
    mv host-localhost-cert.pem host.crt && mv host-localhost-key.pem host.key &&
    mv client-Pilot-Factory-cert.pem user.crt && mv client-Pilot-Factory-key.pem user.key &&
    cp "$dir/ca/ARC-TestCA-proof.pem" ca.crt
) >"$dir/log/certificates" 2>&1 || { cat "$dir/log/certificates" >&2; exit 1; }
# Without parameters at hand it computes some, for minutes.
openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out "$dir/control/dhparam.pem" 2>/dev/null
/usr/lib/arc/arcconfig-parser --config "$dir/arc.conf" --runconfig "$ARC_CONFIG" --save || exit 1
plugins=
for plugin in mcctcp mcctls mcchttp mccsoap arex identitymap arcshc arcshclegacy ${issuer:+arcshcotokens}; do
  plugins+="<Plugins><Name>$plugin</Name></Plugins>"
done
cat >"$dir/arched.xml" <<XML
<?xml version="1.0"?>
<ArcConfig xmlns="http://www.nordugrid.org/schemas/ArcConfig/2007"
  xmlns:tcp="http://www.nordugrid.org/schemas/ArcMCCTCP/2007" xmlns:arex="http://www.nordugrid.org/schemas/a-rex/Config">
<Server>
  <PidFile>$dir/run/arched.pid</PidFile>
  <Logger><File>$dir/log/arex</File><Level>WARNING</Level></Logger>
</Server>
<ModuleManager><Path>/usr/lib/arc/</Path></ModuleManager>
$plugins
<Chain>
  <Component name="tcp.service" id="tcp"><next id="tls"/>
    <tcp:Listen><tcp:Interface>127.0.0.1</tcp:Interface><tcp:Port>$port</tcp:Port><tcp:Version>4</tcp:Version></tcp:Listen>
  </Component>
  <Component name="tls.service" id="tls"><next id="http"/>
    <KeyPath>$dir/cert/host.key</KeyPath><CertificatePath>$dir/cert/host.crt</CertificatePath>
    <CACertificatesDir PolicyGlobus="true">$dir/ca</CACertificatesDir>
    <VOMSProcessing>standard</VOMSProcessing><ClientAuthn>false</ClientAuthn>
  </Component>
  <Component name="http.service" id="http"><next id="soap">POST</next><next id="plexer"/>
    $handler
    <SecHandler name="arclegacy.handler" event="incoming"><ConfigFile>$ARC_CONFIG</ConfigFile></SecHandler>
  </Component>
  <Component name="soap.service" id="soap"><next id="plexer"/><ContinueNonSOAP>true</ContinueNonSOAP></Component>
  <Plexer name="plexer.service" id="plexer"><next id="a-rex">^/arex</next></Plexer>
  <Service name="a-rex" id="a-rex">
    <SecHandler name="arclegacy.map" event="incoming">
      <ConfigBlock><ConfigFile>$ARC_CONFIG</ConfigFile><BlockName>mapping</BlockName></ConfigBlock>
    </SecHandler>
    <arex:endpoint>https://localhost:$port/arex</arex:endpoint>
    <arex:gmconfig>$ARC_CONFIG</arex:gmconfig>
    <arex:InfoproviderWakeupPeriod>20</arex:InfoproviderWakeupPeriod>
  </Service>
</Chain>
</ArcConfig>
XML

finish() {
  trap - EXIT
  kill "$pid" 2>/dev/null
  timeout 10 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
  for process in /proc/[0-9]*; do # jobs outlive it
    grep -qzxF "ARC_CONFIG=$ARC_CONFIG" "$process/environ" 2>/dev/null && [ "${process#/proc/}" != $$ ] &&
      grep -qz '^GRID_GLOBAL_JOBID=' "$process/environ" && kill -KILL "${process#/proc/}" 2>/dev/null
  done
  [ -z "$issuer" ] || rmdir -p --ignore-fail-on-non-empty /etc/grid-security/certificates
  wait
}
# Whoever signed for the issuer must stand in a folder that no configuration can change: there it gets ours, in a mount namespace of its own.
inside=()
[ -z "$issuer" ] || { mkdir -p /etc/grid-security/certificates
  inside=(unshare --mount sh -c 'mount --bind "$0" /etc/grid-security/certificates && exec "$@"' "$dir/ca"); }
start_control() {
  X509_USER_CERT=$dir/cert/host.crt X509_USER_KEY=$dir/cert/host.key X509_CERT_DIR=$dir/ca HOSTNAME=localhost TMPDIR=$dir/tmp \
    LD_PRELOAD=$shim "${inside[@]}" /usr/sbin/arched -f -c "$dir/arched.xml" </dev/null >>"$dir/log/arched" 2>&1 &
  pid=$!
  for ((turn = 0; turn < 300; turn++)); do
    curl -sf --cacert "$dir/cert/ca.crt" --cert "$dir/cert/user.crt" --key "$dir/cert/user.key" \
      "https://localhost:$port/arex/rest/1.0/jobs" >/dev/null && return 0
    sleep 0.1
  done
  return 1
}
stop_control() { kill "$pid"; timeout 10 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"; wait "$pid"; }
trap finish EXIT
trap 'exit 1' TERM INT HUP
start_control || { tail -n 20 "$dir/log/arched" "$dir/log/arex" >&2; exit 1; }
echo ready
while read -r word; do
  case $word in
  down) stop_control 2>/dev/null; echo down ;;
  up) start_control && echo up ;;
  esac
done
