-- Read. $1 integer: the user.
SELECT o.id, o.order_number, o.amount, o.status, o.created_at
FROM business_orders o
JOIN business_users u ON o.user_id = u.id
WHERE u.id = $1
ORDER BY o.created_at DESC
LIMIT 10
