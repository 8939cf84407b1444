#!/usr/bin/env bash
# A Grid Engine of one host for a test: sge_qmaster, sge_execd and the queue main.q of 8 slots, on the loopback, as root.
#   gridengine.sh DIR LOOPBACK.SO QMASTER-PORT EXECD-PORT
# Stays in the foreground and says "ready"; "down" and "up" on its standard input kill the qmaster and
# start it again; when that ends it deletes all jobs and ends everything it started.
set -u
dir=$1 shim=$2
export SGE_ROOT=$dir/root SGE_CELL=default SGE_QMASTER_PORT=$3 SGE_EXECD_PORT=$4 SGE_ND=1
programs=/usr/lib/gridengine share=/usr/share/gridengine
cell=$SGE_ROOT/default/common spool=$dir/spool
mkdir -p "$cell" "$SGE_ROOT"/{bin,lib,utilbin} "$spool"/{qmaster,execd} "$dir/log" "$dir/tmp"
chmod 755 "$dir" && chmod 1777 "$dir/tmp"
platform=$($share/util/arch)
for part in bin lib utilbin; do ln -s $programs "$SGE_ROOT/$part/$platform"; done
ln -s $share/util "$SGE_ROOT/util"
cat >"$cell/bootstrap" <<CONF
admin_user root
default_domain none
ignore_fqdn true
spooling_method classic
spooling_lib libspoolc
spooling_params $cell;$spool/qmaster
binary_path $programs
qmaster_spool_dir $spool/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
jvm_threads 0
CONF
echo localhost >"$cell/act_qmaster"
aliases=$({ hostname; hostname -s; } | sort -u | grep -vx localhost | tr '\n' ' ')
echo "localhost $aliases" >"$cell/host_aliases"
# Root may submit; accounts are written at once; what a job started is found by its extra group.
sed -E -e "s#^(execd_spool_dir).*#\1 $spool/execd#; s#^(min_[ug]id).*#\1 0#; s#^(mailer).*#\1 /bin/true#" \
  -e 's#^(load_report_time).*#\1 00:00:02#; s#^(execd_params).*#\1 ENABLE_ADDGRP_KILL=TRUE#' \
  -e 's#^(reporting_params).*#\1 accounting=true reporting=false flush_time=00:00:01 accounting_flush_time=00:00:00 joblog=false sharelog=00:00:00#' \
  $share/default-configuration >"$dir/configuration"
{
  $programs/spoolinit classic libspoolc "$cell;$spool/qmaster" init &&
    $programs/spooldefaults configuration "$dir/configuration" &&
    $programs/spooldefaults complexes $share/util/resources/centry &&
    $programs/spooldefaults usersets $share/util/resources/usersets &&
    $programs/spooldefaults managers root
} >"$dir/log/spool" 2>&1 || { cat "$dir/log/spool" >&2; exit 1; }

# until SECONDS COMMAND...
until_ok() {
  local turns=$(($1 * 20)); shift
  while ((turns-- > 0)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done
  echo "gave up waiting: $*" >&2
  return 1
}
no_jobs() { [ -z "$(qstat -u '*')" ]; }
queue_up() { qstat -f -q main.q | awk '$1 ~ /^main.q@/ && $4 != "-NA-" && NF == 5 { up = 1 } END { exit !up }'; }
# What qconf would open an editor on, with some lines changed: WHAT FILE SED-EXPRESSION...
edited() {
  local what=$1 file=$2; shift 2
  EDITOR=cat qconf $what 2>/dev/null | grep '^[a-z]' | sed -E "$@" >"$dir/$file"
}

pids=()
finish() {
  trap - EXIT
  timeout 5 qdel -u '*' >/dev/null 2>&1
  until_ok 6 no_jobs
  kill -KILL "${pids[@]}" 2>/dev/null # asked kindly, the qmaster takes 10 s; its state is thrown away
  wait
}
trap finish EXIT
trap 'exit 1' TERM INT HUP

start_control() {
  LD_PRELOAD=$shim $programs/sge_qmaster </dev/null >>"$dir/log/qmaster" 2>&1 &
  control_pid=$!
  pids+=($!)
  until_ok 15 qconf -sh
}
stop_control() { kill -KILL "$control_pid"; wait "$control_pid"; }
start_control || exit 1
{
  qconf -as localhost
  qconf -ssconf | sed -E 's/^(schedule_interval).*/\1 0:0:1/; s/^(flush_(submit|finish)_sec).*/\1 1/
    s/^(load_adjustment_decay_time).*/\1 0:0:0/; s/^(job_load_adjustments).*/\1 NONE/' >"$dir/scheduler"
  qconf -Msconf "$dir/scheduler"
  edited '-ap smp' smp -e 's/^(slots).*/\1 999/'
  qconf -Ap "$dir/smp"
  edited '-aq main.q' main.q -e 's/^(hostlist).*/\1 localhost/; s/^(slots).*/\1 8/; s/^(pe_list).*/\1 smp/' \
    -e "s/^(load_thresholds).*/\1 NONE/; s#^(tmpdir).*#\1 $dir/tmp#; s/^(shell_start_mode).*/\1 unix_behavior/"
  qconf -Aq "$dir/main.q"
} >"$dir/log/queues" 2>&1
LD_PRELOAD=$shim $programs/sge_execd </dev/null >"$dir/log/execd" 2>&1 &
pids+=($!)
until_ok 15 queue_up || { cat "$dir/log/queues" >&2; exit 1; }
echo ready
while read -r word; do
  case $word in
  down) stop_control 2>/dev/null; echo down ;;
  up) start_control && echo up ;;
  esac
done
