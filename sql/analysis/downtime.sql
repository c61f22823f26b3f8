-- Downtime of every recording, path and group of operations. Reads the view `outages`: CREATE TEMPORARY VIEW outages AS, and then
-- the text of outages.sql.
--
-- downtime_us      sum of the outages without those of the warm-up; null where the group was unobserved, and it had none itself
-- resolution_us    the true downtime lies between downtime_us - resolution_us and downtime_us
-- paused_us        how much of it the recorder was stopped
-- at_least         the downtime is a lower bound: an outage was open at the start or at the end, rows were lost, rows have words of a
--                  later version and belong to no group, the recorder never said how the recording ended, or (after setup.durable.sql)
--                  more writes may be lost than are known
-- unobserved       there was time of which nothing is known; beside outages, their sum is a lower bound too
-- outages, brownout_us    how many; sum of the time in which operations waited without an outage
-- availability     1 - downtime / duration, 0 to 1, the duration without pauses of the recorder outside the outages; an upper bound where
--                  `at_least` or `unobserved`, null where the duration is 0

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
           r.start_us AS first_us,
           COALESCE(r.end_us, GREATEST(l.last_end_us, l.last_scheduled_us, r.start_us)) AS last_us,
           -- Rows that are left out on one path are missing in the recording.
           CASE WHEN r.end_us IS NULL OR r.dropped_operations > 0
                     OR MAX(l.has_left_out) OVER (PARTITION BY l.run_id, l.host) = 1
                THEN 1 ELSE 0 END AS is_partial
    FROM last_rows AS l
    JOIN recordings AS r ON r.run_id = l.run_id AND r.host = l.host
),
pauses AS (
    SELECT s.run_id,
           s.host,
           s.path,
           SUM(LEAST(e.time_us + e.duration_us, s.last_us) - GREATEST(e.time_us, s.first_us)) AS paused_us
    FROM spans AS s
    JOIN events AS e ON e.run_id = s.run_id AND e.host = s.host
    WHERE e.event = 'client_paused' AND e.duration_us >= 100000 AND e.time_us < s.last_us AND e.time_us + e.duration_us > s.first_us
    GROUP BY s.run_id, s.host, s.path
),
-- Named here and read from here: it is found once.
found AS (
    SELECT * FROM outages
),
-- Outages within the first second of a recording, none close after them and no trigger before they ended, are warm-up: listed, and no downtime.
early AS (
    SELECT o.run_id,
           o.host,
           o.path,
           o.group_name,
           r.recorded_from_us + 1000000 AS warm_us,
           MAX(CASE WHEN o.to_us <= r.recorded_from_us + 1000000 AND NOT o.open_at_end THEN o.to_us END) AS early_end_us,
           MIN(CASE WHEN o.to_us > r.recorded_from_us + 1000000 THEN o.from_us END) AS next_us
    FROM found AS o
    JOIN recordings AS r ON r.run_id = o.run_id AND r.host = o.host
    WHERE o.kind = 'outage'
    GROUP BY o.run_id, o.host, o.path, o.group_name, r.recorded_from_us
),
warm_ups AS (
    SELECT e.run_id, e.host, e.path, e.group_name, e.warm_us
    FROM early AS e
    LEFT JOIN events AS t
        ON t.run_id = e.run_id AND t.host = e.host AND t.event = 'failover_triggered' AND t.time_us < e.early_end_us
    WHERE e.early_end_us IS NOT NULL AND t.run_id IS NULL AND (e.next_us IS NULL OR e.next_us - e.early_end_us >= 1000000)
    GROUP BY e.run_id, e.host, e.path, e.group_name, e.warm_us
),
counted_outages AS (
    SELECT o.*,
           CASE WHEN o.kind <> 'brownout' AND w.run_id IS NOT NULL AND o.to_us <= w.warm_us THEN 'warm-up' ELSE o.kind END AS counts_as
    FROM found AS o
    LEFT JOIN warm_ups AS w
        ON w.run_id = o.run_id AND w.host = o.host AND w.path = o.path
        AND w.group_name = CASE WHEN o.kind = 'unobserved' THEN 'all' ELSE o.group_name END
),
sums AS (
    SELECT run_id,
           host,
           path,
           group_name,
           COUNT(CASE WHEN kind = 'outage' THEN 1 END) AS outages,
           COUNT(CASE WHEN counts_as = 'unobserved' THEN 1 END) AS unobserved,
           SUM(CASE WHEN counts_as = 'outage' THEN length_us ELSE 0 END) AS downtime_us,
           SUM(CASE WHEN counts_as = 'outage' THEN resolution_us ELSE 0 END) AS resolution_us,
           SUM(CASE WHEN counts_as = 'outage' THEN paused_us ELSE 0 END) AS paused_us,
           SUM(CASE WHEN kind = 'brownout' THEN length_us ELSE 0 END) AS brownout_us,
           COUNT(CASE WHEN counts_as = 'outage' THEN 1 END) AS counted,
           MAX(CASE WHEN counts_as = 'outage' AND (open_at_start OR open_at_end) THEN 1 ELSE 0 END) AS is_open
    FROM counted_outages
    GROUP BY run_id, host, path, group_name
),
-- The length of the recording, without the pauses outside of the group's outages.
durations AS (
    SELECT g.*,
           p.is_partial,
           p.last_us - p.first_us - COALESCE(a.paused_us, 0) + COALESCE(s.paused_us, 0) AS duration_us
    FROM groups_asked AS g
    JOIN spans AS p ON p.run_id = g.run_id AND p.host = g.host AND p.path = g.path
    LEFT JOIN pauses AS a ON a.run_id = g.run_id AND a.host = g.host AND a.path = g.path
    LEFT JOIN sums AS s
        ON s.run_id = g.run_id AND s.host = g.host AND s.path = g.path AND s.group_name = g.group_name
)
SELECT g.run_id,
       g.host,
       g.path,
       g.group_name,
       CASE WHEN COALESCE(s.unobserved, 0) = 0 OR s.counted > 0
            THEN CAST(COALESCE(s.downtime_us, 0) AS BIGINT) END AS downtime_us,
       CAST(COALESCE(s.resolution_us, 0) AS BIGINT) AS resolution_us,
       CAST(COALESCE(s.paused_us, 0) AS BIGINT) AS paused_us,
       g.is_partial = 1 OR COALESCE(s.is_open, 0) = 1
           OR (u.run_id IS NOT NULL AND g.group_name IN ('write', 'writer', 'all')) AS at_least,
       COALESCE(s.unobserved, 0) > 0 AS unobserved,
       COALESCE(s.outages, 0) AS outages,
       CAST(COALESCE(s.brownout_us, 0) AS BIGINT) AS brownout_us,
       CASE WHEN g.duration_us > 0
            THEN CAST(1 AS DOUBLE) - CAST(COALESCE(s.downtime_us, 0) AS DOUBLE) / CAST(g.duration_us AS DOUBLE) END AS availability
FROM durations AS g
LEFT JOIN sums AS s
    ON s.run_id = g.run_id AND s.host = g.host AND s.path = g.path AND s.group_name = g.group_name
LEFT JOIN uncertain_writes AS u ON u.run_id = g.run_id AND u.host = g.host AND u.path = g.path
ORDER BY g.run_id, g.host, g.path, g.group_name
