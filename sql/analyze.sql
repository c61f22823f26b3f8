-- Fresh statistics after bulk inserts: otherwise the first plans are made for empty tables.
ANALYZE business_users, business_orders, business_products, business_logs, business_availability;
