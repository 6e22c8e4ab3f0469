#!/bin/sh
# dcmms_database.sh DATABASE: creates a database as it is before the release: migrations V001
# to V007 applied and recorded, a thousand work orders. PGHOST and so on say where.
set -eu
database=$1
here=$(dirname "$0")/../../runbooks/dcmms
export PGOPTIONS='-c client_min_messages=warning'

createdb -- "$database"
psql -Xq -v ON_ERROR_STOP=1 -d "$database" -f "$here/schema_history.sql"
for file in "$here"/migrations/V00[1-7]__*.sql; do
    name=$(basename "$file" .sql)
    psql -Xq -v ON_ERROR_STOP=1 --single-transaction -d "$database" \
        -v version="${name%%__*}" -v description="${name#*__}" \
        -v checksum="$(sha256sum <"$file" | cut -d' ' -f1)" -f "$file" -f - <<'SQL'
INSERT INTO schema_history (version, description, checksum)
VALUES (:'version', replace(:'description', '_', ' '), :'checksum');
SQL
done
psql -Xq -v ON_ERROR_STOP=1 -d "$database" <<'SQL'
INSERT INTO sites VALUES ('SITE-1', 'North plant'), ('SITE-2', 'South plant');
INSERT INTO users VALUES ('U-1', 'Ada', 'admin'), ('U-2', 'Sam', 'supervisor'), ('U-3', 'Tom', 'technician');
INSERT INTO assets SELECT 'A-' || g, 'SITE-' || 1 + g % 2, 'Pump ' || g FROM generate_series(1, 200) g;
INSERT INTO work_orders (work_order_id, title, type, status, site_id, asset_id, assigned_to)
    SELECT 'WO-' || g, 'Inspect pump ' || g, 'preventive', 'scheduled',
           'SITE-' || 1 + g % 2, 'A-' || 1 + g % 200, 'U-3' FROM generate_series(1, 1000) g;
INSERT INTO attachments (work_order_id, file_name)
    SELECT 'WO-' || g, 'photo-' || g || '.jpg' FROM generate_series(1, 50) g;
SQL
