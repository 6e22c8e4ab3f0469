-- Each NOT NULL column has a default: the rows that are there get it without a rewrite.
ALTER TABLE work_orders
    ADD COLUMN downtime_minutes integer NOT NULL DEFAULT 0,
    ADD COLUMN failure_code text,
    ADD COLUMN completed_at timestamptz;
COMMENT ON COLUMN work_orders.failure_code IS 'code of the failure catalogue, once diagnosed';
