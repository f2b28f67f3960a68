# shellcheck shell=bash disable=SC2154
# For install.sh: nginx's part of it, in the words of changes.sh.

# try_nginx OPTION…: nginx with $temporary/etc/nginx in place of /etc/nginx, which nobody else sees.
try_nginx() {
  # shellcheck disable=SC2016
  unshare --mount sh -c 'mount --bind "$0" /etc/nginx && exec nginx "$@"' "$temporary/etc/nginx" "$@"
}

# write_site CERTIFICATE KEY: nginx's part, which is tried before anything of nginx's is touched.
write_site() {
  # The last of all sites: the first at a port has the requests that are for none of them, unless another claims these.
  local site=/etc/nginx/sites-enabled/zz-$name.conf before=$changes folder port others default_server=1 default_tls_server=1
  if ! command -v nginx >/dev/null; then
    change "write $headers and $site" || return 0
  fi
  grep -qE '^[^#]*include.*sites-enabled/\*' /etc/nginx/nginx.conf || site=/etc/nginx/conf.d/zz-$name.conf
  folder=${site%/*}
  rm -rf "${temporary:?}/etc"
  mkdir -p "$temporary/etc/nginx"
  cp -a /etc/nginx/. "$temporary/etc/nginx"
  # A folder that is elsewhere is copied, too: nothing is tried in the place itself.
  if [[ -L $folder ]]; then
    rm "$temporary$folder"
    cp -aL "$folder/." "$temporary$folder"
  fi
  mkdir -p "$temporary$folder"
  rm -f "$temporary$site" "$temporary$headers"
  others=$(try_nginx -T -q | "$here/nginx/ports.sh") || fail 'nginx refuses its configuration even without ours: see above'
  if grep -qx 80 <<<"$others"; then default_server=0; fi
  if grep -qx 443 <<<"$others"; then default_tls_server=0; fi
  if grep -nsvE '^[[:space:]]*(#|$|(REAL_IP_FROM|RATE|BURST|CONNECTIONS)=)' "$config/nginx.env" >&2; then
    fail "only REAL_IP_FROM, RATE, BURST and CONNECTIONS are set in $config/nginx.env, each in a line"
  fi
  port=$(setting MCP_SERVER_PORT "$config/env")
  env -i PATH="$PATH" DOMAIN="$domain" UPSTREAM="127.0.0.1:${port:-8000}" HEADERS="$headers" WEBROOT="$webroot" \
    CERTIFICATE="$1" CERTIFICATE_KEY="$2" DEFAULT_SERVER=$default_server DEFAULT_TLS_SERVER=$default_tls_server \
    REAL_IP_FROM="$(setting REAL_IP_FROM "$config/nginx.env")" RATE="$(setting RATE "$config/nginx.env")" \
    BURST="$(setting BURST "$config/nginx.env")" CONNECTIONS="$(setting CONNECTIONS "$config/nginx.env")" \
    "$here/nginx/render.sh" >"$temporary/site"
  cp "$temporary/site" "$temporary$site"
  cp "$here/nginx/headers.conf" "$temporary$headers"
  # A dry run has not made the certificate.
  if [[ -e $1 ]]; then
    try_nginx -T -q >"$temporary/tried" || fail "nginx refuses the site: see above; its configuration is as it was"
    grep -xF "# configuration file $site:" "$temporary/tried" >/dev/null ||
      fail "nginx would not read $site: have /etc/nginx/nginx.conf include $folder/*.conf"
  fi
  put "$here/nginx/headers.conf" "$headers" 644
  put "$temporary/site" "$site" 644
  if ! systemctl is-enabled --quiet nginx && change 'enable nginx.service'; then systemctl enable --quiet nginx; fi
  if ! systemctl is-active --quiet nginx; then
    if change 'start nginx.service'; then systemctl start nginx; fi
  elif [[ -n $dry_run && $changes != "$before" ]] || is_before nginx StateChangeTimestamp "$site" "$headers" "$1"; then
    if change 'reload nginx.service'; then systemctl reload nginx; fi
  fi
}
