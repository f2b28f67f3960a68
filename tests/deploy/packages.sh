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
