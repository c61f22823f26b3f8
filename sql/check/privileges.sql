-- What the operations of the workload may not do as this user. One row for each privilege that is missing.
SELECT needed.privilege || ' on ' || needed.name AS missing, needed.privilege <> 'SELECT' AS writes
FROM (VALUES ('business_users', 'SELECT'), ('business_users', 'UPDATE'),
             ('business_products', 'SELECT'), ('business_products', 'UPDATE'),
             ('business_orders', 'SELECT'), ('business_orders', 'INSERT'),
             ('business_logs', 'SELECT'), ('business_logs', 'INSERT')) AS needed (name, privilege)
WHERE NOT has_table_privilege(to_regclass(needed.name), needed.privilege)
UNION ALL
SELECT 'USAGE on ' || sequence, true
FROM (SELECT pg_get_serial_sequence(name, 'id') AS sequence
      FROM unnest(ARRAY['business_orders', 'business_logs']) AS name) AS sequences
WHERE sequence IS NOT NULL AND NOT has_sequence_privilege(sequence, 'USAGE')
ORDER BY 1
