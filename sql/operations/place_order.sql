-- Transaction: a purchase. The recorder sends BEGIN before, COMMIT after, and ROLLBACK where the stock does not suffice.

-- $1 integer: the product. Its row stays locked to the end, so that stock can't be sold twice.
-- statement: lock_product
SELECT stock::integer AS stock, (price * 100)::bigint AS price_cents
FROM business_products
WHERE id = $1
FOR UPDATE;

-- $1 integer: the user; $2 text: the order number, which carries run, path and operation; $3 bigint: the amount in cents.
-- statement: insert_order
INSERT INTO business_orders (user_id, order_number, amount, status)
VALUES ($1, $2, $3::numeric / 100, 'confirmed');

-- $1 integer: the quantity; $2 integer: the product.
-- statement: reduce_stock
UPDATE business_products
SET stock = stock - $1
WHERE id = $2;

-- $1 integer: the user; $2 text: the order number.
-- statement: insert_log
INSERT INTO business_logs (user_id, action, details)
VALUES ($1, 'purchase', $2);
