-- Downtime of every recording, path and group of operations. Reads the view `outages`: CREATE TEMPORARY VIEW outages AS, and then
-- the text of outages.sql.
--
-- downtime_us      sum of the outages; null where the group had no operation during an outage of `all`, and it had none itself
-- resolution_us    the true downtime lies between downtime_us - resolution_us and downtime_us
-- at_least         the downtime is a lower bound: an outage was open at the start or at the end, rows were lost, rows have words of a
--                  later version and belong to no group, or the recorder never said how the recording ended
-- outages, brownout_us    how many; sum of the gaps in which operations waited, too short for an outage
-- availability     1 - downtime / duration, 0 to 1; an upper bound where `at_least` or `unobserved`, null where the duration is 0

WITH members AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('write', 'write'), ('transaction', 'transaction'),
                 ('writer', 'write'), ('writer', 'transaction'),
                 ('all', 'read'), ('all', 'write'), ('all', 'transaction')) AS m (group_name, operation_type)
),
groups_asked AS (
    SELECT DISTINCT o.run_id, o.host, o.path, m.group_name
    FROM operations AS o
    JOIN members AS m ON m.operation_type = o.operation_type
),
last_rows AS (
    SELECT run_id,
           host,
           path,
           MAX(COALESCE(end_us, scheduled_us)) AS last_end_us,
           MAX(scheduled_us) AS last_scheduled_us,
           MAX(CASE WHEN path IN ('direct', 'proxy') AND operation_type IN ('read', 'write', 'transaction')
                         AND outcome IN ('ok', 'rejected', 'failed', 'unknown', 'unfinished')
                         AND operation_name IS NOT NULL AND scheduled_us IS NOT NULL
                    THEN 0 ELSE 1 END) AS has_left_out
    FROM operations
    GROUP BY run_id, host, path
),
spans AS (
    SELECT l.run_id,
           l.host,
           l.path,
           COALESCE(r.end_us, GREATEST(l.last_end_us, l.last_scheduled_us, r.start_us)) - r.start_us AS duration_us,
           -- Rows that are left out on one path are missing in the recording.
           CASE WHEN r.end_us IS NULL OR r.dropped_operations > 0
                     OR MAX(l.has_left_out) OVER (PARTITION BY l.run_id, l.host) = 1
                THEN 1 ELSE 0 END AS is_partial
    FROM last_rows AS l
    JOIN recordings AS r ON r.run_id = l.run_id AND r.host = l.host
),
sums AS (
    SELECT run_id,
           host,
           path,
           group_name,
           COUNT(CASE WHEN kind = 'outage' THEN 1 END) AS outages,
           COUNT(CASE WHEN kind = 'unobserved' THEN 1 END) AS unobserved,
           SUM(CASE WHEN kind = 'outage' THEN length_us ELSE 0 END) AS downtime_us,
           SUM(CASE WHEN kind = 'outage' THEN resolution_us ELSE 0 END) AS resolution_us,
           SUM(CASE WHEN kind = 'brownout' THEN length_us ELSE 0 END) AS brownout_us,
           MAX(CASE WHEN kind = 'outage' AND (open_at_start OR open_at_end) THEN 1 ELSE 0 END) AS is_open
    FROM outages
    GROUP BY run_id, host, path, group_name
)
SELECT g.run_id,
       g.host,
       g.path,
       g.group_name,
       CASE WHEN COALESCE(s.unobserved, 0) = 0 OR s.outages > 0
            THEN CAST(COALESCE(s.downtime_us, 0) AS BIGINT) END AS downtime_us,
       CAST(COALESCE(s.resolution_us, 0) AS BIGINT) AS resolution_us,
       p.is_partial = 1 OR COALESCE(s.is_open, 0) = 1 AS at_least,
       COALESCE(s.unobserved, 0) > 0 AS unobserved,
       COALESCE(s.outages, 0) AS outages,
       CAST(COALESCE(s.brownout_us, 0) AS BIGINT) AS brownout_us,
       CASE WHEN p.duration_us > 0
            THEN CAST(1 AS DOUBLE) - CAST(COALESCE(s.downtime_us, 0) AS DOUBLE) / CAST(p.duration_us AS DOUBLE) END AS availability
FROM groups_asked AS g
JOIN spans AS p ON p.run_id = g.run_id AND p.host = g.host AND p.path = g.path
LEFT JOIN sums AS s
    ON s.run_id = g.run_id AND s.host = g.host AND s.path = g.path AND s.group_name = g.group_name
ORDER BY g.run_id, g.host, g.path, g.group_name
