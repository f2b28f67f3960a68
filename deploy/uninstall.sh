#!/usr/bin/env bash
# uninstall.sh: takes away what install.sh has put on this machine, and puts back what was there before. Keeps the data, the
# configuration, the certificates, backups and packages, and says where they are.
#
#   --dry-run    say what would be changed, and change nothing
set -euo pipefail

name=telegram-toolkit-mcp
record=/var/backups/$name-install
dry_run=
changes=0

fail() {
  printf 'uninstall.sh: %s\n' "$1" >&2
  exit 1
}

# change TEXT: says what is changed; false when it must not be.
change() {
  changes=$((changes + 1))
  if [[ -n $dry_run ]]; then
    printf 'would %s\n' "$1"
    return 1
  fi
  printf '%s\n' "$1"
}

# take FILE: away, or back to what it was before install.sh.
take() {
  if [[ -e $record/before$1 ]]; then
    change "put back $1" || return 0
    cp -a "$record/before$1" "$1"
    rm -rf "$record/before$1"
  elif [[ -e $1 ]]; then
    change "remove $1" || return 0
    rm -rf "$1"
  fi
}

for argument; do
  case $argument in
    --dry-run) dry_run=1 ;;
    *) fail 'the only option is --dry-run' ;;
  esac
done
[[ $EUID == 0 ]] || fail 'it needs root: sudo deploy/uninstall.sh'

if systemctl is-enabled --quiet $name 2>/dev/null || systemctl is-active --quiet $name; then
  if change "stop and disable $name.service"; then systemctl disable --quiet --now $name; fi
fi
take /etc/systemd/system/$name.service
take /usr/local/bin/$name
take /usr/local/lib/$name
take /etc/letsencrypt/renewal-hooks/deploy/$name
before=$changes
take /etc/nginx/conf.d/$name.conf
take /etc/nginx/$name-headers.conf
take /etc/nginx/$name-bootstrap
take $record/files
if [[ -z $dry_run ]]; then
  systemctl daemon-reload
  if [[ $changes != "$before" ]] && systemctl is-active --quiet nginx; then
    nginx -t -q
    systemctl reload nginx
  fi
fi
if ((changes == 0)); then echo 'nothing had to be changed'; fi

cat <<KEPT
Kept, for another installation or for you to remove:
  /var/lib/$name      the data: session, keys, exports, audit trail
  /etc/$name          the configuration and the api_hash
  /var/backups/$name  backups, if you have made some there
  $record             what install.sh has replaced
  /etc/letsencrypt    the certificates; \`certbot delete\` ends the renewal of one
  the user $name and the packages nginx and certbot
KEPT
