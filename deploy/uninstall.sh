#!/usr/bin/env bash
# uninstall.sh: takes away what install.sh has put on this machine, and puts back what was there before. Keeps the data, the
# configuration, the certificates, backups and packages, and says where they are.
#
#   --dry-run    say what would be changed, and change nothing
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=changes.sh
. "$(dirname "${BASH_SOURCE[0]}")/changes.sh"

# take FILE: away, or back to what it was before install.sh; one that install.sh has not written is somebody else's.
take() {
  is_recorded "$1" || return 0
  if [[ -e $record/before$1 ]]; then
    change "put back $1" || return 0
    place "$record/before$1" "$1" cp -a
  elif [[ -e $1 ]]; then
    change "remove $1" || return 0
    rm -f "$1"
  fi
  if [[ -n $dry_run ]]; then return; fi
  sed -i "\\|^$1\$|d" $record/files
  # After the line: a run that finds the line and no file of before removes what is there.
  rm -f "$record/before$1"
}

# take_folder FOLDER: with all that is in it, which can only be install.sh's.
take_folder() {
  if [[ -d $1 ]] && change "remove $1"; then rm -rf "$1"; fi
}

refused=

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
take_folder /usr/local/lib/$name
take /etc/letsencrypt/renewal-hooks/deploy/$name
take /etc/nginx/sites-enabled/zz-$name.conf
take /etc/nginx/conf.d/zz-$name.conf
take /etc/nginx/$name-headers.conf
take_folder /etc/nginx/$name-bootstrap
if [[ -z $dry_run ]]; then
  systemctl daemon-reload
  # In every run, as one before may have been interrupted.
  if systemctl is-active --quiet nginx && ! { nginx -t -q && systemctl reload nginx; }; then refused=1; fi
fi
if ((changes == 0)); then echo 'nothing had to be changed'; fi

cat <<KEPT
Kept, for another installation or for you to remove:
  /var/lib/$name      the data: session, keys, exports, audit trail
  /etc/$name          the configuration and the api_hash
  /etc/systemd/system/$name.service.d  your own changes of the unit, if you have made some
  /var/backups/$name  backups, if you have made some there
  $record             what install.sh has replaced
  /etc/letsencrypt    the certificates, which cannot be renewed any more: \`certbot delete\` ends the attempts
  /var/www/letsencrypt  where the certificate authority was answered
  certbot.timer, which is still enabled, the user $name, and the packages nginx and certbot
KEPT
if [[ -n $refused ]]; then
  fail 'nginx still serves what it served: it refuses its configuration as it is now, see above; mend that, then systemctl reload nginx'
fi
