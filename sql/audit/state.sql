-- Before the writes are asked for, in the same snapshot.

-- The sums are those of this run alone where no other run has written since the token. A run that began earlier, and writes still, tells by the
-- identities in its logs. Where the token is gone, the run's first log is taken for it.
-- $1 text: the run id.
-- statement: state
SELECT pg_is_in_recovery() AS is_reader,
       token.id IS NOT NULL AS has_token,
       ARRAY(SELECT details FROM business_logs WHERE action = 'pgoutage path' AND starts_with(details, $1 || '-')) AS path_tokens,
       (SELECT count(DISTINCT relnamespace) > 1 FROM pg_class
        WHERE oid = 'business_orders'::regclass OR oid = 'business_logs'::regclass) AS are_apart,
       (SELECT left(details, 21) FROM business_logs
        WHERE id > coalesce(token.id, (SELECT min(id) FROM business_logs WHERE starts_with(details, $1 || '-')), 0)
          AND (action IN ('pgoutage run', 'pgoutage path')
               OR details LIKE '________T______Z-____-d-%' OR details LIKE '________T______Z-____-p-%')
          AND details <> $1 AND NOT starts_with(details, $1 || '-')
        LIMIT 1) AS other_run
FROM (SELECT min(id) AS id FROM business_logs WHERE action = 'pgoutage run' AND details = $1) AS token

-- Only where the token is not there. $1 text: what the identities of all paths begin with.
-- statement: has_rows
SELECT EXISTS (SELECT FROM {first_table} WHERE starts_with({first_column}, $1))
    OR EXISTS (SELECT FROM {second_table} WHERE starts_with({second_column}, $1)) AS has_rows;

-- Of a workload of the user's own: no token was written into its tables. $1 text: the run id, not needed.
-- statement: own_state
SELECT pg_is_in_recovery() AS is_reader, $1 <> $1 AS has_token, ARRAY[]::text[] AS path_tokens, false AS are_apart, NULL::text AS other_run;
