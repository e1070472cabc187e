#!/usr/bin/env bash
# A Docker engine of our own from Debian's packages, for making and trying images:
#   bash scripts/docker-engine.sh install | start | stop | status
#   eval "$(bash scripts/docker-engine.sh env)"      docker, its plugins and its address, in this shell
# Root on Debian 12 or newer. Packages are unpacked, not installed; programs, images, socket and state stay in
# HOLDFAST_ENGINE (default /var/tmp/holdfast-engine). `stop` takes back what an engine changes in the machine's network.
set -euo pipefail

home="${HOLDFAST_ENGINE:-/var/tmp/holdfast-engine}"
programs="$home/programs"
export DOCKER_HOST="unix://$home/docker.sock" DOCKER_CONFIG="$home/config"
export PATH="$programs/usr/bin:$programs/usr/sbin:$PATH"

# Debian 12 has no Compose and no buildx of today. Those of Debian 13 are programs in Go that ask for no newer libc; what is
# in C comes from the release that runs here.
own="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
engine_release=trixie
in_go=(docker.io docker-cli containerd docker-buildx docker-compose tini debootstrap)
in_c=(runc iptables libxtables12 libip4tc2 libip6tc2 libnftnl11 libmnl0 libnfnetlink0 libnetfilter-conntrack3 libseccomp2)

main() {
  case "${1:-}" in
    install) install ;;
    start) start ;;
    stop) stop ;;
    status) status ;;
    env) print_env ;;
    *) sed -n 's/^# \{0,1\}//; 2,6p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
}

install() {
  if [ -x "$programs/usr/sbin/dockerd" ] && [ -e "$programs/complete" ]; then version; return; fi
  require_root
  case "$own" in
    bookworm) ;;
    trixie | forky | sid) engine_release="$own" ;;
    *) die "this needs Debian 12 or newer; /etc/os-release says '$own'. Use an engine that you have: nothing else here needs this one." ;;
  esac
  local packages package file
  packages="$(mktemp -d)"
  # apt drops its rights for downloads, and wants to write here all the same.
  chmod 777 "$packages"
  mkdir -p "$packages/lists/partial" "$packages/archives/partial" "$programs"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" "$own" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" "$engine_release" |
    sort -u >"$packages/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$packages/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State=$packages" -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$packages")
  "${apt[@]}" update
  local wanted=("${in_go[@]/%//$engine_release}")
  for package in "${in_c[@]}"; do wanted+=("$package/$own"); done
  (cd "$packages" && "${apt[@]}" download "${wanted[@]}")
  for file in "$packages"/*.deb; do dpkg -x "$file" "$programs"; done
  rm -rf "$packages"
  mkdir -p "$DOCKER_CONFIG/cli-plugins"
  ln -sf "$programs"/usr/libexec/docker/cli-plugins/* "$DOCKER_CONFIG/cli-plugins/"
  ln -sf tini-static "$programs/usr/bin/docker-init"
  choose_iptables
  touch "$programs/complete"
  version
}

# Debian chooses between the two at installation. A kernel without nf_tables still has the old one.
choose_iptables() {
  local kind program
  for kind in nft legacy; do
    for program in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
      ln -sf "xtables-$kind-multi" "$programs/usr/sbin/$program"
    done
    if with_libraries iptables -t nat -L -n >/dev/null 2>&1; then return; fi
  done
  die "neither iptables-nft nor iptables-legacy works with this kernel: containers would have no network."
}

with_libraries() {
  LD_LIBRARY_PATH="$programs/usr/lib/x86_64-linux-gnu:$programs/lib/x86_64-linux-gnu:$programs/usr/lib/aarch64-linux-gnu" \
    XTABLES_LIBDIR="$(echo "$programs"/usr/lib/*/xtables)" "$@"
}

start() {
  require_root
  [ -e "$programs/complete" ] || die "not installed: run 'bash scripts/docker-engine.sh install' first."
  if is_up; then echo "the engine runs: $DOCKER_HOST"; return; fi
  command -v ip >/dev/null || die "this needs the command 'ip': apt-get install iproute2"
  if [ -e /sys/class/net/docker0 ]; then
    die "there is a network bridge 'docker0': another Docker engine runs here, or one ended without 'stop'. Use that one, or remove the bridge with 'ip link delete docker0'."
  fi
  mkdir -p "$home/data" "$home/run"
  with_libraries iptables-save -t filter | sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p' >"$home/forward-policy"
  cat /proc/sys/net/ipv4/ip_forward >"$home/ip-forward"
  # A session of its own: it outlives the shell that starts it, until `stop`.
  with_libraries setsid dockerd --data-root "$home/data" --exec-root "$home/run" --pidfile "$home/dockerd.pid" \
    --host "$DOCKER_HOST" --storage-driver "${HOLDFAST_ENGINE_STORAGE:-overlay2}" --config-file /dev/null \
    >"$home/dockerd.log" 2>&1 </dev/null &
  local tries
  for tries in $(seq 1 300); do
    if is_up; then echo "the engine runs: $DOCKER_HOST"; return; fi
    [ "$tries" -lt 20 ] || [ -e "$home/dockerd.pid" ] || break
    sleep 0.1
  done
  tail -n 5 "$home/dockerd.log" >&2
  die "the engine did not start; its log: $home/dockerd.log"
}

stop() {
  require_root
  local pid=""
  if [ -e "$home/dockerd.pid" ]; then pid="$(cat "$home/dockerd.pid")"; fi
  if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
    kill -TERM "$pid"
    while [ -e "/proc/$pid" ]; do sleep 0.1; done
  fi
  give_network_back
  echo "the engine is stopped; its images are kept in $home/data"
}

# Bridges and rules outlive an engine, and it lets the machine drop what it does not forward.
give_network_back() {
  [ -e "$home/forward-policy" ] || return 0
  local table bridge policy
  policy="$(cat "$home/forward-policy")"
  for table in filter nat; do
    with_libraries iptables-save -t "$table" | grep -v -E 'DOCKER| (docker0|br-[0-9a-f]{12})( |$)' |
      grep -v -E -- '-A POSTROUTING -s 172\.[0-9.]+/16 -d 172' |
      sed "s/^:FORWARD [A-Z]*/:FORWARD ${policy:-ACCEPT}/" | with_libraries iptables-restore -T "$table"
  done
  for bridge in $(ip -o link show type bridge | sed -n 's/^[0-9]*: \(docker0\|br-[0-9a-f]\{12\}\):.*/\1/p'); do
    ip link delete "$bridge"
  done
  cat "$home/ip-forward" >/proc/sys/net/ipv4/ip_forward
  rm -f "$home/forward-policy" "$home/ip-forward"
}

status() {
  if is_up; then echo "the engine runs: $DOCKER_HOST"; version; else echo "the engine does not run"; exit 1; fi
}

is_up() {
  [ -S "$home/docker.sock" ] && docker version >/dev/null 2>&1
}

version() {
  dockerd --version
  docker buildx version
  docker compose version
}

print_env() {
  printf 'export PATH=%q:%q:"$PATH"\n' "$programs/usr/bin" "$programs/usr/sbin"
  printf 'export DOCKER_HOST=%q DOCKER_CONFIG=%q\n' "$DOCKER_HOST" "$DOCKER_CONFIG"
}

require_root() {
  [ "$(id -u)" -eq 0 ] || die "this needs root."
}

die() {
  echo "docker-engine: $1" >&2
  exit 1
}

main "$@"
