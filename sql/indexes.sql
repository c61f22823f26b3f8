-- Indexes without which the reads slow down as the tables grow: a drift that would look like the failover's doing.

-- user_list: the 20 newest logins of active users come from the front of this index; without it every user is sorted.
CREATE INDEX IF NOT EXISTS business_users_active_last_login
    ON business_users (last_login DESC NULLS LAST) WHERE status = 'active';

-- order_statistics: only the last 7 days are read, and from the index alone (status and amount are in it);
-- without it the whole table, which every run makes longer.
CREATE INDEX IF NOT EXISTS business_orders_created_at
    ON business_orders (created_at) INCLUDE (status, amount);

-- user_orders: the 10 newest orders of one user; without it every order is read for each user.
CREATE INDEX IF NOT EXISTS business_orders_user_id_created_at
    ON business_orders (user_id, created_at DESC);

-- product_search: the 10 cheapest of a category in order. Stock is not in it, so that updates of stock stay HOT
-- (no index entry is written); nearly every product has stock, so the filter on it costs little.
CREATE INDEX IF NOT EXISTS business_products_category_price
    ON business_products (category, price);

-- recent_logs: the 50 newest logs of the last hour; without it every log ever written is read.
CREATE INDEX IF NOT EXISTS business_logs_created_at
    ON business_logs (created_at DESC);
