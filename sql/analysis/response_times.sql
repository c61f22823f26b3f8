-- Response times per recording, path and operation type, microseconds; `all` is every type together. Over successes: what a user
-- waited for an answer, from `scheduled_time` to `end_time`.
--
-- samples        successes
-- mean_us, min_us, max_us
-- p50_us ...     exact, nearest rank: the smallest response time that at least q of the samples do not exceed; null from fewer
--                than 1/(1-q) samples (p99 needs 100)

WITH shares AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('write', 'write'), ('transaction', 'transaction'),
                 ('all', 'read'), ('all', 'write'), ('all', 'transaction')) AS s (name, operation_type)
),
ranked AS (
    SELECT o.run_id,
           o.host,
           o.path,
           s.name,
           o.response_time_us,
           ROW_NUMBER() OVER (PARTITION BY o.run_id, o.host, o.path, s.name ORDER BY o.response_time_us) AS position,
           COUNT(*) OVER (PARTITION BY o.run_id, o.host, o.path, s.name) AS samples
    FROM operations AS o
    JOIN shares AS s ON s.operation_type = o.operation_type
    WHERE o.outcome IN ('ok', 'rejected') AND o.response_time_us IS NOT NULL
)
-- In whole thousandths: 0.99 * 100 is a little more than 99 in binary.
SELECT run_id,
       host,
       path,
       name,
       COUNT(*) AS samples,
       AVG(response_time_us) AS mean_us,
       MIN(response_time_us) AS min_us,
       MAX(response_time_us) AS max_us,
       MIN(CASE WHEN samples >= 2 AND position * 1000 >= samples * 500 THEN response_time_us END) AS p50_us,
       MIN(CASE WHEN samples >= 10 AND position * 1000 >= samples * 900 THEN response_time_us END) AS p90_us,
       MIN(CASE WHEN samples >= 20 AND position * 1000 >= samples * 950 THEN response_time_us END) AS p95_us,
       MIN(CASE WHEN samples >= 100 AND position * 1000 >= samples * 990 THEN response_time_us END) AS p99_us,
       MIN(CASE WHEN samples >= 1000 AND position * 1000 >= samples * 999 THEN response_time_us END) AS p99_9_us
FROM ranked
GROUP BY run_id, host, path, name
ORDER BY run_id, host, path, name
