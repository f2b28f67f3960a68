#!/bin/sh
# ports.sh: of a configuration that `nginx -T` has printed, the ports at which its servers listen on all addresses, each in a line.
# Those that listen on one address alone have requests of their own.
set -eu

# A directive in a line of its own, without comments; a # behind a quotation mark may be none.
sed -E "s/^[[:space:]]*#.*//; s/^([^\"']*[[:space:];{}])#.*/\1/" | tr '\n' ' ' | sed 's/[{};]/ &\n/g' | awk '
  # A server that does not say where it listens does so at 80.
  $1 == "server" && $2 == "{" { if (is_silent) print 80; is_silent = 1 }
  $1 == "listen" {
    is_silent = 0
    if ($2 !~ /^([0-9]+|(\*|0\.0\.0\.0|\[::\])(:[0-9]+)?)$/) next
    if ($2 !~ /(^|:)[0-9]+$/) $2 = 80
    sub(/.*:/, "", $2)
    print $2
  }
  END { if (is_silent) print 80 }'
