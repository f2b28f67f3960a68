#!/bin/sh
# certbot runs this after each renewal: nginx takes the new certificate up, unless its configuration is wrong. `install.sh` puts
# this file into /etc/letsencrypt/renewal-hooks/deploy.
set -eu
nginx -t -q
systemctl reload nginx
