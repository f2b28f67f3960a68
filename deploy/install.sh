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

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=changes.sh
. "$here/changes.sh"
# shellcheck source-path=SCRIPTDIR source=nginx/site.sh
. "$here/nginx/site.sh"
program=/usr/local/lib/$name/$name
config=/etc/$name
unit=/etc/systemd/system/$name.service
headers=/etc/nginx/$name-headers.conf
bootstrap=/etc/nginx/$name-bootstrap
webroot=/var/www/letsencrypt

rollback=
binary=$here/../dist/$name
acme_server=${ACME_SERVER:-https://acme-v02.api.letsencrypt.org/directory}
domain=
email=
api_id=
api_hash=
temporary=

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

# setting NAME FILE: the value as systemd reads it from an EnvironmentFile, empty when there is none.
setting() {
  sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//; T; s/[[:space:]]*\$//; s/^\([\"']\)\(.*\)\1\$/\2/; p" "$2" 2>/dev/null |
    tail -n 1 || :
}

read_credentials() {
  if [[ ! -e $config/env ]]; then api_id=$(ask TELEGRAM_API_ID '[0-9]{1,10}' 'api_id'); fi
  if [[ ! -e $config/api_hash ]]; then api_hash=$(ask TELEGRAM_API_HASH '[0-9a-f]{32}' 'api_hash'); fi
}

configure() {
  local url=https://$domain
  if [[ ! -e $config/api_hash ]] && change "write $config/api_hash, which only root can read"; then
    install -d -m 0700 $config
    printf '%s\n' "$api_hash" >"$temporary/api_hash"
    place "$temporary/api_hash" $config/api_hash install -m 0600
  fi
  if [[ ! -e $config/env ]]; then
    change "write $config/env, which only root can read" || return 0
    cat >"$temporary/env" <<ENV
# Variables of the server: docs/configuration.md. After a change: systemctl restart $name
TELEGRAM_API_ID=$api_id
PUBLIC_URL=$url
TRUSTED_PROXIES=127.0.0.1
ENV
    place "$temporary/env" $config/env install -m 0600
  elif [[ $(setting PUBLIC_URL $config/env) != "$url" ]] && change "set PUBLIC_URL=$url in $config/env"; then
    back_up "$(realpath $config/env)"
    # The file keeps its owner, its mode and its place. grep ends a last line that has no end.
    cp -p $config/env "$temporary/env"
    { grep -v '^[[:space:]]*PUBLIC_URL[[:space:]]*=' $config/env || :; printf 'PUBLIC_URL=%s\n' "$url"; } >"$temporary/env"
    place "$temporary/env" "$(realpath $config/env)" cp -p
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

# is_before UNIT TIMESTAMP FILE…: whether that time of the unit's was before the last change of one of the files.
is_before() {
  local time file
  time=$(date -d "$(systemctl show -P "$2" --timestamp=us+utc "$1")" +%s%N)
  for file in "${@:3}"; do
    if [[ -e $file ]] && (($(stat -L -c %.Y "$file" | tr -d .,) > time)); then return 0; fi
  done
  return 1
}

# replace_program FILE: the program of before is $program.replaced until the new one has shown that it serves. A run that finds
# it there knows that the one before was interrupted.
replace_program() {
  install -D -m 0755 "$1" $program.new
  if [[ -e $program && ! -e $program.replaced ]]; then ln -f $program $program.replaced; fi
  mv -f $program.new $program
}

# start_service [IS_DUE]: unless it runs already with all that it reads.
start_service() {
  local verb=start
  if ! systemctl is-enabled --quiet $name 2>/dev/null && change "enable $name.service"; then
    systemctl enable --quiet $name
  fi
  if systemctl is-active --quiet $name; then
    verb=restart
    if [[ -z ${1:-} && ! -e $program.replaced ]] &&
      ! is_before $name ExecMainStartTimestamp $program $unit $unit.d/* $config/env $config/api_hash; then return; fi
  fi
  change "$verb $name.service" || return 0
  systemctl daemon-reload
  systemctl reset-failed $name 2>/dev/null || :
  systemctl restart $name || :
  if is_healthy; then
    if cmp -s $program $program.replaced; then rm $program.replaced; fi
    if [[ -e $program.replaced ]]; then mv -f $program.replaced $program.previous; fi
    return
  fi
  journalctl --unit $name --lines 15 --no-pager --output cat >&2
  [[ -e $program.replaced ]] ||
    fail "the service does not serve: the log is above, and \`$name doctor\` looks for the reason"
  replace_program $program.replaced
  systemctl restart $name || :
  is_healthy || fail 'neither the new program nor the one before it serves; the log is above'
  rm $program.replaced
  fail 'the new program does not serve; the one before it does again'
}

install_program() {
  local before is_due=
  put "$here/$name.sh" /usr/local/bin/$name 755
  before=$changes
  if [[ -e $program.replaced ]]; then echo 'the last upgrade was interrupted'; fi
  if [[ ! -e $program ]]; then
    if change "write $program"; then replace_program "$binary"; fi
  elif ! cmp -s "$binary" $program && change "write $program, and keep the one before as $program.previous"; then
    replace_program "$binary"
  fi
  put "$here/$name.service" $unit 644
  configure
  # What a dry run has not written is no newer than the service.
  if [[ -n $dry_run && $changes != "$before" ]]; then is_due=1; fi
  start_service $is_due
}

roll_back() {
  local before=$program.previous
  # Of an upgrade that was interrupted.
  if [[ -e $program.replaced ]]; then before=$program.replaced; fi
  [[ -e $before ]] || fail "there is no $before"
  change "go back to $("$before" --version)" || return 0
  replace_program "$before"
  start_service
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
  # In memory: nginx's configuration may have keys.
  rm -rf /run/$name-install.??????
  temporary=$(mktemp -d /run/$name-install.XXXXXX)
  trap 'rm -rf "$temporary"' EXIT
  if [[ -n $rollback ]]; then
    roll_back
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
