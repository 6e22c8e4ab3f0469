-- What was written into these columns is lost with them.
ALTER TABLE work_orders DROP COLUMN downtime_minutes, DROP COLUMN failure_code, DROP COLUMN completed_at;
