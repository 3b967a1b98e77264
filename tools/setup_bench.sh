#!/usr/bin/env bash
# What `make bench` compares with: Debian's Janus (AudioBridge) and Kamailio. What cannot be installed is left out of the
# tables with a reason, so this never fails. Their services are not started.
set -uo pipefail

packages=(janus kamailio)
missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
mkdir -p build
echo "packages to compare with: ${missing[*]}"
for package in "${missing[@]}"; do
  # RUNLEVEL=1: invoke-rc.d starts no service
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -q -y --no-install-recommends \
    "$package" >"build/setup_bench.$package.log" 2>&1 </dev/null; then
    echo "$package cannot be installed (build/setup_bench.$package.log): the bench leaves it out"
  fi
done
exit 0
