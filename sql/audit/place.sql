-- Which tables a path writes into: two paths are to answer the same.
SELECT current_database()::text AS database,
       concat_ws(' ', 'business_users'::regclass::oid, 'business_orders'::regclass::oid, 'business_products'::regclass::oid,
                 'business_logs'::regclass::oid) AS tables
