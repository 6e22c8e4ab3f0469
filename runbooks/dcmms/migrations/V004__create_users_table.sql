CREATE TABLE users (
    user_id text PRIMARY KEY,
    name    text NOT NULL,
    role    text NOT NULL CHECK (role IN ('admin', 'supervisor', 'technician'))
);
