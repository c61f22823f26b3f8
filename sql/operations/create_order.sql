-- Write. $1 integer: the user; $2 text: the order number, which carries run, path and operation; $3 bigint: the amount in cents.
INSERT INTO business_orders (user_id, order_number, amount, status)
VALUES ($1, $2, $3::numeric / 100, 'pending')
