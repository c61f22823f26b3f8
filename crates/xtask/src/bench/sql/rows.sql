-- The operations of `cargo xtask bench sql`: `rows` of them on two paths, 5,000 arrivals a second on each, 64 workers, 64 connections. 70 / 20 / 10 %
-- are reads, writes and transactions under ten names. Response times are exponential; 0.5 % are eight times as long, 0.02 % take 0.1 to 3 s, 0.1 %
-- fail. Every 200 s an outage of 8 s (direct) and 3 s (proxy): refusals, ends of the connection, the client's own limit, and 25006.
WITH drawn AS (
    SELECT i // 2 + 1 AS operation_id,
           CASE WHEN i % 2 = 0 THEN 'direct' ELSE 'proxy' END AS path,
           (i // 2) * 200 + CAST(hash(i, 1) % 200 AS BIGINT) AS at_us,
           CAST(hash(i // 2, 2) % 100 AS INTEGER) AS kind,
           (CAST(hash(i, 3) % 1000000 AS BIGINT) + 1) / 1000001.0 AS share,
           CAST(hash(i, 4) % 10000 AS INTEGER) AS fate,
           CAST(hash(i, 5) % 2900000 AS BIGINT) + 100000 AS slow_us,
           CAST(hash(i, 6) % 4 AS INTEGER) AS cause,
           CAST(hash(i, 7) % 64 AS INTEGER) AS slot
    FROM range(0, CAST(getvariable('rows') AS BIGINT)) AS r (i)
),
judged AS (
    SELECT *,
           at_us % 200000000 BETWEEN 80000000 AND CASE path WHEN 'direct' THEN 88000000 ELSE 83000000 END AS is_down,
           CASE WHEN kind < 70 THEN 'read' WHEN kind < 90 THEN 'write' ELSE 'transaction' END AS operation_type,
           CAST(-ln(share) * CASE WHEN kind < 70 THEN 900 WHEN kind < 90 THEN 1800 ELSE 6000 END AS BIGINT) + 150 AS usual_us
    FROM drawn
),
-- Class, SQLSTATE, and how long the operation takes.
timed AS (
    SELECT *,
           CASE WHEN is_down AND cause = 0 THEN 'refused'
                WHEN is_down AND cause = 1 THEN 'connection_lost'
                WHEN is_down AND cause = 2 THEN 'operation_timeout'
                WHEN is_down THEN CASE operation_type WHEN 'read' THEN 'starting_or_stopping' ELSE 'read_only' END
                WHEN fate < 3 THEN 'conflict'
                WHEN fate < 6 THEN 'statement_timeout'
                WHEN fate < 10 THEN 'connection_lost' END AS error_class,
           CASE WHEN is_down AND cause = 2 THEN 2000000
                WHEN fate BETWEEN 10 AND 11 THEN slow_us
                WHEN fate BETWEEN 12 AND 61 THEN usual_us * 8
                ELSE usual_us END AS usual_took_us
    FROM judged
    -- The recorder stands still for 0.3 s once a minute: what would have begun in that time does not ...
    WHERE at_us < 60000000 OR at_us % 60000000 >= 300000
),
-- ... and what would have ended in it ends at its end.
paused AS (
    SELECT *,
           CASE WHEN at_us + usual_took_us >= 60000000 AND (at_us + usual_took_us) % 60000000 < 300000
                THEN usual_took_us + 300000 - (at_us + usual_took_us) % 60000000 + 1
                ELSE usual_took_us END AS took_us
    FROM timed
)
SELECT getvariable('run_id') AS run_id,
       'bench' AS host,
       path,
       slot AS worker,
       operation_id,
       operation_type,
       operation_type || '_' || CASE operation_type WHEN 'read' THEN kind % 6 WHEN 'write' THEN kind % 3 ELSE 0 END AS operation_name,
       make_timestamptz(getvariable('start_us') + at_us) AS scheduled_time,
       make_timestamptz(getvariable('start_us') + at_us) AS start_time,
       make_timestamptz(getvariable('start_us') + at_us + took_us) AS end_time,
       took_us AS response_time_us,
       CAST(20 AS BIGINT) AS checkout_us,
       took_us - 20 AS execute_us,
       error_class IS NULL AS success,
       CASE WHEN error_class IS NULL THEN CASE WHEN fate > 9950 THEN 'rejected' ELSE 'ok' END
            WHEN operation_type <> 'read' AND error_class IN ('connection_lost', 'operation_timeout') THEN 'unknown'
            ELSE 'failed' END AS outcome,
       CASE WHEN error_class IS NULL THEN CAST(1 AS BIGINT) END AS affected_rows,
       CASE WHEN COALESCE(error_class, '') <> 'refused' THEN CAST(slot + 1 AS BIGINT) END AS connection_id,
       CASE WHEN error_class IS NOT NULL THEN 'statement' END AS error_phase,
       error_class,
       CASE error_class WHEN 'conflict' THEN '40001' WHEN 'statement_timeout' THEN '57014' WHEN 'read_only' THEN '25006'
                        WHEN 'starting_or_stopping' THEN '57P01' END AS sqlstate,
       CASE WHEN error_class IS NOT NULL THEN 'made up' END AS error_message
FROM paused
