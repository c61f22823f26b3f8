-- Response times per recording, path and operation type, microseconds; `all` is every type together. Over successes: what a user
-- waited for an answer, from `scheduled_time` to `end_time`.
--
-- samples        successes
-- mean_us, min_us, max_us
-- p50_us ...     exact, nearest rank: the smallest response time that at least q of the samples do not exceed; null from fewer
--                than 1/(1-q) samples (p99 needs 100)

-- The rows are counted by response time first: there are far fewer distinct ones than rows, and only these are sorted.

WITH counted AS (
    SELECT run_id, host, path, operation_type, response_time_us, COUNT(*) AS samples
    FROM operations
    WHERE outcome IN ('ok', 'rejected') AND response_time_us IS NOT NULL
    GROUP BY run_id, host, path, operation_type, response_time_us
),
shares AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('write', 'write'), ('transaction', 'transaction'),
                 ('all', 'read'), ('all', 'write'), ('all', 'transaction')) AS s (name, operation_type)
),
named AS (
    SELECT c.run_id, c.host, c.path, s.name, c.response_time_us, SUM(c.samples) AS samples
    FROM counted AS c
    JOIN shares AS s ON s.operation_type = c.operation_type
    GROUP BY c.run_id, c.host, c.path, s.name, c.response_time_us
),
-- How many took that long or less, and all of them.
ranked AS (
    SELECT n.*,
           SUM(samples) OVER (PARTITION BY run_id, host, path, name ORDER BY response_time_us
                              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS position,
           SUM(samples) OVER (PARTITION BY run_id, host, path, name) AS of_all
    FROM named AS n
)
-- In whole thousandths: 0.99 * 100 is a little more than 99 in binary.
SELECT run_id,
       host,
       path,
       name,
       CAST(SUM(samples) AS BIGINT) AS samples,
       CAST(SUM(samples * response_time_us) AS DOUBLE) / CAST(SUM(samples) AS DOUBLE) AS mean_us,
       MIN(response_time_us) AS min_us,
       MAX(response_time_us) AS max_us,
       MIN(CASE WHEN of_all >= 2 AND position * 1000 >= of_all * 500 THEN response_time_us END) AS p50_us,
       MIN(CASE WHEN of_all >= 10 AND position * 1000 >= of_all * 900 THEN response_time_us END) AS p90_us,
       MIN(CASE WHEN of_all >= 20 AND position * 1000 >= of_all * 950 THEN response_time_us END) AS p95_us,
       MIN(CASE WHEN of_all >= 100 AND position * 1000 >= of_all * 990 THEN response_time_us END) AS p99_us,
       MIN(CASE WHEN of_all >= 1000 AND position * 1000 >= of_all * 999 THEN response_time_us END) AS p99_9_us
FROM ranked
GROUP BY run_id, host, path, name
ORDER BY run_id, host, path, name
