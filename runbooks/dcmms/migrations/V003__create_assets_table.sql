CREATE TABLE assets (
    asset_id text PRIMARY KEY,
    site_id  text NOT NULL REFERENCES sites,
    name     text NOT NULL
);
