#!/bin/sh
# A worker of the pool "local" that stops in order: the run under way first, then the worker.
#
# Prefect 3.8's worker, told to stop, kills its flow processes before they can say anything, whichever signal
# it or its whole group gets: the run stays "Running" and keeps the queue's only slot. A flow process that
# gets SIGTERM itself cancels its model calls, sets its run to Crashed, which the alarms tell, and frees the
# lake; the next run goes on where it stopped. Used by the unit and by compose.yaml; needs prefect in PATH.
set -eu

# A shell starts background commands with SIGINT ignored, and the worker stops by SIGINT alone.
env --default-signal=INT,TERM prefect worker start --pool local --with-healthcheck &
worker=$!

stop() {
    trap '' TERM INT
    runs=$(cat "/proc/$worker"/task/*/children 2>/dev/null || true)
    for run in $runs; do kill -TERM "$run" 2>/dev/null || true; done
    for run in $runs; do
        while kill -0 "$run" 2>/dev/null; do sleep 0.2; done
    done
    kill -INT "$worker" 2>/dev/null || true
    wait "$worker" || true
    exit 0
}
trap stop TERM INT

wait "$worker"
