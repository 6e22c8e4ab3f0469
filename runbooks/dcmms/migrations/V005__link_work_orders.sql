ALTER TABLE work_orders
    ADD COLUMN site_id text REFERENCES sites,
    ADD COLUMN asset_id text REFERENCES assets,
    ADD COLUMN assigned_to text REFERENCES users;
