-- Read once when a run starts: the keys that its operations choose from.
-- statement: users
SELECT id FROM business_users ORDER BY id;
-- statement: products
SELECT id FROM business_products ORDER BY id;
