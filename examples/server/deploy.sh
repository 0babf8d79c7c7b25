#!/bin/sh
# Pool, queue and the deployments of prefect.yaml on the server at PREFECT_API_URL. Safe to run again: what is
# there stays, and a deployment becomes what prefect.yaml says. Run it in the folder of prefect.yaml.
set -eu

prefect work-pool inspect local >/dev/null 2>&1 || prefect work-pool create local --type process
prefect work-queue inspect lake --pool local >/dev/null 2>&1 ||
    prefect work-queue create lake --pool local --limit 1
prefect --no-prompt deploy --all
