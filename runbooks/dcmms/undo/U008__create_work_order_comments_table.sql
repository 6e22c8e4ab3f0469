-- The comments are lost with their table: without any it can be dropped, else this fails.
DO $$
BEGIN
    LOCK TABLE work_order_comments IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM work_order_comments) THEN
        RAISE EXCEPTION 'there are comments on work orders: export them first';
    END IF;
END $$;
DROP TABLE work_order_comments;
