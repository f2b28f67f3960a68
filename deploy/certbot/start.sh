#!/bin/sh
# start.sh: certbot in its container. Obtains a certificate for DOMAIN, looks twice a day whether it is to be renewed, and waits
# longer and longer after failures: authorities answer only few of them.
#
#   DOMAIN           localhost: there is nothing to obtain
#   EMAIL            may be empty
#   ACME_SERVER      the directory of the authority; the certificate of another one is replaced
#   RENEW_SECONDS    from one look to the next; half a day unless set
set -eu

: "${RENEW_SECONDS:=43200}"
# Let's Encrypt allows five failures an hour: these are four.
FIRST_PAUSE=600
webroot=/var/www/letsencrypt

say() {
  printf 'certbot: %s\n' "$1" >&2
}

# As the container's first process the shell obeys signals only where it is told to, and between commands.
trap 'exit 0' TERM INT
pause() {
  sleep "$1" &
  wait $!
}

obtain() {
  set -- certonly --non-interactive --agree-tos --webroot --webroot-path "$webroot" --max-log-backups 5 \
    --server "$ACME_SERVER" --domain "$DOMAIN" --cert-name "$DOMAIN"
  if [ -n "$EMAIL" ]; then set -- "$@" --email "$EMAIL"; else set -- "$@" --register-unsafely-without-email; fi
  renewal=/etc/letsencrypt/renewal/$DOMAIN.conf
  if [ -e "$renewal" ] && ! grep -Fqx "server = $ACME_SERVER" "$renewal"; then
    set -- "$@" --force-renewal
  else
    set -- "$@" --keep-until-expiring
  fi
  certbot "$@" &
  wait $!
}

case $DOMAIN in
  localhost | *.localhost)
    say "DOMAIN is $DOMAIN, for which nobody gives certificates: nginx goes on with its self-signed one"
    while :; do pause "$RENEW_SECONDS"; done
    ;;
esac

delay=$FIRST_PAUSE
while :; do
  if obtain; then
    delay=$FIRST_PAUSE
    pause "$RENEW_SECONDS"
  else
    say "no certificate this time: does $DOMAIN resolve to this machine, and can its port 80 be reached? Next try in $((delay / 60)) minutes"
    pause "$delay"
    delay=$((delay * 2))
    [ "$delay" -le "$RENEW_SECONDS" ] || delay=$RENEW_SECONDS
  fi
done
