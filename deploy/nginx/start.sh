#!/bin/sh
# start.sh: nginx in its container. Until certbot has obtained a certificate there is one of our own; a new one of certbot's is
# taken within seconds, without a restart. SIGTERM lets answers that are under way end.
#
#   DOMAIN           the host name that clients use
#   and what else render.sh reads
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=/run/nginx
used=$work/certificate
obtained=/etc/letsencrypt/live/$DOMAIN
LOOK_SECONDS=5
GRACE_SECONDS=10

say() {
  printf 'nginx: %s\n' "$1" >&2
}

# use FULLCHAIN KEY: both at once, by one change of a link.
use() {
  next=$(mktemp -d "$work/pair.XXXXXX")
  # Without -e: it does not count where this is called. Certbot replaces one file after the other.
  if ! {
    cp "$1" "$next/fullchain.pem" &&
      cp "$2" "$next/privkey.pem" &&
      of_certificate=$(openssl x509 -noout -pubkey -in "$next/fullchain.pem") &&
      of_key=$(openssl pkey -pubout -in "$next/privkey.pem") &&
      [ "$of_certificate" = "$of_key" ]
  } 2>/dev/null; then
    rm -rf "$next"
    return 1
  fi
  before=$(readlink "$used" || true)
  ln -s "$next" "$used.new"
  mv -T "$used.new" "$used"
  [ -z "$before" ] || rm -rf "$before"
}

# use_obtained: whether there is a certificate of certbot's that has not been looked at yet, and now is in use.
seen=
use_obtained() {
  [ -e "$obtained/fullchain.pem" ] && [ -e "$obtained/privkey.pem" ] || return 1
  found=$(cat "$obtained/fullchain.pem" "$obtained/privkey.pem" 2>/dev/null | cksum)
  [ "$found" != "$seen" ] || return 1
  seen=$found
  if ! use "$obtained/fullchain.pem" "$obtained/privkey.pem"; then
    say "the certificate and key in $obtained cannot be read or do not belong together: tried again when they change"
    return 1
  fi
  say "the certificate is that of $DOMAIN, $(openssl x509 -noout -enddate -in "$used/fullchain.pem")"
}

use_own() {
  # With a key of its own each time: nobody is to trust it.
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 3650 -subj "/CN=self-signed" \
    -addext "subjectAltName=DNS:$DOMAIN" -out "$work/own.pem" -keyout "$work/own.key" 2>/dev/null
  use "$work/own.pem" "$work/own.key"
  rm "$work/own.pem" "$work/own.key"
  say "there is no certificate for $DOMAIN yet: a self-signed one is used until certbot has obtained it"
}

watch() {
  while sleep "$LOOK_SECONDS"; do
    if use_obtained; then kill -HUP "$1"; fi
  done
}

# shellcheck disable=SC2317 # By trap.
stop() {
  kill -QUIT "$nginx"
  (
    sleep "$GRACE_SECONDS"
    kill -TERM "$nginx"
  ) &
}

umask 077
mkdir -p "$work"
use_obtained || use_own
export CERTIFICATE="$used/fullchain.pem" CERTIFICATE_KEY="$used/privkey.pem" HEADERS="$here/headers.conf"
export ACCESS_LOG=/dev/stdout ERROR_LOG=/dev/stderr BODIES=/tmp/body
sh "$here/render.sh" "$work/site.conf"

nginx -c "$here/container.conf" -g 'daemon off;' &
nginx=$!
trap stop TERM QUIT INT
watch "$nginx" &
code=0
# A signal ends the first wait, nginx the last one.
while kill -0 "$nginx" 2>/dev/null; do
  code=0
  wait "$nginx" || code=$?
done
exit "$code"
