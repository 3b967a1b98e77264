#!/usr/bin/env bash
# Debian packages that building, running and testing Parley need. Installs what is missing, as root or by sudo.
set -euo pipefail

# A C compiler for the CPython binding and the virtual board's kernels; the Arm compiler and QEMU for the boards' kernels;
# the phones, the browser and the capture tools of the hardware-in-the-loop tests; three voices for the demonstration; the store
# of several servers, the packet filter that cuts them off in the chaos test, and a DHCP server for boards. dpkg-dev and
# xz-utils unpack the sources of MicroPython and lwIP, which tools/fetch_sources.py fetches for the emulated boards.
packages=(python3-dev python3-venv gcc libc6-dev binutils libffi-dev
  gcc-arm-none-eabi binutils-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm dpkg-dev xz-utils make
  baresip-core sip-tester tshark espeak-ng chromium procps etcd-server nftables iproute2 udhcpd)

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "[1/4] Debian packages: all here"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "error: these packages are missing and there is no apt-get: ${missing[*]}; install them and run make again" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "error: run 'apt-get install ${missing[*]}' as root, then make again" >&2; exit 1; }
  as_root=(sudo)
fi
mkdir -p build
log=build/setup_packages.log
echo "[1/4] Debian packages (a few minutes the first time): ${missing[*]}"
if ! { "${as_root[@]}" apt-get update -q &&
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
  >"$log" 2>&1 </dev/null; then
  tail -n 15 "$log" >&2
  echo "error: apt-get failed; its whole output is in $log" >&2
  exit 1
fi
