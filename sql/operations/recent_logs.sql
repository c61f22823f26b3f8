-- Read. No parameters.
SELECT l.action, l.details, l.created_at, u.username
FROM business_logs l
LEFT JOIN business_users u ON l.user_id = u.id
WHERE l.created_at >= CURRENT_TIMESTAMP - INTERVAL '1 hour'
ORDER BY l.created_at DESC
LIMIT 50
