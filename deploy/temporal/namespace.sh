#!/bin/sh
# Makes Holdfast's namespace in Temporal, or sets how long it keeps what has ended. Run twice, it changes nothing.
#   sh namespace.sh        in the image temporalio/admin-tools, or wherever the program `temporal` is
# TEMPORAL_ADDRESS (temporal:7233), TEMPORAL_NAMESPACE (holdfast), TEMPORAL_RETENTION (168h), TEMPORAL_WAIT_SECONDS (120).
# With an authorizer, TEMPORAL_API_KEY or TEMPORAL_API_KEY_FILE with a token that may do anything (temporal-system:admin);
# with mTLS, TEMPORAL_TLS_CLIENT_CERT_PATH and the like, which `temporal` reads by itself.
# Search attributes are made by `holdfast migrate`.
set -eu

# Read by `temporal`.
TEMPORAL_ADDRESS="${TEMPORAL_ADDRESS:-temporal:7233}"
namespace="${TEMPORAL_NAMESPACE:-holdfast}"
retention="${TEMPORAL_RETENTION:-168h}"
if [ -n "${TEMPORAL_API_KEY_FILE:-}" ]; then TEMPORAL_API_KEY="$(cat "$TEMPORAL_API_KEY_FILE")"; export TEMPORAL_API_KEY; fi
export TEMPORAL_ADDRESS
unset TEMPORAL_NAMESPACE

left="${TEMPORAL_WAIT_SECONDS:-120}"
until temporal operator cluster health >/dev/null 2>&1; do
  if [ "$left" -le 0 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS does not answer" >&2
    temporal operator cluster health >&2 || true
    exit 1
  fi
  left=$((left - 1))
  sleep 1
done

# "168h" and what Temporal answers ("604800s", "168h0m0s", "7 days") are compared in hours.
hours_of() {
  case "$1" in
    *s) echo $((${1%s} / 3600)) ;;
    *h) echo "${1%h}" ;;
    *d) echo $((${1%d} * 24)) ;;
    *) echo "TEMPORAL_RETENTION must be hours or days, such as 168h or 7d; it is $1" >&2; exit 1 ;;
  esac
}
wanted="$(hours_of "$retention")"

if described="$(temporal operator namespace describe --namespace "$namespace" --output json 2>&1)"; then
  kept="$(printf '%s' "$described" | sed -n 's/.*"workflowExecutionRetentionTtl": *"\([0-9]*s\)".*/\1/p')"
  if [ "$(hours_of "${kept:-0s}")" -eq "$wanted" ]; then
    echo "Namespace $namespace is there, and keeps what has ended for $retention."
  else
    # A server takes some seconds until all of it knows a new one.
    until said="$(temporal operator namespace update --namespace "$namespace" --retention "$retention" 2>&1)"; do
      case "$said" in
        *"not found"* | *NotFound*) ;;
        *) left=0 ;;
      esac
      if [ "$left" -le 0 ]; then
        echo "Namespace $namespace could not be changed: $said" >&2
        exit 1
      fi
      left=$((left - 1))
      sleep 1
    done
    echo "Namespace $namespace keeps what has ended for $retention from now on."
  fi
  exit 0
fi
case "$described" in
  *"not found"* | *NotFound*) ;;
  *) echo "Namespace $namespace cannot be looked at: $described" >&2; exit 1 ;;
esac
if ! made="$(temporal operator namespace create --namespace "$namespace" --retention "$retention" --description 'Runs of Holdfast' 2>&1)"; then
  # Another one of these jobs may have been faster.
  case "$made" in
    *"already exists"* | *AlreadyExists*) ;;
    *) echo "Namespace $namespace could not be made: $made" >&2; exit 1 ;;
  esac
fi
echo "Namespace $namespace was made; it keeps what has ended for $retention."
