-- $1 bigint: how many logs to add, spread over the users there and over the last 24 hours.
INSERT INTO business_logs (user_id, action, details, ip_address, created_at)
SELECT users.ids[1 + n * 7919 % cardinality(users.ids)],
       (ARRAY['login', 'logout', 'view_product', 'add_to_cart'])[1 + n % 4],
       'seed ' || n,
       ('10.' || n / 65536 % 256 || '.' || n / 256 % 256 || '.' || n % 256)::inet,
       CURRENT_TIMESTAMP - (n * 6007 % 1440) * INTERVAL '1 minute'
FROM (SELECT array_agg(id ORDER BY id) AS ids FROM business_users) AS users,
     (SELECT coalesce(max(id), 0)::bigint AS last FROM business_logs) AS there,
     LATERAL generate_series(there.last + 1, there.last + $1) AS n
