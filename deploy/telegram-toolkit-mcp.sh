#!/bin/sh
# telegram-toolkit-mcp COMMAND…: a command of the program as the service's user, with the service's configuration and secrets, so
# that login, keys, doctor and the like work on what the server has. `install.sh` puts this file into /usr/local/bin.
set -eu

name=telegram-toolkit-mcp
if [ "$(id -u)" != 0 ]; then
  echo "$name: it reads the service's secrets and needs root: sudo $name $*" >&2
  exit 1
fi

# systemd would put variables of the service in place of $NAME.
for argument; do
  set -- "$@" "$(printf '%s' "$argument" | sed 's/\$/$$/g')"
  shift
done

unit=$name-command-$$
if [ -t 0 ] && [ -t 1 ]; then streams=--pty; else streams=--pipe; fi
# A command at no terminal of its own hears of no Ctrl-C: it is stopped below.
trap : INT TERM HUP
code=0
systemd-run --quiet --collect --wait "$streams" --unit="$unit" --service-type=exec \
  --uid=$name --gid=$name \
  --property=EnvironmentFile=/etc/$name/env \
  --property=LoadCredential=api_hash:/etc/$name/api_hash \
  --property="WorkingDirectory=-$PWD" \
  --property=UMask=0077 --property=NoNewPrivileges=yes --property=CapabilityBoundingSet= \
  --setenv=DATA_DIR=/var/lib/$name \
  --setenv=TELEGRAM_API_HASH_FILE="/run/credentials/$unit.service/api_hash" \
  /usr/local/lib/$name/$name "$@" || code=$?
systemctl stop --quiet "$unit.service" 2>/dev/null || :
exit "$code"
