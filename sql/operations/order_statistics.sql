-- Read. No parameters.
SELECT status, COUNT(*) AS count, SUM(amount) AS total_amount
FROM business_orders
WHERE created_at >= CURRENT_DATE - INTERVAL '7 days'
GROUP BY status
