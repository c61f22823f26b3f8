-- Before the writes are asked for, in the same snapshot.

-- $1 text: the run id.
-- statement: state
SELECT pg_is_in_recovery() AS is_reader,
       EXISTS (SELECT FROM business_logs WHERE action = 'pgoutage run' AND details = $1) AS has_token;

-- Only where the token is not there. $1 text: what the identities of all paths begin with.
-- statement: has_rows
SELECT EXISTS (SELECT FROM business_orders WHERE starts_with(order_number, $1))
    OR EXISTS (SELECT FROM business_logs WHERE starts_with(details, $1)) AS has_rows;
