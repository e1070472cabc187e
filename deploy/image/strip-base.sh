#!/bin/sh
# Takes from the base what a running Holdfast does not need. The last stage copies what is left into an empty image, so that
# it is in no layer. Debian's list of packages stays, for scanners, and apt, for images that are made from this one.
set -eu

rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share /usr/local/bin/npm /usr/local/bin/npx \
  /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg /usr/local/bin/docker-entrypoint.sh \
  /usr/local/CHANGELOG.md /usr/local/README.md /opt/yarn* /root/.npm /root/.npmrc /root/.cache \
  /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/man /usr/share/info /usr/share/locale
mkdir -p /var/cache/apt/archives/partial /var/lib/apt/lists/partial
find /usr/share/doc -type f ! -name copyright -delete
find / -xdev -type f -perm /6000 -exec chmod a-s '{}' +
rm -f /tmp/strip-base.sh
# These two are the builder's while this runs.
find / -xdev ! -path /etc/hosts ! -path /etc/resolv.conf -newermt "@${SOURCE_DATE_EPOCH:-0}" \
  -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" '{}' +
