#!/usr/bin/env bash
# A Slurm of two nodes on one host for a test: munged, slurmctld and two slurmd, on the loopback, as root, in one directory.
#   slurm.sh DIR LOOPBACK.SO CONTROL-PORT NODE-PORT NODE-PORT
# Stays in the foreground and says "ready"; "down" and "up" on its standard input stop slurmctld and
# start it again; when that ends it cancels all jobs and ends everything it started.
set -u
dir=$1 shim=$2 control=$3 ports=("$4" "$5")
host=$(hostname -s)
mkdir -p "$dir"/{munge,state,log,run}
chmod 755 "$dir" "$dir/run" # munged insists on both
chmod 700 "$dir/munge"
head -c 128 /dev/urandom >"$dir/munge/key"
chmod 600 "$dir/munge/key"
echo CgroupPlugin=cgroup/v1 >"$dir/cgroup.conf" # the one that needs no cgroup at all
cat >"$dir/slurm.conf" <<CONF
ClusterName=proof
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$control
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld
SlurmdLogFile=$dir/log/slurmd.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SlurmdParameters=config_overrides
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillWait=30
CompleteWait=0
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[0]} CPUs=8 RealMemory=4000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=8 RealMemory=4000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$dir/slurm.conf

# until SECONDS COMMAND...
until_ok() {
  local turns=$(($1 * 20)); shift
  while ((turns-- > 0)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done
  echo "gave up waiting: $*" >&2
  return 1
}
no_jobs() { [ -z "$(squeue -h -o %A)" ]; }
both_idle() { [ "$(sinfo -h -N -t idle -o %N | wc -l)" = 2 ]; }

pids=()
finish() {
  trap - EXIT
  scancel --quiet $(squeue -h -o %A 2>/dev/null) 2>/dev/null
  until_ok 6 no_jobs
  kill "${pids[@]}" 2>/dev/null
  for pid in "${pids[@]}"; do timeout 5 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"; done
  wait
}
trap finish EXIT
trap 'exit 1' TERM INT HUP

munged --foreground --socket="$dir/run/munge" --key-file="$dir/munge/key" --pid-file="$dir/munge/pid" \
  --log-file="$dir/log/munged" --seed-file="$dir/munge/seed" </dev/null >"$dir/log/munged.out" 2>&1 &
pids+=($!)
until_ok 5 test -S "$dir/run/munge" || exit 1
start_control() {
  LD_PRELOAD=$shim slurmctld -D -f "$SLURM_CONF" </dev/null >>"$dir/log/slurmctld.out" 2>&1 &
  control_pid=$!
  pids+=($!)
  until_ok 10 sh -c 'scontrol ping | grep -q " UP"'
}
stop_control() { kill "$control_pid"; wait "$control_pid"; }
start_control || exit 1
for node in n1 n2; do
  LD_PRELOAD=$shim slurmd -D -f "$SLURM_CONF" -N "$node" </dev/null >"$dir/log/slurmd.$node.out" 2>&1 &
  pids+=($!)
done
until_ok 15 both_idle || exit 1
echo ready
while read -r word; do
  case $word in
  down) stop_control 2>/dev/null; echo down ;;
  up) start_control && echo up ;;
  esac
done
