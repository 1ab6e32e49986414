#!/bin/sh
# Runs a migration unless someone else runs it: at once if the lease is free, otherwise after up to WAIT.
#
#   examples/migrate.sh ./migrate-database --to 42
set -u

if [ $# -eq 0 ]; then
  echo 'usage: migrate.sh command [arguments]' >&2
  exit 2
fi

leader-run --lock-name migrate --wait "${WAIT:-10s}" -- "$@"
status=$?

case $status in
0) echo 'migrate.sh: done' ;;
75) echo 'migrate.sh: the lease was lost and the migration stopped: check what it has done' >&2 ;;
124) echo 'migrate.sh: someone else is migrating' >&2 ;;
125) echo 'migrate.sh: leader-run could not start: see its message above' >&2 ;;
*) echo "migrate.sh: the migration failed with $status" >&2 ;;
esac
exit "$status"
