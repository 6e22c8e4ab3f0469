CREATE TABLE attachments (
    attachment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    work_order_id text NOT NULL REFERENCES work_orders,
    file_name     text NOT NULL,
    uploaded_at   timestamptz NOT NULL DEFAULT now()
);
