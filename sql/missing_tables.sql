-- Which of the business tables that a run can't do without are not there (or not in the search path). One row for each.
SELECT name FROM unnest(ARRAY['business_users', 'business_orders', 'business_products', 'business_logs']) AS name
WHERE to_regclass(name) IS NULL
