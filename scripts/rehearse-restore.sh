#!/usr/bin/env bash
# Proves docs/runbooks/backup-and-restore.md with servers of its own: a base backup and archived log, runs under way, effects
# after the moment that is restored, the freeze, the thaw. Needs what `scripts/servers.sh install` brings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec node --conditions=holdfast-source --import tsx tests/chaos/restore/main.ts
