-- $1 bigint: how many products to add; $2 text[]: the categories, taken in turn.
-- Stock of 500 to 1,500: the workload adds more than it sells, so purchases are seldom rejected.
INSERT INTO business_products (name, price, stock, category, created_at)
SELECT 'Product ' || n,
       (100 + n * 7919 % 49900)::numeric / 100,
       500 + n * 104729 % 1001,
       $2[1 + n % cardinality($2)],
       CURRENT_TIMESTAMP - n % 365 * INTERVAL '1 day'
FROM (SELECT coalesce(max(id), 0)::bigint AS last FROM business_products) AS there,
     LATERAL generate_series(there.last + 1, there.last + $1) AS n
