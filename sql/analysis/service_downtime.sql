-- Downtime of the service itself and of the application, of every recording and path, for reads and for what only a writer can serve, and what
-- the application added: docs/definitions.md, Service downtime. Reads the views `service_outages` and `downtime`: CREATE TEMPORARY VIEW
-- outages AS and the text of outages.sql, then downtime AS and that of downtime.sql, then service_outages AS and that of service_outages.sql.
-- A row for each group that availability probes asked for.
--
-- service_downtime_us      sum of the service's outages without those of the warm-up; null where no probe could ask
-- service_resolution_us    the true downtime lies between service_downtime_us - service_resolution_us and service_downtime_us
-- service_paused_us        how much of it the recorder was stopped
-- service_at_least         it is a lower bound: an outage was open at the start or at the end, rows were lost, or the recorder never said how the
--                          recording ended
-- service_outages, service_availability    how many; 1 - downtime / duration, as in downtime.sql
-- probes                   how often they asked
-- downtime_us, resolution_us    the application's: downtime.sql; null where it asked for nothing of the kind
-- own_share_us             downtime_us - service_downtime_us: what pools, name caches, limits and back-off of the application added; negative
--                          where the application was served first; null where either is unknown, a bound, or 0
-- own_share_least_us, own_share_most_us    it lies between these: what the two do not know

WITH members AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('writer', 'write')) AS m (group_name, operation_type)
),
asked AS (
    SELECT a.run_id,
           a.host,
           a.path,
           m.group_name,
           a.time_us,
           -- It was given up so soon, or nothing was asked: it tells nothing.
           CASE WHEN a.outcome = 'unfinished' THEN a.duration_us > 100000 ELSE COALESCE(a.error_class, '') <> 'client' END AS tells
    FROM availability AS a
    JOIN members AS m ON m.operation_type = a.operation_type
    WHERE a.path IN ('direct', 'proxy') AND a.outcome IN ('ok', 'failed', 'unknown', 'unfinished')
),
last_rows AS (
    SELECT run_id, host, path, MAX(GREATEST(COALESCE(end_us, scheduled_us), scheduled_us)) AS last_row_us
    FROM operations
    GROUP BY run_id, host, path
),
spans AS (
    SELECT run_id, host, path, group_name, first_us, last_us, is_partial, COUNT(*) AS probes, COUNT(CASE WHEN tells THEN 1 END) AS telling
    FROM (
        SELECT a.*,
               r.start_us AS first_us,
               COALESCE(r.end_us, GREATEST(r.start_us, COALESCE(l.last_row_us, r.start_us))) AS last_us,
               CASE WHEN r.end_us IS NULL OR r.dropped_availability > 0 THEN 1 ELSE 0 END AS is_partial
        FROM asked AS a
        JOIN recordings AS r ON r.run_id = a.run_id AND r.host = a.host
        LEFT JOIN last_rows AS l ON l.run_id = a.run_id AND l.host = a.host AND l.path = a.path
    ) AS placed
    WHERE time_us <= last_us
    GROUP BY run_id, host, path, group_name, first_us, last_us, is_partial
),
pauses AS (
    SELECT s.run_id,
           s.host,
           s.path,
           s.group_name,
           SUM(LEAST(e.time_us + e.duration_us, s.last_us) - GREATEST(e.time_us, s.first_us)) AS paused_us
    FROM spans AS s
    JOIN events AS e ON e.run_id = s.run_id AND e.host = s.host
    WHERE e.event = 'client_paused' AND e.duration_us >= 100000 AND e.time_us < s.last_us AND e.time_us + e.duration_us > s.first_us
    GROUP BY s.run_id, s.host, s.path, s.group_name
),
-- Named here and read from here: it is found once.
found AS (
    SELECT * FROM service_outages
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
sums AS (
    SELECT o.run_id,
           o.host,
           o.path,
           o.group_name,
           COUNT(*) AS outages,
           SUM(CASE WHEN w.run_id IS NULL THEN o.length_us ELSE 0 END) AS downtime_us,
           SUM(CASE WHEN w.run_id IS NULL THEN o.resolution_us ELSE 0 END) AS resolution_us,
           SUM(CASE WHEN w.run_id IS NULL THEN o.paused_us ELSE 0 END) AS paused_us,
           MAX(CASE WHEN w.run_id IS NULL AND (o.open_at_start OR o.open_at_end) THEN 1 ELSE 0 END) AS is_open
    FROM found AS o
    LEFT JOIN warm_ups AS w
        ON w.run_id = o.run_id AND w.host = o.host AND w.path = o.path AND w.group_name = o.group_name AND o.to_us <= w.warm_us
    GROUP BY o.run_id, o.host, o.path, o.group_name
),
service AS (
    SELECT s.run_id,
           s.host,
           s.path,
           s.group_name,
           s.probes,
           CASE WHEN s.telling > 0 THEN CAST(COALESCE(f.downtime_us, 0) AS BIGINT) END AS downtime_us,
           CAST(COALESCE(f.resolution_us, 0) AS BIGINT) AS resolution_us,
           CAST(COALESCE(f.paused_us, 0) AS BIGINT) AS paused_us,
           s.is_partial = 1 OR COALESCE(f.is_open, 0) = 1 AS at_least,
           COALESCE(f.outages, 0) AS outages,
           -- The length of the recording, without the pauses outside of the outages.
           s.last_us - s.first_us - COALESCE(p.paused_us, 0) + COALESCE(f.paused_us, 0) AS duration_us
    FROM spans AS s
    LEFT JOIN pauses AS p ON p.run_id = s.run_id AND p.host = s.host AND p.path = s.path AND p.group_name = s.group_name
    LEFT JOIN sums AS f ON f.run_id = s.run_id AND f.host = s.host AND f.path = s.path AND f.group_name = s.group_name
),
compared AS (
    SELECT s.*,
           a.downtime_us AS application_us,
           a.resolution_us AS application_resolution_us,
           CASE WHEN NOT s.at_least AND NOT a.at_least AND NOT a.unobserved AND a.downtime_us > 0 AND s.downtime_us > 0
                THEN a.downtime_us - s.downtime_us END AS own_share_us
    FROM service AS s
    LEFT JOIN downtime AS a ON a.run_id = s.run_id AND a.host = s.host AND a.path = s.path AND a.group_name = s.group_name
)
SELECT run_id,
       host,
       path,
       group_name,
       downtime_us AS service_downtime_us,
       resolution_us AS service_resolution_us,
       paused_us AS service_paused_us,
       at_least AS service_at_least,
       outages AS service_outages,
       CASE WHEN duration_us > 0 AND downtime_us IS NOT NULL
            THEN CAST(1 AS DOUBLE) - CAST(downtime_us AS DOUBLE) / CAST(duration_us AS DOUBLE) END AS service_availability,
       probes,
       application_us AS downtime_us,
       application_resolution_us AS resolution_us,
       own_share_us,
       own_share_us - application_resolution_us AS own_share_least_us,
       own_share_us + resolution_us AS own_share_most_us
FROM compared
ORDER BY run_id, host, path, group_name
