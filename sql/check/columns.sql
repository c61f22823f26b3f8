-- The columns of the business tables as the catalogue has them, so that no lock is waited for. Of a domain, what lies below it.
SELECT wanted.name AS "table", a.attname AS "column",
       format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END,
                   CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END) AS type,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needs_a_value
FROM unnest(ARRAY['business_users', 'business_products', 'business_orders', 'business_logs', 'business_availability']) AS wanted (name)
JOIN pg_attribute AS a ON a.attrelid = to_regclass(wanted.name) AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
ORDER BY wanted.name, a.attnum
