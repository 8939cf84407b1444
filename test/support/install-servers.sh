#!/usr/bin/env bash
# Installs the servers that the integration tests start themselves (they skip, and say so, where one is missing).
# Idempotent and quiet; needs root and apt. No package may start a daemon of its own: tests start theirs, on the loopback.
set -u
packages=(xrootd-server xrootd-client xrootd-plugins xrootd-server-plugins xrootd-scitokens-plugins
  openssl bubblewrap gcc libc6-dev slurm-wlm munge gridengine-master gridengine-exec gridengine-client
  nordugrid-arc-arex nordugrid-arc-arcctl nordugrid-arc-plugins-arcrest curl wget openssh-server openssh-client chromium)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "install-servers: without root and apt, tests that need ${missing[*]} will skip" >&2
  exit 0
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && trap 'rm -f "$policy"' EXIT
fi
log=$(mktemp)
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install)
if ! "${apt[@]}" "${missing[@]}" >"$log" 2>&1; then
  apt-get -q update >>"$log" 2>&1
  "${apt[@]}" "${missing[@]}" >>"$log" 2>&1 ||
    { echo "install-servers: could not install ${missing[*]}:" >&2; tail -n 5 "$log" >&2; }
fi
rm -f "$log"
exit 0
