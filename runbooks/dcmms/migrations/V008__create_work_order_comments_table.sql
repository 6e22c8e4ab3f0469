CREATE TABLE work_order_comments (
    comment_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    work_order_id text NOT NULL REFERENCES work_orders,
    author        text NOT NULL REFERENCES users,
    body          text NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT now()
);
