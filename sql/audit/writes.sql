-- What became of the writes of one path: those that are not as they were acknowledged, and all whose outcome is not known. SELECT on
-- the two tables that hold identities is enough: business_orders and business_logs, or those of the user's own workload. Their names are put in for the words in braces.
--
-- $1 text: what the identities of the path begin with; $2 and $3 bigint: the operations from $2 to before $3 are asked for; $4 bigint: the
-- operation of the first byte of $5; $5 bytea: a byte for each operation: 0 for one that has no identity, else the sum of
--   1 it writes into the first table (an order), 2 into the second (a log), 3 into both;
--   0 it was acknowledged, 4 it certainly did not commit or was never sent, 8 its outcome is not known.
-- A code of 0 in the answer: the recording has no write of that number.
--
-- One aggregation and no join: there is no plan of it that compares each with each. Text that other programs wrote is passed over. OFFSET 0: each
-- number is cut out and read once, however often it is named. `translate` costs a third of what a regular expression does.
SELECT code, orders, logs, array_agg(id ORDER BY id) AS ids
FROM (
    SELECT id, max(code) AS code, sum(is_order)::integer AS orders, sum(is_log)::integer AS logs
    FROM (
        SELECT $4 + place AS id, get_byte($5, place) AS code, 0 AS is_order, 0 AS is_log
        FROM (SELECT generate_series(0, length($5) - 1) AS place) AS places
        WHERE get_byte($5, place) > 0
        UNION ALL
        SELECT id, 0, 1, 0
        FROM (
            SELECT CASE WHEN length(number) BETWEEN 1 AND 18 AND translate(number, '0123456789', '') = '' AND left(number, 1) <> '0'
                        THEN number::bigint END AS id
            FROM (SELECT substr({first_column}, length($1) + 1) AS number FROM {first_table} WHERE starts_with({first_column}, $1) OFFSET 0) AS named
            OFFSET 0
        ) AS orders
        WHERE id >= $2 AND id < $3
        UNION ALL
        SELECT id, 0, 0, 1
        FROM (
            SELECT CASE WHEN length(number) BETWEEN 1 AND 18 AND translate(number, '0123456789', '') = '' AND left(number, 1) <> '0'
                        THEN number::bigint END AS id
            FROM (SELECT substr({second_column}, length($1) + 1) AS number FROM {second_table} WHERE starts_with({second_column}, $1) OFFSET 0) AS named
            OFFSET 0
        ) AS logs
        WHERE id >= $2 AND id < $3
    ) AS found
    GROUP BY id
) AS writes
WHERE code >= 8
   OR orders <> CASE WHEN code < 4 THEN code & 1 ELSE 0 END
   OR logs <> CASE WHEN code < 4 THEN code >> 1 ELSE 0 END
GROUP BY code, orders, logs
