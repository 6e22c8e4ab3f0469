-- Not CONCURRENTLY, so that it is part of the transaction; dropping an index takes no time.
DROP INDEX IF EXISTS work_orders_by_status;
