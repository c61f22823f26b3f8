-- What an audit holds against its bounds, before the first operation and after the last. $1 and $2 integer: least and greatest id of a path's
-- users; $3 and $4 integer: of its products.
SELECT (SELECT coalesce(sum(login_count), 0)::bigint FROM business_users WHERE id BETWEEN $1 AND $2) AS logins,
       (SELECT coalesce(sum(stock), 0)::bigint FROM business_products WHERE id BETWEEN $3 AND $4) AS stock
