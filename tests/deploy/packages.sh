#!/usr/bin/env bash
# packages.sh: installs what `deno task test:deploy` needs from Debian's packages. As root, on Debian 12.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
# Nothing that is installed here is to start by itself.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 0755 $policy
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get install -y -qq --no-install-recommends shellcheck yamllint iproute2 iptables openssl curl ca-certificates

# newest FOLDER PACKAGE…: the newest that Debian has of packages, unpacked into FOLDER/root, apart from what is installed here.
newest() {
  local folder=$1 mirror package
  shift
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  mkdir -p "$folder"/{lists/partial,archives/partial,debs,root}
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' "$mirror" >"$folder/sources.list"
  : >"$folder/status"
  local private=(
    -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o "Dir::State::Lists=$folder/lists" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder"
    -o APT::Sandbox::User=root -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Acquire::Languages=none
  )
  apt-get "${private[@]}" update -qq
  (cd "$folder/debs" && apt-get "${private[@]}" download -qq "$@")
  for package in "$folder"/debs/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
  rm -rf "$folder"/{lists,archives,debs,sources.list,status}
}

# nginx: Debian 12's own, and beside it, in a folder of its own with the libraries that it needs, the newest.
apt-get install -y -qq --no-install-recommends nginx wrk
stable=/opt/nginx-stable
if [[ ! -x $stable/nginx ]]; then
  newest "$stable" nginx libc6 libcrypt1 libpcre2-8-0 libssl3t64 libzstd1 zlib1g
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nroot=%s\n%s\n' "$stable/root" \
    'exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/sbin/nginx" "$@"' \
    >"$stable/nginx"
  chmod 0755 "$stable/nginx"
fi

# image and compose: the newest Docker, which brings no library of its own. runc, which would need a newer libc, is Debian 12's.
apt-get install -y -qq --no-install-recommends runc kmod
docker=/opt/docker
if [[ ! -d $docker/config ]]; then
  newest "$docker" docker.io docker-cli containerd docker-buildx docker-compose
  mkdir "$docker/config"
  ln -s "$docker/root/usr/libexec/docker/cli-plugins" "$docker/config/cli-plugins"
fi

# vps: a Debian that boots, a certificate authority and its client.
apt-get install -y -qq --no-install-recommends systemd systemd-container mmdebstrap apt-utils pebble certbot nginx util-linux
