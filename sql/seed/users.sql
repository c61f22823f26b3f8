-- $1 bigint: how many users to add. Numbers go on after the largest one there, so that a top-up never collides.
INSERT INTO business_users (username, email, created_at, last_login, login_count, status)
SELECT 'user_' || lpad(n::text, 8, '0'),
       'user_' || lpad(n::text, 8, '0') || '@example.com',
       CURRENT_TIMESTAMP - n % 365 * INTERVAL '1 day',
       CASE WHEN n % 5 <> 0 THEN CURRENT_TIMESTAMP - (n * 7919 % 43200) * INTERVAL '1 minute' END,
       n * 31 % 200,
       CASE WHEN n % 20 = 0 THEN 'inactive' ELSE 'active' END
FROM (SELECT coalesce(max(substring(username FROM '^user_([0-9]{8})$')::bigint), 0) AS last FROM business_users) AS there,
     LATERAL generate_series(there.last + 1, there.last + $1) AS n
