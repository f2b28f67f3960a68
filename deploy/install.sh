#!/usr/bin/env bash
# install.sh DOMAIN EMAIL: the server on this machine, behind nginx with a certificate of Let's Encrypt's. Run it again to
# upgrade, to repair, or to find that there is nothing to change. Needs the files that it came with.
#
#   --binary FILE        the program (dist/telegram-toolkit-mcp beside deploy/)
#   --acme-server URL    another certificate authority, staging for one (ACME_SERVER)
#   --dry-run            say what would be changed, and change nothing
#   --rollback           back to the program that the last upgrade replaced; without DOMAIN and EMAIL
#
# The application's api_id and api_hash are asked for once, or taken from TELEGRAM_API_ID and TELEGRAM_API_HASH, which sudo passes on
# with --preserve-env=TELEGRAM_API_ID,TELEGRAM_API_HASH.
set -euo pipefail

name=telegram-toolkit-mcp
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=/usr/local/lib/$name/$name
config=/etc/$name
unit=/etc/systemd/system/$name.service
site=/etc/nginx/conf.d/$name.conf
headers=/etc/nginx/$name-headers.conf
bootstrap=/etc/nginx/$name-bootstrap
webroot=/var/www/letsencrypt
record=/var/backups/$name-install

dry_run=
rollback=
binary=$here/../dist/$name
acme_server=${ACME_SERVER:-https://acme-v02.api.letsencrypt.org/directory}
domain=
email=
api_id=
api_hash=
changes=0
written=' '
temporary=

fail() {
  printf 'install.sh: %s\n' "$1" >&2
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

# back_up FILE: what was there before the first installation is put back by uninstall.sh; the rest is there for you.
back_up() {
  if [[ ! -e $1 || $written == *" $1 "* ]]; then return; fi
  local folder=$record/$started
  grep -qxF "$1" "$record/files" 2>/dev/null || folder=$record/before
  install -d -m 0700 "$record" "$folder"
  cp -a --parents "$1" "$folder"
  printf '  what was there is in %s\n' "$folder$1"
}

# put SOURCE TARGET MODE: a file of ours, unless it is there already.
put() {
  if [[ -f $2 && $(stat -c %a "$2") == "$3" ]] && cmp -s "$1" "$2"; then return; fi
  change "write $2" || return 0
  back_up "$2"
  install -D -m "$3" "$1" "$2.new"
  install -d -m 0700 $record
  grep -qxF "$2" $record/files 2>/dev/null || printf '%s\n' "$2" >>$record/files
  mv -f "$2.new" "$2"
  written+="$2 "
}

read_arguments() {
  local rest=()
  while (($# > 0)); do
    case $1 in
      --dry-run) dry_run=1 ;;
      --rollback) rollback=1 ;;
      --binary | --acme-server)
        [[ -n ${2:-} ]] || fail "$1 needs a value"
        if [[ $1 == --binary ]]; then binary=$2; else acme_server=$2; fi
        shift
        ;;
      --help | -h)
        sed -n 's/^# \{0,1\}//; 2,/^set/{/^set/!p}' "${BASH_SOURCE[0]}"
        exit 0
        ;;
      -*) fail "there is no option $1; see --help" ;;
      *) rest+=("$1") ;;
    esac
    shift
  done
  domain=${rest[0]:-}
  email=${rest[1]:-}
  if [[ -n $rollback ]]; then return; fi
  ((${#rest[@]} == 2)) || fail 'say install.sh DOMAIN EMAIL; see --help'
  [[ $domain =~ ^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$ ]] ||
    fail "$domain is no domain name: small letters, digits, hyphens and dots"
  [[ $email =~ ^[^[:space:]@]+@[^[:space:]@]+$ ]] || fail "$email is no e-mail address"
}

# Systems on which nobody has tried this are left alone.
check_system() {
  [[ $EUID == 0 ]] || fail 'it installs packages and services and needs root: sudo deploy/install.sh …'
  local system
  # shellcheck disable=SC1091
  system=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${VERSION_ID:-}") || system=
  case $system in
    'debian 12' | 'debian 13') ;;
    *) fail "this system (${system:-no /etc/os-release}) is not known; Debian 12 and 13 are. Others can use compose.yaml" ;;
  esac
  [[ $(uname -m) == x86_64 ]] || fail "the program is for x86_64, and this is $(uname -m)"
  [[ -d /run/systemd/system ]] || fail 'systemd does not run here; containers can use compose.yaml'
  exec 9>/run/$name-install.lock
  flock -n 9 || fail 'another install.sh is running'
}

check_surroundings() {
  local port holder address own
  own=$(ip -o addr)
  for port in 80 443; do
    holder=$(ss -Hltnp "sport = :$port" | sed -n '1s/.*users:(("\([^"]*\)".*/\1/p')
    [[ -z $holder || $holder == nginx ]] || fail "$holder listens on port $port, which nginx needs"
  done
  for address in $(getent ahosts "$domain" | awk '{ print $1 }' | sort -u); do
    if [[ $own == *" $address/"* ]]; then return; fi
  done
  printf 'warning: %s does not lead to an address of this machine; behind NAT that is right, else no certificate is issued\n' "$domain"
}

check_binary() {
  [[ -x $binary ]] || fail "there is no program at $binary; compile it, unpack it there, or name it by --binary"
  binary=$(realpath "$binary")
  local sums
  sums=$(dirname "$binary")/SHA256SUMS
  if [[ -e $sums ]]; then
    (cd "$(dirname "$binary")" && grep -E "[ *]$(basename "$binary")\$" SHA256SUMS | sha256sum --check --status) ||
      fail "$binary is not what $sums says"
  else
    printf 'warning: there is no SHA256SUMS beside %s: it is taken as it is\n' "$binary"
  fi
  "$binary" --version >/dev/null || fail "$binary does not run here"
}

install_packages() {
  local package missing=()
  for package in nginx certbot openssl curl ca-certificates; do
    [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  change "install the packages ${missing[*]}" || return 0
  DEBIAN_FRONTEND=noninteractive apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$temporary/apt" 2>&1 ||
    { tail -n 20 "$temporary/apt" >&2 && fail 'apt-get could not install them'; }
}

make_user() {
  if ! id -u $name >/dev/null 2>&1 && change "make the user $name"; then
    useradd --system --user-group --no-create-home --home-dir /var/lib/$name --shell /usr/sbin/nologin $name
  fi
  if [[ ! -d /var/backups/$name ]] && change "make /var/backups/$name, where the user $name may write backups and exports"; then
    install -d -m 0700 -o $name -g $name /var/backups/$name
  fi
}

# ask NAME PATTERN TEXT: a value of the environment, or of whoever sits there.
ask() {
  local value=${!1:-}
  if [[ -z $value && -t 0 && -z $dry_run ]]; then read -rp "$3: " value; fi
  if [[ -z $value && -n $dry_run ]]; then return; fi
  [[ $value =~ ^($2)$ ]] || fail "$1 is needed ($3), from https://my.telegram.org; set it or run this at a terminal"
  printf '%s' "$value"
}

is_configured() {
  [[ -e $config/api_hash && -e $config/env ]]
}

read_credentials() {
  if is_configured; then return; fi
  api_id=$(ask TELEGRAM_API_ID '[0-9]{1,10}' 'api_id')
  api_hash=$(ask TELEGRAM_API_HASH '[0-9a-f]{32}' 'api_hash')
}

configure() {
  local url=PUBLIC_URL=https://$domain
  if ! is_configured; then
    if change "write $config/env and $config/api_hash, which only root can read"; then
      install -d -m 0700 $config
      (
        umask 077
        printf '%s\n' "$api_hash" >$config/api_hash
        cat >$config/env <<ENV
# Variables of the server: docs/configuration.md. After a change: systemctl restart $name
TELEGRAM_API_ID=$api_id
$url
TRUSTED_PROXIES=127.0.0.1
ENV
      )
    fi
  elif ! grep -qxF "$url" $config/env && change "set $url in $config/env"; then
    back_up $config/env
    # In place: the file keeps its owner and mode. grep ends a last line that has no end.
    { grep -v '^PUBLIC_URL=' $config/env || :; printf '%s\n' "$url"; } >"$temporary/env"
    cat "$temporary/env" >$config/env
  fi
}

is_healthy() {
  local i
  for i in {1..30}; do
    if "/usr/local/bin/$name" healthcheck 2>/dev/null; then return 0; fi
    systemctl is-active --quiet $name || return 1
    [[ $i == 30 ]] || sleep 1
  done
  return 1
}

# Whether something that the running service has read was changed after it had started.
is_stale() {
  systemctl is-active --quiet $name || return 0
  local since file
  since=$(date -d "$(systemctl show -P ExecMainStartTimestamp --timestamp=us+utc $name)" +%s%N)
  for file in "$program" "$unit" "$unit.d"/* $config/env $config/api_hash; do
    if [[ -e $file ]] && (($(stat -c %.Y "$file" | tr -d .,) > since)); then return 0; fi
  done
  return 1
}

swap_programs() {
  mv -f $program.previous $program.swap
  mv -f $program $program.previous
  mv -f $program.swap $program
  # What was newest before is not newer than the service, which has to start all the same.
  touch $program
}

start_service() {
  local is_upgrade=$1
  if ! systemctl is-enabled --quiet $name 2>/dev/null && change "enable $name.service"; then
    systemctl enable --quiet $name
  fi
  if ! is_stale || ! change "start $name.service"; then return; fi
  systemctl daemon-reload
  systemctl reset-failed $name 2>/dev/null || :
  systemctl restart $name || :
  if is_healthy; then return; fi
  journalctl --unit $name --lines 15 --no-pager --output cat >&2
  if [[ -n $is_upgrade ]]; then
    swap_programs
    systemctl restart $name
    is_healthy || fail 'neither the new program nor the one before it serves; the log is above'
    fail 'the new program does not serve; the one before it does again'
  fi
  fail "the service does not serve: the log is above, and \`$name doctor\` looks for the reason"
}

install_program() {
  local is_upgrade=
  if ! cmp -s "$binary" $program; then
    if [[ -e $program ]]; then is_upgrade=1; fi
    if change "write $program${is_upgrade:+, and keep the one before as $program.previous}"; then
      install -D -m 0755 "$binary" $program.new
      if [[ -n $is_upgrade ]]; then mv -f $program $program.previous; fi
      mv -f $program.new $program
    else
      is_upgrade=
    fi
  fi
  put "$here/$name.sh" /usr/local/bin/$name 755
  put "$here/$name.service" $unit 644
  configure
  start_service "$is_upgrade"
}

# write_site CERTIFICATE KEY: nginx's part, which is taken back when nginx refuses it.
write_site() {
  local before=$changes port others default_server=1 default_tls_server=1 status
  port=$(sed -n 's/^MCP_SERVER_PORT=//p' $config/env 2>/dev/null | tail -n 1) || :
  # Debian's own site is the default at port 80 alone.
  others=$(grep -RsE '^[^#]*default_server' /etc/nginx/sites-enabled /etc/nginx/conf.d | grep -v "^$site:" |
    tr ';' '\n' | grep default_server) || :
  if grep -qE 'listen[[:space:]]+([^;[:space:]]*:)?443[[:space:]]' <<<"$others"; then default_tls_server=0; fi
  if grep -qvE 'listen[[:space:]]+([^;[:space:]]*:)?443[[:space:]]|^$' <<<"$others"; then default_server=0; fi
  if ! command -v nginx >/dev/null; then
    change "write $headers and $site" || return 0
  fi
  DOMAIN=$domain UPSTREAM=127.0.0.1:${port:-8000} RESOLVER='' HEADERS=$headers WEBROOT=$webroot \
    CERTIFICATE=$1 CERTIFICATE_KEY=$2 DEFAULT_SERVER=$default_server DEFAULT_TLS_SERVER=$default_tls_server \
    "$here/nginx/render.sh" >"$temporary/site"
  put "$here/nginx/headers.conf" $headers 644
  put "$temporary/site" $site 644
  if [[ $changes == "$before" || -n $dry_run ]]; then return; fi
  if ! nginx -t -q; then
    mv -f $site "$temporary/refused"
    status="nginx refuses $site, which was taken away"
    if [[ -e $record/$started$site ]]; then
      cp -a "$record/$started$site" $site
      status="nginx refuses the new $site; the one before is back"
    fi
    fail "$status: see above"
  fi
  systemctl reload-or-restart nginx
}

make_bootstrap() {
  if [[ -e $bootstrap/fullchain.pem ]] || ! change "make a certificate of our own in $bootstrap until there is another"; then return; fi
  install -d -m 0700 $bootstrap
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$domain" \
    -addext "subjectAltName=DNS:$domain" -keyout $bootstrap/privkey.pem -out $bootstrap/fullchain.pem 2>/dev/null
}

is_certified() {
  openssl x509 -noout -checkend 604800 -in "/etc/letsencrypt/live/$domain/fullchain.pem" >/dev/null 2>&1 &&
    grep -qxF "server = $acme_server" "/etc/letsencrypt/renewal/$domain.conf"
}

certify() {
  local live=/etc/letsencrypt/live/$domain
  put "$here/certbot-deploy-hook.sh" /etc/letsencrypt/renewal-hooks/deploy/$name 755
  if [[ ! -d $webroot ]] && change "make $webroot"; then install -d -m 0755 $webroot; fi
  if [[ -e $live/fullchain.pem ]]; then
    write_site "$live/fullchain.pem" "$live/privkey.pem"
  else
    make_bootstrap
    write_site $bootstrap/fullchain.pem $bootstrap/privkey.pem
  fi
  if ! is_certified && change "get a certificate for $domain from $acme_server"; then
    certbot certonly --webroot --webroot-path $webroot --domain "$domain" --cert-name "$domain" --email "$email" \
      --server "$acme_server" --agree-tos --no-eff-email --non-interactive --force-renewal >"$temporary/certbot" 2>&1 || {
      cat "$temporary/certbot" >&2
      fail "there is no certificate: $domain must lead here, and port 80 be open; then run this again"
    }
    write_site "$live/fullchain.pem" "$live/privkey.pem"
    systemctl reload nginx
  fi
  if [[ -e $live/fullchain.pem && -d $bootstrap ]] && change "remove $bootstrap"; then rm -rf $bootstrap; fi
  if ! systemctl is-enabled --quiet certbot.timer 2>/dev/null && change 'enable certbot.timer, which renews the certificate'; then
    systemctl enable --quiet --now certbot.timer
  fi
}

failures=0

# probe STATUS URL TEXT: whether an address answers with a status; a few seconds are given to nginx.
probe() {
  local i status
  for i in 1 2 3 4 5; do
    status=$(curl --silent --show-error --max-time 10 --output /dev/null --write-out '%{http_code}' "$2" 2>"$temporary/curl") || :
    if [[ $status == "$1" ]]; then
      printf 'ok    %s\n' "$3"
      return
    fi
    [[ $i == 5 ]] || sleep 1
  done
  failures=$((failures + 1))
  printf 'fail  %s\n      %s answered %s instead of %s %s\n' "$3" "$2" "$status" "$1" "$(<"$temporary/curl")"
}

self_check() {
  probe 200 "https://$domain/health/live" 'the server answers at its public address, and its certificate is trusted'
  probe 301 "http://$domain/" 'plain HTTP leads to HTTPS'
  probe 401 "https://$domain/api/tools" 'nobody is answered without a key'
  probe 404 "https://$domain/metrics" 'the metrics are not public'
  if ((failures == 0)); then return; fi
  fail "$failures of 4 checks failed: look at the name's DNS record, the firewall (ports 80 and 443) and \`$name doctor\`"
}

tell_what_is_next() {
  cat <<NEXT
Next, unless it has been done:
  $name login                      sign the Telegram account in, by QR code
  $name keys create --name laptop  make a key for a client of https://$domain/mcp
What was looked at above was looked at from this machine: try https://$domain/health/live from another one, too. Firewalls of
this machine and of its provider must let ports 80 and 443 through.
NEXT
}

main() {
  read_arguments "$@"
  check_system
  started=$(date -u +%Y-%m-%dT%H%M%SZ)
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' EXIT
  if [[ -n $rollback ]]; then
    [[ -e $program.previous ]] || fail "there is no $program.previous"
    if change "go back to $("$program.previous" --version)"; then
      swap_programs
      start_service 1
    fi
    return
  fi
  check_binary
  check_surroundings
  read_credentials
  install_packages
  make_user
  install_program
  certify
  if [[ -n $dry_run ]]; then
    if ((changes == 0)); then echo 'nothing would be changed'; fi
    return
  fi
  if ((changes == 0)); then echo 'nothing had to be changed'; fi
  self_check
  tell_what_is_next
}

main "$@"
