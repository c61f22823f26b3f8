-- Drops what `recorder setup` made, with all rows. Orders refer to users, so they go first.
DROP TABLE IF EXISTS business_orders;
DROP TABLE IF EXISTS business_logs;
DROP TABLE IF EXISTS business_products;
DROP TABLE IF EXISTS business_users;
DROP TABLE IF EXISTS business_availability;
