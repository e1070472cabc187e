#!/bin/sh
# Gathers in $1 what the image holds beside its base: /app, with nothing that only developers need.
set -eu
out="$1"
app="$out/app"

mkdir -p "$app/packages" "$app/apps" "$out/var/lib/holdfast"
cp -r node_modules samples docs LICENSE entry.mjs health.mjs package.json "$app/"
cp /sbom.cdx.json "$app/"
for part in packages/contracts packages/core packages/adapters packages/driver-embedded packages/driver-temporal \
  packages/sdk apps/api apps/worker apps/standalone apps/cli; do
  mkdir -p "$app/$part"
  cp "$part/package.json" "$app/$part/"
  for folder in dist migrations bin; do
    if [ -d "/built/$part/$folder" ]; then cp -r "/built/$part/$folder" "$app/$part/"; fi
  done
done
mkdir -p "$app/bin"
ln -s ../apps/cli/bin/holdfast.mjs "$app/bin/holdfast"

cd "$app"
# npm notes here where packages came from, which may be a registry of one's own.
rm -rf node_modules/.package-lock.json node_modules/.bin
# npm links every member of the workspace.
for link in node_modules/@holdfast/*; do [ -e "$link" ] || rm "$link"; done
# Temporal's library brings its native part for five platforms, and its sources in Rust.
bridge=node_modules/@temporalio/core-bridge
for release in "$bridge"/releases/*; do
  case "$(uname -m):$release" in
    x86_64:*/x86_64-unknown-linux-gnu | aarch64:*/aarch64-unknown-linux-gnu) ;;
    *) rm -r "$release" ;;
  esac
done
rm -rf "$bridge/sdk-core" "$bridge/src" "$bridge/bridge-macros" "$bridge"/Cargo.*
# Types, maps, documents (licences stay) and tests.
find . -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \
  -o -name '*.suite.js' \) -delete
find node_modules -type f \( -iname '*.md' -o -iname '*.markdown' \) ! -iname '*licen[cs]e*' ! -iname '*notice*' \
  ! -iname '*copying*' -delete
find node_modules -type d \( -name test -o -name tests -o -name __tests__ -o -name .github \) -prune -exec rm -r '{}' +
find node_modules -type d -empty -delete

chmod -R u=rwX,go=rX "$out"
chown -R 0:0 "$out"
chown 1000:1000 "$out/var/lib/holdfast"
chmod 750 "$out/var/lib/holdfast"
find "$out" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" '{}' +
