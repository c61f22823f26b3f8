-- How large the business tables are, as the last ANALYZE saw them; read from the catalogue, so that no lock is waited for.
SELECT name, c.reltuples::bigint AS estimated_rows, c.relpages AS pages
FROM unnest(ARRAY['business_users', 'business_products', 'business_orders', 'business_logs'])
    WITH ORDINALITY AS wanted (name, place)
JOIN pg_class AS c ON c.oid = to_regclass(name)
ORDER BY place
