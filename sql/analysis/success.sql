-- Operations, success rate and throughput per recording, path and operation type; `all` is every type together.
--
-- operations     every row; finished: all but `unfinished`; successes: `ok` and `rejected` (the business said no: it was served)
-- success_rate   successes of finished, 0 to 1; null where nothing finished
-- tps            successes per second of the recording; null where its length is unknown or 0

WITH shares AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('write', 'write'), ('transaction', 'transaction'),
                 ('all', 'read'), ('all', 'write'), ('all', 'transaction')) AS s (name, operation_type)
),
last_rows AS (
    SELECT run_id, host, path, MAX(COALESCE(end_us, scheduled_us)) AS last_end_us, MAX(scheduled_us) AS last_scheduled_us
    FROM operations
    GROUP BY run_id, host, path
),
-- A recording without an end reaches as far as its rows do.
spans AS (
    SELECT l.run_id,
           l.host,
           l.path,
           COALESCE(r.end_us, GREATEST(l.last_end_us, l.last_scheduled_us, r.start_us)) - r.start_us AS duration_us
    FROM last_rows AS l
    JOIN recordings AS r ON r.run_id = l.run_id AND r.host = l.host
),
counts AS (
    SELECT o.run_id,
           o.host,
           o.path,
           s.name,
           COUNT(*) AS operations,
           COUNT(CASE WHEN o.outcome <> 'unfinished' THEN 1 END) AS finished,
           COUNT(CASE WHEN o.outcome IN ('ok', 'rejected') THEN 1 END) AS successes,
           COUNT(CASE WHEN o.outcome = 'rejected' THEN 1 END) AS rejected,
           COUNT(CASE WHEN o.outcome = 'failed' THEN 1 END) AS failed,
           COUNT(CASE WHEN o.outcome = 'unknown' THEN 1 END) AS unknown,
           COUNT(CASE WHEN o.outcome = 'unfinished' THEN 1 END) AS unfinished
    FROM operations AS o
    JOIN shares AS s ON s.operation_type = o.operation_type
    GROUP BY o.run_id, o.host, o.path, s.name
)
SELECT c.run_id,
       c.host,
       c.path,
       c.name,
       c.operations,
       c.finished,
       c.successes,
       c.rejected,
       c.failed,
       c.unknown,
       c.unfinished,
       CASE WHEN c.finished > 0 THEN CAST(c.successes AS DOUBLE) / CAST(c.finished AS DOUBLE) END AS success_rate,
       CASE WHEN p.duration_us > 0
            THEN CAST(c.successes AS DOUBLE) * CAST(1000000 AS DOUBLE) / CAST(p.duration_us AS DOUBLE) END AS tps
FROM counts AS c
JOIN spans AS p ON p.run_id = c.run_id AND p.host = c.host AND p.path = c.path
ORDER BY c.run_id, c.host, c.path, c.name
