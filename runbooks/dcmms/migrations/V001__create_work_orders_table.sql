CREATE TABLE work_orders (
    work_order_id   text PRIMARY KEY,
    title           text NOT NULL,
    type            text NOT NULL,
    status          text NOT NULL DEFAULT 'draft',
    priority        text NOT NULL DEFAULT 'medium',
    scheduled_start timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);
