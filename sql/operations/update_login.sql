-- Write. $1 integer: the user.
UPDATE business_users
SET last_login = CURRENT_TIMESTAMP,
    login_count = login_count + 1
WHERE id = $1
