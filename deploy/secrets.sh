#!/bin/sh
# secrets.sh: puts what compose.yaml was given, lines of NAME=VALUE, into files that the app's user alone can read.
set -eu
umask 077
cd /run/kept
while read -r line; do
  name=${line%%=*}
  value=${line#*=}
  rm -f "$name" "$name.new"
  [ -n "$value" ] || continue
  printf '%s\n' "$value" >"$name.new"
  chmod 0400 "$name.new"
  chown 65532:65532 "$name.new"
  mv "$name.new" "$name"
done </run/given
