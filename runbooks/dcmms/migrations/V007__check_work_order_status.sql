-- NOT VALID first: the check holds for new rows at once, and the scan of the old ones does
-- not lock out writers.
ALTER TABLE work_orders ADD CONSTRAINT work_orders_status_known
    CHECK (status IN ('draft', 'scheduled', 'in-progress', 'completed', 'cancelled')) NOT VALID;
ALTER TABLE work_orders VALIDATE CONSTRAINT work_orders_status_known;
