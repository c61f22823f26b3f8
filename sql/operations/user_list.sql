-- Read. No parameters.
SELECT id, username, email, last_login, login_count, status
FROM business_users
WHERE status = 'active'
ORDER BY last_login DESC NULLS LAST
LIMIT 20
