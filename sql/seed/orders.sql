-- $1 bigint: how many orders to add, spread over the users there and over the last 30 days.
INSERT INTO business_orders (user_id, order_number, amount, status, created_at, updated_at)
SELECT users.ids[1 + n * 7919 % cardinality(users.ids)],
       'seed-' || lpad(n::text, 10, '0'),
       (100 + n * 104729 % 99900)::numeric / 100,
       (ARRAY['pending', 'confirmed', 'shipped', 'delivered', 'cancelled'])[1 + n % 5],
       CURRENT_TIMESTAMP - (n * 6007 % 43200) * INTERVAL '1 minute',
       CURRENT_TIMESTAMP - (n * 6007 % 43200) * INTERVAL '1 minute'
FROM (SELECT array_agg(id ORDER BY id) AS ids FROM business_users) AS users,
     (SELECT coalesce(max(substring(order_number FROM '^seed-([0-9]{10})$')::bigint), 0) AS last FROM business_orders) AS there,
     LATERAL generate_series(there.last + 1, there.last + $1) AS n
