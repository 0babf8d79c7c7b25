#!/bin/sh
# Database and lake as they stand together, into a new folder of DAILY_PAPERS_BACKUPS; older ones than 30 days
# go, but only after a new one is whole.
#
# Both are taken while this script holds the lake's lock (flows/lock.py), so no run is in the middle of
# anything: a run that starts now waits, late and not failed. The database comes first. If a run did come
# between (a lake that is written without the lock), the copy of the lake would be the newer one: then nothing
# that the database calls done is missing, and what was paid for is kept. The other way round it could be lost.
#
# Needs DAILY_PAPERS_HOME, DAILY_PAPERS_BACKUPS, and the database as libpq's PGHOST, PGDATABASE, PGUSER,
# PGPASSWORD name it. Used by daily-papers-backup.service and by compose.yaml.
set -eu
# The dump holds Prefect's blocks, the lake what was paid for: for nobody else to read.
umask 077

made="$DAILY_PAPERS_BACKUPS/$(date -u +%Y-%m-%dT%H%M%SZ)"
mkdir -p "$made.part"

exec 9>>"$DAILY_PAPERS_HOME/.lock"
flock --timeout "${DAILY_PAPERS_LOCK_WAIT:-600}" 9 || {
    rmdir "$made.part"
    echo "A run holds $DAILY_PAPERS_HOME; nothing was backed up. Run the same command again." >&2
    exit 1
}
pg_dump --format=custom --file="$made.part/prefect.dump"
tar --create --gzip --file="$made.part/lake.tar.gz" --directory="$DAILY_PAPERS_HOME" \
    --exclude=./.lock --exclude=./.lock-holder.json --exclude=./.tmp .
exec 9>&-

# Both can be read again from end to end, or the folder keeps its name .part.
pg_restore --file=/dev/null "$made.part/prefect.dump"
tar --list --gzip --file="$made.part/lake.tar.gz" >/dev/null
mv "$made.part" "$made"
find "$DAILY_PAPERS_BACKUPS" -mindepth 1 -maxdepth 1 -type d -name '2*Z*' -mtime +30 -exec rm -r -- {} +
du -sh "$made"
