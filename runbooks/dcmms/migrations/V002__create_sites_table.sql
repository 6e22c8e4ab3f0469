CREATE TABLE sites (
    site_id text PRIMARY KEY,
    name    text NOT NULL
);
