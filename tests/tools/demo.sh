#!/bin/sh
# demo.sh RUNBOOK: the two dCMMS procedures against the server that PGHOST and so on name, then
# what the record has to say. Its store and files are in a temporary folder.
set -eu
exec 2>&1        # one stream, so that a pipe keeps the order
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
export RUNBOOK_STORE="$work/store" GIT_CONFIG_GLOBAL=/dev/null
DCMMS_ADMIN_PASSWORD=$(cut -d: -f5- "$PGPASSFILE")
export DCMMS_ADMIN_PASSWORD
mkdir "$work/bin" "$work/backups"
ln -s "$(realpath "$1")" "$work/bin/runbook"
PATH="$work/bin:$PATH"

say() {
    printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi
}

show() {
    say "\$ $*" | sed "s|$work|\$DEMO|g"
    "$@"
}

world_before() {
    tests/tools/dcmms_database.sh dcmms_demo
    pg_dump --format=custom --file="$work/backups/nightly.dump" dcmms_demo
    git init -q -b main "$work/dcmms"
    for change in 'Work orders' 'Link work orders to assets' 'Comments on work orders'; do
        git -C "$work/dcmms" -c user.name=Ada -c user.email=ada@dcmms.io \
            commit -q --allow-empty -m "$change"
        [ "$change" != 'Work orders' ] || git -C "$work/dcmms" tag v1.1.0
    done
}

demo=runbooks/dcmms/demo
where="-e demo -p host=$PGHOST -p port=$PGPORT -p backups=$work/backups"

echo "A database with 1000 work orders and migrations V001 to V007, on port $PGPORT"
world_before

say "Section 2: is everything ready for the release?"
# shellcheck disable=SC2086
show runbook exec runbooks/dcmms/pre-deployment.yaml $where -p release=v1.2.0 \
    -p previous=v1.1.0 -p repository="$work/dcmms" -p production_at="$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    --answers $demo/pre-deployment.answers.yaml

say "Section 3: back up, review, rehearse, migrate, validate"
# shellcheck disable=SC2086
show runbook exec runbooks/dcmms/database-migration.yaml $where -p release=v1.2.0 \
    --answers $demo/database-migration.answers.yaml

say "What is on record"
show runbook list
show runbook status last
show runbook logs last backup-proven --evidence
say "Is the record what was written, and do its decisions follow from its facts?"
# Exit code 9: sound as far as it goes, and nothing outside this machine vouches for it.
show runbook verify last || [ $? = 9 ]
show runbook replay last
