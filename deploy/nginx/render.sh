#!/bin/sh
# render.sh [FILE]: fills in nginx.conf, for compose and for a host; to standard output without FILE, which is replaced at once.
#
#   DOMAIN           the host name that clients use (needed)
#   UPSTREAM         the server's host:port (127.0.0.1:8000)
#   RESOLVER         a name server that is asked for UPSTREAM again and again, from nginx 1.27.3 on; empty on hosts
#   CERTIFICATE, CERTIFICATE_KEY      (/etc/letsencrypt/live/DOMAIN/fullchain.pem and privkey.pem)
#   WEBROOT          the folder with .well-known/acme-challenge (/var/www/letsencrypt)
#   HEADERS          headers.conf as nginx reaches it (that beside this script)
#   REAL_IP_FROM     addresses of proxies in front of nginx, as CIDR, separated by spaces (none)
#   HTTP_PORT, HTTPS_PORT             where nginx listens (80 and 443)
#   PUBLIC_PORT      the port of HTTPS as clients see it (443)
#   DEFAULT_SERVER, DEFAULT_TLS_SERVER  1: refuse requests for other hosts at HTTP_PORT, HTTPS_PORT; 0: another site has them (1)
#   IPV6             1 or 0 (whether the kernel has it)
#   RATE, BURST, CONNECTIONS          of one address: requests a second, as many more at once, connections (40, 1200 and 100)
#   BODIES           a folder in memory for bodies that are longer than most; nginx makes it (/run/telegram-toolkit-mcp-bodies)
#   ACCESS_LOG, ERROR_LOG             (/var/log/nginx/access.log and error.log)
#   NGINX_VERSION    (what nginx -v says)
#   TEMPLATE         (nginx.conf of this repository)
set -eu

fail() {
  printf 'render.sh: %s\n' "$1" >&2
  exit 1
}

# must NAME VALUE PATTERN: the whole value has to match the extended expression. A value goes into nginx's configuration as it
# is, so nothing passes that could end a word there.
must() {
  case $2 in *'
'*) fail "$1 has more than one line" ;; esac
  printf '%s\n' "$2" | LC_ALL=C grep -Eq "^($3)\$" || fail "$1 is not as it should be: $2"
}

here=$(cd "$(dirname "$0")" && pwd)
DOMAIN=${DOMAIN:-}
UPSTREAM=${UPSTREAM:-127.0.0.1:8000}
RESOLVER=${RESOLVER:-}
CERTIFICATE=${CERTIFICATE:-/etc/letsencrypt/live/$DOMAIN/fullchain.pem}
CERTIFICATE_KEY=${CERTIFICATE_KEY:-/etc/letsencrypt/live/$DOMAIN/privkey.pem}
WEBROOT=${WEBROOT:-/var/www/letsencrypt}
HEADERS=${HEADERS:-$here/headers.conf}
REAL_IP_FROM=${REAL_IP_FROM:-}
HTTP_PORT=${HTTP_PORT:-80}
HTTPS_PORT=${HTTPS_PORT:-443}
PUBLIC_PORT=${PUBLIC_PORT:-443}
DEFAULT_SERVER=${DEFAULT_SERVER:-1}
DEFAULT_TLS_SERVER=${DEFAULT_TLS_SERVER:-1}
if [ -z "${IPV6:-}" ]; then if [ -e /proc/net/if_inet6 ]; then IPV6=1; else IPV6=0; fi; fi
RATE=${RATE:-40}
BURST=${BURST:-1200}
CONNECTIONS=${CONNECTIONS:-100}
BODIES=${BODIES:-/run/telegram-toolkit-mcp-bodies}
ACCESS_LOG=${ACCESS_LOG:-/var/log/nginx/access.log}
ERROR_LOG=${ERROR_LOG:-/var/log/nginx/error.log}
NGINX_VERSION=${NGINX_VERSION:-$(nginx -v 2>&1 | sed -n 's|^nginx version: nginx/\([0-9.]*\).*|\1|p')}
TEMPLATE=${TEMPLATE:-$here/../../nginx.conf}

label='[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
number='[1-9][0-9]{0,5}'
path='/[A-Za-z0-9._/+-]+'
address='[0-9.]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*'
[ -n "$DOMAIN" ] || fail 'DOMAIN is not set'
must DOMAIN "$DOMAIN" "$label(\\.$label)*"
[ "${#DOMAIN}" -le 253 ] || fail "DOMAIN is too long: $DOMAIN"
must UPSTREAM "$UPSTREAM" "([A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\]):$number"
[ -z "$RESOLVER" ] || must RESOLVER "$RESOLVER" "([0-9.]+|\\[[0-9A-Fa-f:.]+\\])(:$number)?"
must CERTIFICATE "$CERTIFICATE" "$path"
must CERTIFICATE_KEY "$CERTIFICATE_KEY" "$path"
must WEBROOT "$WEBROOT" "$path"
must HEADERS "$HEADERS" "$path"
must HTTP_PORT "$HTTP_PORT" "$number"
must HTTPS_PORT "$HTTPS_PORT" "$number"
must PUBLIC_PORT "$PUBLIC_PORT" "$number"
must DEFAULT_SERVER "$DEFAULT_SERVER" '[01]'
must DEFAULT_TLS_SERVER "$DEFAULT_TLS_SERVER" '[01]'
must IPV6 "$IPV6" '[01]'
must RATE "$RATE" "$number"
must BURST "$BURST" "$number"
must CONNECTIONS "$CONNECTIONS" '[1-9][0-9]{0,4}'
[ "$CONNECTIONS" -le 65535 ] || fail "CONNECTIONS is more than nginx counts, 65535: $CONNECTIONS"
must BODIES "$BODIES" "$path"
must ACCESS_LOG "$ACCESS_LOG" "$path"
must ERROR_LOG "$ERROR_LOG" "$path"
must NGINX_VERSION "$NGINX_VERSION" '[0-9]+\.[0-9]+\.[0-9]+'
[ -r "$TEMPLATE" ] || fail "TEMPLATE cannot be read: $TEMPLATE"

# at_least MAJOR MINOR PATCH: whether this nginx is that or newer.
at_least() {
  IFS=. read -r major minor patch <<VERSION
$NGINX_VERSION
VERSION
  [ $((major * 1000000 + minor * 1000 + patch)) -ge $(($1 * 1000000 + $2 * 1000 + $3)) ]
}

real_ip=
if [ -n "$REAL_IP_FROM" ]; then
  real_ip='real_ip_header X-Forwarded-For; real_ip_recursive on;'
  for range in $REAL_IP_FROM; do
    must REAL_IP_FROM "$range" "($address)(/[0-9]{1,3})?"
    real_ip="$real_ip set_real_ip_from $range;"
  done
fi
origin=https://$DOMAIN
[ "$PUBLIC_PORT" = 443 ] || origin=$origin:$PUBLIC_PORT

# What is not for this nginx and this place; a line may have several words.
leave_out=
[ "$IPV6" = 1 ] || leave_out="$leave_out ipv6"
[ -n "$real_ip" ] || leave_out="$leave_out realip"
[ "$DEFAULT_SERVER" = 1 ] || leave_out="$leave_out default"
[ "$DEFAULT_TLS_SERVER" = 1 ] || leave_out="$leave_out default_tls"
[ "${#DOMAIN}" -gt 46 ] || leave_out="$leave_out long"
if [ -n "$RESOLVER" ] && at_least 1 27 3; then leave_out="$leave_out plain"; else leave_out="$leave_out resolve"; fi
if at_least 1 25 1; then http2=; else http2=' http2' leave_out="$leave_out http2_on"; fi

render() {
  set --
  for word in $leave_out; do
    set -- "$@" -e "/^ *#\\([a-z0-9_,]*,\\)\\{0,1\\}$word\\(,[a-z0-9_,]*\\)\\{0,1\\}:/d"
  done
  sed "$@" \
    -e 's/^\( *\)#[a-z0-9_,]*: /\1/' \
    -e "s|@DOMAIN@|$DOMAIN|g" \
    -e "s|@UPSTREAM@|$UPSTREAM|g" \
    -e "s|@RESOLVER@|$RESOLVER|g" \
    -e "s|@CERTIFICATE@|$CERTIFICATE|g" \
    -e "s|@CERTIFICATE_KEY@|$CERTIFICATE_KEY|g" \
    -e "s|@WEBROOT@|$WEBROOT|g" \
    -e "s|@HEADERS@|$HEADERS|g" \
    -e "s|@REAL_IP@|$real_ip|g" \
    -e "s|@HTTP_PORT@|$HTTP_PORT|g" \
    -e "s|@HTTPS_PORT@|$HTTPS_PORT|g" \
    -e "s|@ORIGIN@|$origin|g" \
    -e "s|@HTTP2@|$http2|g" \
    -e "s|@RATE@|$RATE|g" \
    -e "s|@BURST@|$BURST|g" \
    -e "s|@CONNECTIONS@|$CONNECTIONS|g" \
    -e "s|@BODIES@|$BODIES|g" \
    -e "s|@ACCESS_LOG@|$ACCESS_LOG|g" \
    -e "s|@ERROR_LOG@|$ERROR_LOG|g" \
    "$TEMPLATE"
}

if [ $# -eq 0 ]; then
  render
else
  temporary=$(mktemp "$1.XXXXXX")
  trap 'rm -f "$temporary"' EXIT
  render >"$temporary"
  chmod 0644 "$temporary"
  mv -f "$temporary" "$1"
fi
