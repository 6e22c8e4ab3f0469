-- CONCURRENTLY can't run in a transaction, so this file is alone and safe to repeat: an
-- attempt that was interrupted leaves an invalid index, which the first statement removes.
DROP INDEX CONCURRENTLY IF EXISTS work_orders_by_status;
CREATE INDEX CONCURRENTLY work_orders_by_status ON work_orders (status, scheduled_start);
