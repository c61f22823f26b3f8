-- What two naive methods would have reported of every recording, next to the downtime of each group of operations: a heartbeat (a
-- SELECT 1 a second), and a counter that calls a path down at the third failure in a row. The definitions are those of
-- docs/naive-methods.md. Reads the view `outages`: CREATE TEMPORARY VIEW outages AS, and then the text of outages.sql.
--
-- method              heartbeat, three_failures
-- source              where its answers come from: probes, which were sent on a connection of their own, or the reads of availability probes;
--                     operations otherwise
-- reported_us         sum of the outages that it reports, the same for every group of a path; reported_outages: how many
-- reported_at_least   the last of them had not ended when the recording ended
-- longest_answer_us   the longest that the heartbeat waited for an answer that came; null of three_failures
-- downtime_us         that of the group: downtime.sql
-- outages             how many the group had; noticed_outages: in how many of these the method had the path down for a moment
-- difference_us       reported_us - downtime_us
-- reported_share      reported_us / downtime_us; null without downtime
--
-- WITH RECURSIVE: Spark 4.1 or newer. A heartbeat that waits sends nothing else, so that which question it sends next depends on the answer
-- before. Each level of the recursion is one question; they are counted anew after every moment at which none was waiting. Spark stops
-- at 100 levels: SET spark.sql.cteRecursionLevelLimit = 1000 where questions of more than a second follow each other for longer.

WITH RECURSIVE settings AS (
    -- How often the heartbeat is sent, and how many failures in a row are an outage.
    SELECT CAST(1000000 AS BIGINT) AS heartbeat_us, 3 AS failures_in_a_row
),
group_types AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('write', 'write'), ('transaction', 'transaction'),
                 ('writer', 'write'), ('writer', 'transaction'),
                 ('all', 'read'), ('all', 'write'), ('all', 'transaction')) AS m (group_name, operation_type)
),
asked AS (
    SELECT run_id,
           host,
           path,
           operation_type,
           MAX(GREATEST(COALESCE(end_us, scheduled_us), scheduled_us)) AS last_row_us,
           COUNT(CASE WHEN outcome IN ('ok', 'rejected', 'failed', 'unknown', 'unfinished') AND operation_name IS NOT NULL
                           AND scheduled_us IS NOT NULL THEN 1 END) AS known
    FROM operations
    GROUP BY run_id, host, path, operation_type
),
-- The time line of each path: a recording without an end reaches as far as its rows do.
paths AS (
    SELECT CAST(ROW_NUMBER() OVER (ORDER BY a.run_id, a.host, a.path) AS INTEGER) AS number,
           a.run_id,
           a.host,
           a.path,
           r.start_us AS first_us,
           COALESCE(r.end_us, GREATEST(r.start_us, MAX(a.last_row_us))) AS last_us,
           COALESCE(CASE a.path WHEN 'direct' THEN r.direct_reads_elsewhere ELSE r.proxy_reads_elsewhere END, false)
               AS reads_elsewhere
    FROM asked AS a
    JOIN recordings AS r ON r.run_id = a.run_id AND r.host = a.host
    WHERE a.path IN ('direct', 'proxy')
    GROUP BY a.run_id, a.host, a.path, r.start_us, r.end_us, r.direct_reads_elsewhere, r.proxy_reads_elsewhere
),
groups_asked AS (
    SELECT DISTINCT p.run_id, p.host, p.path, m.group_name, p.first_us, p.last_us
    FROM paths AS p
    JOIN asked AS a ON a.run_id = p.run_id AND a.host = p.host AND a.path = p.path AND a.known > 0
    JOIN group_types AS m ON m.operation_type = a.operation_type
),
-- Who answered on each path: probes of its server; where it has none, the availability probes' reads of the path's own endpoint, without those
-- that a later one overtook. Only where all of them are there and they were sent as often as the heartbeat is.
sent_probes AS (
    SELECT p.run_id, p.host, p.path, p.time_us, p.duration_us, p.success AS is_success, COALESCE(p.error_class, '') AS error_class, p.sqlstate,
           r.probe_interval_us AS interval_us
    FROM probes AS p
    JOIN recordings AS r ON r.run_id = p.run_id AND r.host = p.host
    WHERE p.probe = 'server' AND NOT COALESCE(p.reader, false) AND p.success IS NOT NULL AND r.dropped_probes = 0
    UNION ALL
    SELECT a.run_id, a.host, a.path, a.time_us, a.duration_us, a.outcome = 'ok', COALESCE(a.error_class, ''), a.sqlstate,
           r.availability_interval_us
    FROM availability AS a
    JOIN recordings AS r ON r.run_id = a.run_id AND r.host = a.host
    LEFT JOIN (SELECT DISTINCT run_id, host, path FROM probes WHERE probe = 'server') AS s
        ON s.run_id = a.run_id AND s.host = a.host AND s.path = a.path
    WHERE s.run_id IS NULL AND a.operation_type = 'read' AND NOT a.reader AND a.outcome IN ('ok', 'failed') AND r.dropped_availability = 0
),
server_probes AS (
    SELECT p.run_id,
           p.host,
           p.path,
           p.time_us AS asked_us,
           p.time_us + p.duration_us AS ended_us,
           p.is_success,
           p.error_class,
           p.sqlstate,
           -- They come a little early or late: in the middle of an interval none slips into the next.
           MIN(p.time_us) OVER (PARTITION BY p.run_id, p.host, p.path) - CAST(FLOOR(p.interval_us / 2.0) AS BIGINT) AS origin_us
    FROM sent_probes AS p
    CROSS JOIN settings AS s
    WHERE p.error_class <> 'client' AND p.interval_us > 0 AND p.interval_us <= s.heartbeat_us
),
probed AS (
    SELECT DISTINCT run_id, host, path FROM server_probes WHERE origin_us IS NOT NULL
),
questions AS (
    SELECT run_id, host, path, 'probes' AS source, origin_us, asked_us, ended_us, true AS is_read, is_success, error_class, sqlstate
    FROM server_probes
    UNION ALL
    -- A SELECT 1 sent at that moment would have had the fate of an operation that began then.
    SELECT o.run_id, o.host, o.path, 'operations', l.first_us, o.start_us, o.end_us, o.operation_type = 'read',
           o.outcome IN ('ok', 'rejected'), COALESCE(o.error_class, ''), o.sqlstate
    FROM operations AS o
    JOIN (SELECT l.*
          FROM paths AS l
          LEFT JOIN probed AS p ON p.run_id = l.run_id AND p.host = l.host AND p.path = l.path
          WHERE p.run_id IS NULL) AS l ON l.run_id = o.run_id AND l.host = o.host AND l.path = o.path
    WHERE o.operation_type IN ('read', 'write', 'transaction') AND o.outcome IN ('ok', 'rejected', 'failed', 'unknown', 'unfinished')
      AND o.operation_name IS NOT NULL AND o.scheduled_us IS NOT NULL
      -- Class client: it never left this host. Reads that go to another endpoint say nothing of this one.
      AND COALESCE(o.error_class, '') <> 'client' AND NOT (l.reads_elsewhere AND o.operation_type = 'read')
),
-- Time is cut into intervals; the first question of each is the heartbeat's, a read before all others.
ranked_questions AS (
    SELECT q.*,
           -- A failure that a server itself answered with on a connection that works: it would have answered SELECT 1 too.
           q.is_success
               OR q.error_class IN ('read_only', 'conflict', 'constraint', 'statement_timeout', 'unreplicated')
               OR (q.error_class = 'other' AND q.sqlstate IS NOT NULL) AS answered,
           FLOOR(CAST(q.asked_us - q.origin_us AS DOUBLE) / CAST(s.heartbeat_us AS DOUBLE)) AS beat
    FROM questions AS q
    CROSS JOIN settings AS s
    WHERE q.asked_us IS NOT NULL AND q.ended_us IS NOT NULL
),
first_questions AS (
    SELECT r.*,
           ROW_NUMBER() OVER (PARTITION BY run_id, host, path, beat
                              ORDER BY CASE WHEN is_read THEN 0 ELSE 1 END, asked_us, ended_us,
                                       CASE WHEN answered THEN 1 ELSE 0 END) AS position
    FROM ranked_questions AS r
),
beats AS (
    SELECT run_id,
           host,
           path,
           source,
           beat,
           asked_us,
           ended_us,
           answered,
           COALESCE(asked_us >= MAX(ended_us) OVER (PARTITION BY run_id, host, path ORDER BY beat
                                                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS is_free
    FROM first_questions
    WHERE position = 1
),
-- Stretches of questions that begin before one ahead of them has ended.
stretches AS (
    SELECT b.*,
           SUM(CASE WHEN is_free THEN 1 ELSE 0 END)
               OVER (PARTITION BY run_id, host, path ORDER BY beat ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS stretch
    FROM beats AS b
),
-- Each with the question that the heartbeat sends next, if it sends this one.
chained AS (
    SELECT b.run_id, b.host, b.path, b.source, b.beat, b.asked_us, b.ended_us, b.answered, b.is_free, MIN(n.beat) AS next_beat
    FROM stretches AS b
    LEFT JOIN stretches AS n
        ON n.run_id = b.run_id AND n.host = b.host AND n.path = b.path AND n.stretch = b.stretch
        AND n.beat > b.beat AND n.asked_us >= b.ended_us
    GROUP BY b.run_id, b.host, b.path, b.source, b.beat, b.asked_us, b.ended_us, b.answered, b.is_free
),
sent AS (
    SELECT run_id, host, path, source, beat, asked_us, ended_us, answered, next_beat
    FROM chained
    WHERE is_free
    UNION ALL
    SELECT c.run_id, c.host, c.path, c.source, c.beat, c.asked_us, c.ended_us, c.answered, c.next_beat
    FROM sent AS s
    JOIN chained AS c ON c.run_id = s.run_id AND c.host = s.host AND c.path = s.path AND c.beat = s.next_beat
),
-- Operations in the order in which they ended, a failure before a success at the same moment. Of the successes, only those right after a
-- failure end something; the window sorts every row, by as little as will do.
ended AS (
    SELECT number,
           ended_us,
           place,
           rank_in_place,
           LAG(rank_in_place) OVER (PARTITION BY number ORDER BY place, rank_in_place) AS rank_before
    FROM (
        SELECT l.number,
               o.end_us AS ended_us,
               LEAST(GREATEST(o.end_us, l.first_us), l.last_us) AS place,
               CASE WHEN o.outcome IN ('ok', 'rejected') THEN 1 ELSE 0 END AS rank_in_place
        FROM operations AS o
        JOIN paths AS l ON l.run_id = o.run_id AND l.host = o.host AND l.path = o.path
        WHERE o.operation_type IN ('read', 'write', 'transaction') AND o.outcome IN ('ok', 'rejected', 'failed', 'unknown')
          AND o.operation_name IS NOT NULL AND o.scheduled_us IS NOT NULL AND o.end_us IS NOT NULL
    ) AS placed
),
-- What each method counts, in its order.
counted AS (
    SELECT run_id, host, path, 'heartbeat' AS method, CAST(beat AS BIGINT) AS place, ended_us, answered AS is_up, 1 AS down_at
    FROM sent
    UNION ALL
    SELECT l.run_id, l.host, l.path, 'three_failures', e.place, e.ended_us, e.rank_in_place = 1, s.failures_in_a_row
    FROM ended AS e
    JOIN paths AS l ON l.number = e.number
    CROSS JOIN settings AS s
    WHERE e.rank_in_place = 0 OR e.rank_before = 0
),
-- Gaps and islands: a run is the failures after a success, up to the next success.
runs AS (
    SELECT c.*,
           COALESCE(SUM(CASE WHEN is_up THEN 1 ELSE 0 END)
                        OVER (PARTITION BY run_id, host, path, method ORDER BY place, CASE WHEN is_up THEN 1 ELSE 0 END
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS run
    FROM counted AS c
),
ranked_failures AS (
    SELECT r.*,
           ROW_NUMBER() OVER (PARTITION BY run_id, host, path, method, run ORDER BY place, CASE WHEN is_up THEN 1 ELSE 0 END) AS in_a_row
    FROM runs AS r
),
reported AS (
    SELECT f.run_id,
           f.host,
           f.path,
           f.method,
           MAX(CASE WHEN f.is_up THEN 0 ELSE 1 END) AS has_failures,
           MIN(CASE WHEN NOT f.is_up AND f.in_a_row = f.down_at THEN f.ended_us END) AS from_us,
           MAX(CASE WHEN f.is_up THEN f.ended_us END) AS to_us
    FROM ranked_failures AS f
    GROUP BY f.run_id, f.host, f.path, f.method, f.run
),
-- On the time line: what ends outside of the recording is moved to its edge.
reported_outages AS (
    SELECT r.run_id,
           r.host,
           r.path,
           r.method,
           LEAST(GREATEST(r.from_us, p.first_us), p.last_us) AS from_us,
           LEAST(GREATEST(COALESCE(r.to_us, p.last_us), p.first_us), p.last_us) AS to_us,
           r.to_us IS NULL AS is_open
    FROM reported AS r
    JOIN (SELECT DISTINCT run_id, host, path, first_us, last_us FROM groups_asked) AS p
        ON p.run_id = r.run_id AND p.host = r.host AND p.path = r.path
    WHERE r.from_us IS NOT NULL
),
reported_sums AS (
    SELECT run_id,
           host,
           path,
           method,
           SUM(to_us - from_us) AS reported_us,
           COUNT(*) AS reported_outages,
           MAX(CASE WHEN is_open THEN 1 ELSE 0 END) AS is_open
    FROM reported_outages
    GROUP BY run_id, host, path, method
),
answers AS (
    SELECT run_id, host, path, MAX(CASE WHEN answered THEN ended_us - asked_us END) AS longest_answer_us
    FROM sent
    GROUP BY run_id, host, path
),
lived_through AS (
    SELECT o.run_id,
           o.host,
           o.path,
           o.group_name,
           o.kind,
           o.from_us,
           o.length_us,
           m.method,
           MAX(CASE WHEN r.run_id IS NULL THEN 0 ELSE 1 END) AS is_noticed
    FROM outages AS o
    CROSS JOIN (VALUES ('heartbeat'), ('three_failures')) AS m (method)
    LEFT JOIN reported_outages AS r
        ON r.run_id = o.run_id AND r.host = o.host AND r.path = o.path AND r.method = m.method
        AND r.from_us < o.to_us AND o.from_us < r.to_us
    WHERE o.kind IN ('outage', 'unobserved')
    GROUP BY o.run_id, o.host, o.path, o.group_name, o.kind, o.from_us, o.length_us, m.method
),
downtimes AS (
    SELECT run_id,
           host,
           path,
           group_name,
           method,
           COUNT(CASE WHEN kind = 'outage' THEN 1 END) AS outages,
           COUNT(CASE WHEN kind = 'unobserved' THEN 1 END) AS unobserved,
           COUNT(CASE WHEN kind = 'outage' AND is_noticed = 1 THEN 1 END) AS noticed_outages,
           SUM(CASE WHEN kind = 'outage' THEN length_us ELSE 0 END) AS downtime_us
    FROM lived_through
    GROUP BY run_id, host, path, group_name, method
),
compared AS (
    SELECT g.run_id,
           g.host,
           g.path,
           g.group_name,
           m.method,
           CASE WHEN m.method = 'heartbeat' AND p.run_id IS NOT NULL THEN 'probes' ELSE 'operations' END AS source,
           CAST(COALESCE(r.reported_us, 0) AS BIGINT) AS reported_us,
           COALESCE(r.reported_outages, 0) AS reported_outages,
           COALESCE(r.is_open, 0) = 1 AS reported_at_least,
           CASE WHEN m.method = 'heartbeat' THEN a.longest_answer_us END AS longest_answer_us,
           CASE WHEN COALESCE(d.unobserved, 0) = 0 OR d.outages > 0
                THEN CAST(COALESCE(d.downtime_us, 0) AS BIGINT) END AS downtime_us,
           COALESCE(d.outages, 0) AS outages,
           COALESCE(d.noticed_outages, 0) AS noticed_outages
    FROM groups_asked AS g
    CROSS JOIN (VALUES ('heartbeat'), ('three_failures')) AS m (method)
    LEFT JOIN probed AS p ON p.run_id = g.run_id AND p.host = g.host AND p.path = g.path
    LEFT JOIN reported_sums AS r ON r.run_id = g.run_id AND r.host = g.host AND r.path = g.path AND r.method = m.method
    LEFT JOIN answers AS a ON a.run_id = g.run_id AND a.host = g.host AND a.path = g.path
    LEFT JOIN downtimes AS d
        ON d.run_id = g.run_id AND d.host = g.host AND d.path = g.path AND d.group_name = g.group_name AND d.method = m.method
)
SELECT c.*,
       reported_us - downtime_us AS difference_us,
       CASE WHEN downtime_us > 0 THEN CAST(reported_us AS DOUBLE) / CAST(downtime_us AS DOUBLE) END AS reported_share
FROM compared AS c
ORDER BY run_id, host, path, method, group_name
