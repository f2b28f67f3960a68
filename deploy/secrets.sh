#!/bin/sh
# secrets.sh: puts what compose.yaml was given into files that the app's user alone can read.
set -eu
umask 077
cd /run/kept
for name in telegram_api_hash session_key; do
  rm -f "$name" "$name.new"
  # Compose makes no file of an empty variable.
  [ -s "/run/given/$name" ] || continue
  cp "/run/given/$name" "$name.new"
  chmod 0400 "$name.new"
  chown 65532:65532 "$name.new"
  mv "$name.new" "$name"
done
