#!/usr/bin/env bash
# debian_root.sh SYSTEM FOLDER: makes FOLDER/root, a small Debian (bookworm or trixie) with systemd as a new machine has it, and
# FOLDER/packages, a repository of what install.sh adds to it, so that apt can do so without a network.
set -euo pipefail
system=$1
folder=$2
export SOURCE_DATE_EPOCH=0 packages=$folder/packages
rm -rf "$folder"
mkdir -p "$packages"
# shellcheck disable=SC2016
mmdebstrap --quiet --mode=root --variant=minbase --include=systemd-sysv,dbus,iproute2,procps \
  --customize-hook='chroot "$1" apt-get install -qq -y --no-install-recommends --download-only \
    nginx certbot openssl curl ca-certificates >/dev/null' \
  --customize-hook='cp "$1"/var/cache/apt/archives/*.deb "$packages"' \
  "$system" "$folder/root"
(cd "$packages" && apt-ftparchive packages . >Packages)
rm -f "$folder"/root/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/packages ./' >"$folder/root/etc/apt/sources.list"
# A machine makes its own at the first boot.
: >"$folder/root/etc/machine-id"
