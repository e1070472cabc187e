#!/usr/bin/env bash
# Builds Holdfast's image from a commit, whatever else lies in the folder:
#   bash scripts/build-image.sh [tag [commit]]          default: holdfast:<version of package.json>, HEAD
# NODE_IMAGE, NODE_DIGEST    the base (node:24-trixie-slim); NODE_DIGEST=@sha256:… pins it
# BUILD_NPMRC, BUILD_CA      files that npm may read while it installs; in the first, cafile=/run/secrets/ca names the second
# BUILD_NETWORK              host: builds use the machine's network
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

commit="$(git rev-parse --verify "${2:-HEAD}^{commit}")"
version="$(git show "$commit:package.json" | sed -n 's/^  "version": "\(.*\)",$/\1/p')"
tag="${1:-holdfast:$version}"

options=(--tag "$tag" --build-arg "VERSION=$version" --build-arg "REVISION=$commit"
  --build-arg "SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct "$commit")")
if [ -n "${NODE_IMAGE:-}" ]; then options+=(--build-arg "NODE_IMAGE=$NODE_IMAGE"); fi
if [ -n "${NODE_DIGEST:-}" ]; then options+=(--build-arg "NODE_DIGEST=$NODE_DIGEST"); fi
if [ -n "${BUILD_NPMRC:-}" ]; then options+=(--secret "id=npmrc,src=$BUILD_NPMRC"); fi
if [ -n "${BUILD_CA:-}" ]; then options+=(--secret "id=ca,src=$BUILD_CA"); fi
if [ -n "${BUILD_NETWORK:-}" ]; then options+=(--network "$BUILD_NETWORK"); fi

context="$(mktemp -d)"
trap 'rm -rf "$context"' EXIT
git archive "$commit" | tar -x -C "$context"
# shellcheck disable=SC2086  # further options, such as --no-cache
docker build "${options[@]}" ${BUILD_OPTIONS:-} --file "$context/deploy/image/Dockerfile" "$context"
docker image inspect --format '{{index .RepoTags 0}}  {{.Id}}  {{.Size}} bytes' "$tag"
