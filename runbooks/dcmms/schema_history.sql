-- One row for each migration, written in the transaction of the migration itself: whether a
-- migration is applied has exactly one answer, also after a crash.
CREATE TABLE IF NOT EXISTS schema_history (
    version     text PRIMARY KEY,
    description text NOT NULL,
    checksum    text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    applied_by  text NOT NULL DEFAULT current_user
);
