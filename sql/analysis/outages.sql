-- Every outage of every recording, path and group of operations, by gaps and islands: from a last success to the first one after
-- it, where operations failed or stalled in between. The definition is that of `analyze` with its default thresholds.
--
-- group_name       read, write, transaction; writer: write and transaction, what only a writer can serve; all
-- kind             outage; brownout: a shorter gap in which operations waited; unobserved: an outage of `all` in which nobody asked
--                  this group, so that its downtime is not 0 but unknown
-- from_us, to_us   last success, first success; UTC microseconds
-- length_us        to_us - from_us: the downtime, of an outage
-- resolution_us    the true outage lies between length_us - resolution_us and length_us; null for what is no outage
-- open_at_start, open_at_end    no success before it, or after it: the length is a lower bound
-- evidence         operations that failed or stalled in it

WITH thresholds AS (
    SELECT CAST(100000 AS BIGINT) AS min_outage_us,
           CAST(500000 AS BIGINT) AS min_stall_us,
           CAST(100000 AS BIGINT) AS min_wait_us,
           CAST(1000000 AS BIGINT) AS closing_gap_us
),
members AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('write', 'write'), ('transaction', 'transaction'),
                 ('writer', 'write'), ('writer', 'transaction'),
                 ('all', 'read'), ('all', 'write'), ('all', 'transaction')) AS m (group_name, operation_type)
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
           r.start_us AS first_us,
           COALESCE(r.end_us, GREATEST(l.last_end_us, l.last_scheduled_us, r.start_us)) AS last_us
    FROM last_rows AS l
    JOIN recordings AS r ON r.run_id = l.run_id AND r.host = l.host
),
ranked AS (
    SELECT run_id,
           host,
           path,
           operation_name,
           response_time_us,
           ROW_NUMBER() OVER (PARTITION BY run_id, host, path, operation_name ORDER BY response_time_us) AS position,
           COUNT(*) OVER (PARTITION BY run_id, host, path, operation_name) AS samples
    FROM operations
    WHERE outcome IN ('ok', 'rejected') AND response_time_us IS NOT NULL
),
-- Nearest rank, from however few.
medians AS (
    SELECT run_id, host, path, operation_name, MIN(response_time_us) AS median_us
    FROM ranked
    WHERE position * 2 >= samples
    GROUP BY run_id, host, path, operation_name
),
-- Operations on the recording's time line: an unfinished one ends with it, and what ends later is clipped.
clipped AS (
    SELECT o.run_id,
           o.host,
           o.path,
           m.group_name,
           o.outcome IN ('ok', 'rejected') AS is_success,
           o.outcome IN ('failed', 'unknown') AS is_failure,
           LEAST(GREATEST(o.scheduled_us, s.first_us), s.last_us) AS scheduled_us,
           LEAST(GREATEST(COALESCE(o.start_us, o.scheduled_us), s.first_us), s.last_us) AS start_us,
           LEAST(GREATEST(COALESCE(o.end_us, s.last_us), s.first_us), s.last_us) AS end_us,
           COALESCE(o.end_us, s.last_us) - o.scheduled_us AS response_us,
           COALESCE(d.median_us, 0) AS median_us,
           -- The client's own limits: they tell that the service was down when the operation began, and no more.
           COALESCE(o.error_class, '') IN ('connect_timeout', 'operation_timeout', 'pool_timeout') AS is_limit,
           -- The server was there and answered. In `all`, that it refused a write is no outage.
           COALESCE(o.error_class, '') IN ('conflict', 'constraint')
               OR (COALESCE(o.error_class, '') = 'other'
                   AND SUBSTRING(COALESCE(o.sqlstate, ''), 1, 2) IN ('0A', '21', '22', '42', '44', 'P0'))
               OR (COALESCE(o.error_class, '') = 'read_only' AND m.group_name = 'all') AS is_exempt
    FROM operations AS o
    JOIN members AS m ON m.operation_type = o.operation_type
    JOIN spans AS s ON s.run_id = o.run_id AND s.host = o.host AND s.path = o.path
    LEFT JOIN medians AS d
        ON d.run_id = o.run_id AND d.host = o.host AND d.path = o.path AND d.operation_name = o.operation_name
),
-- Failures, and operations that took long enough to have waited or stalled.
suspects AS (
    SELECT c.run_id,
           c.host,
           c.path,
           c.group_name,
           c.is_success,
           c.scheduled_us,
           c.end_us,
           CASE WHEN c.is_success OR c.is_limit THEN c.start_us ELSE c.end_us END AS known_down_us,
           c.is_failure AND NOT c.is_exempt AS failed,
           NOT c.is_exempt AND c.response_us > GREATEST(t.min_stall_us + c.median_us, 3 * c.median_us) AS stalled,
           NOT c.is_exempt AND c.response_us > GREATEST(t.min_wait_us, 3 * c.median_us) AS waited
    FROM clipped AS c
    CROSS JOIN thresholds AS t
    WHERE NOT c.is_success OR c.response_us > t.min_wait_us
),
groups_asked AS (
    SELECT DISTINCT run_id, host, path, group_name
    FROM clipped
),
-- The recording's start, every success, the recording's end.
edges AS (
    SELECT run_id, host, path, group_name, end_us AS edge_us, 1 AS place
    FROM clipped
    WHERE is_success
    UNION ALL
    SELECT g.run_id, g.host, g.path, g.group_name, s.first_us, 0
    FROM groups_asked AS g
    JOIN spans AS s ON s.run_id = g.run_id AND s.host = g.host AND s.path = g.path
    UNION ALL
    SELECT g.run_id, g.host, g.path, g.group_name, s.last_us, 2
    FROM groups_asked AS g
    JOIN spans AS s ON s.run_id = g.run_id AND s.host = g.host AND s.path = g.path
),
neighbours AS (
    SELECT run_id,
           host,
           path,
           group_name,
           edge_us AS from_us,
           place AS from_place,
           LEAD(edge_us) OVER (PARTITION BY run_id, host, path, group_name ORDER BY edge_us, place) AS to_us,
           LEAD(place) OVER (PARTITION BY run_id, host, path, group_name ORDER BY edge_us, place) AS to_place
    FROM edges
),
gaps AS (
    SELECT run_id,
           host,
           path,
           group_name,
           from_us,
           to_us,
           to_us - from_us AS length_us,
           from_place = 0 AS is_first,
           to_place = 2 AS is_last,
           ROW_NUMBER() OVER (PARTITION BY run_id, host, path, group_name ORDER BY to_us - from_us) AS position,
           COUNT(*) OVER (PARTITION BY run_id, host, path, group_name) AS gaps
    FROM neighbours
    WHERE to_us IS NOT NULL
),
median_gaps AS (
    SELECT run_id, host, path, group_name, MIN(length_us) AS median_gap_us
    FROM gaps
    WHERE position * 2 >= gaps
    GROUP BY run_id, host, path, group_name
),
-- A gap is (from, to]: a failure at the microsecond of a success comes before it. The first gap has its start too.
touched AS (
    SELECT g.run_id,
           g.host,
           g.path,
           g.group_name,
           g.from_us,
           g.to_us,
           g.length_us,
           g.is_first,
           g.is_last,
           d.median_gap_us,
           p.scheduled_us,
           p.known_down_us,
           p.is_success AND p.end_us = g.to_us AND NOT g.is_last AS closes_it,
           (p.failed AND (g.from_us < p.end_us OR (g.is_first AND g.from_us = p.end_us)) AND p.end_us <= g.to_us)
               OR (p.stalled AND LEAST(p.end_us, g.to_us) - GREATEST(p.scheduled_us, g.from_us) > t.min_stall_us)
               AS is_evidence,
           p.waited AND LEAST(p.end_us, g.to_us) - GREATEST(p.scheduled_us, g.from_us) > 0 AS waited
    FROM gaps AS g
    CROSS JOIN thresholds AS t
    JOIN median_gaps AS d
        ON d.run_id = g.run_id AND d.host = g.host AND d.path = g.path AND d.group_name = g.group_name
    JOIN suspects AS p
        ON p.run_id = g.run_id AND p.host = g.host AND p.path = g.path AND p.group_name = g.group_name
        AND p.end_us >= g.from_us AND p.scheduled_us <= g.to_us
    WHERE g.length_us >= t.min_outage_us
),
judged AS (
    SELECT run_id,
           host,
           path,
           group_name,
           from_us,
           to_us,
           length_us,
           is_first,
           is_last,
           median_gap_us,
           COUNT(CASE WHEN is_evidence THEN 1 END) AS evidence,
           MIN(CASE WHEN is_evidence THEN scheduled_us END) AS asked_us,
           MAX(CASE WHEN is_evidence THEN known_down_us END) AS known_down_us,
           MAX(CASE WHEN is_evidence AND closes_it THEN 1 ELSE 0 END) AS closed_by_stalled,
           MAX(CASE WHEN waited THEN 1 ELSE 0 END) AS waited
    FROM touched
    GROUP BY run_id, host, path, group_name, from_us, to_us, length_us, is_first, is_last, median_gap_us
),
-- One piece of evidence is enough in a gap that is long for its group, that ends the recording, or that is all of it ...
by_themselves AS (
    SELECT j.*,
           j.evidence >= 2
               OR (j.evidence = 1
                   AND (j.length_us > 10 * j.median_gap_us
                        OR (j.is_last AND j.length_us > t.closing_gap_us)
                        OR (j.is_first AND j.is_last))) AS is_outage
    FROM judged AS j
    CROSS JOIN thresholds AS t
),
outages_of_all AS (
    SELECT run_id, host, path, from_us, to_us
    FROM by_themselves
    WHERE group_name = 'all' AND is_outage
),
-- ... or that meets an outage of `all`.
meeting AS (
    SELECT DISTINCT b.run_id, b.host, b.path, b.group_name, b.from_us, b.to_us
    FROM by_themselves AS b
    JOIN outages_of_all AS a
        ON a.run_id = b.run_id AND a.host = b.host AND a.path = b.path AND b.from_us < a.to_us AND a.from_us < b.to_us
    WHERE b.evidence = 1 AND b.group_name <> 'all'
),
decided AS (
    SELECT b.*, b.is_outage OR m.run_id IS NOT NULL AS is_down
    FROM by_themselves AS b
    LEFT JOIN meeting AS m
        ON m.run_id = b.run_id AND m.host = b.host AND m.path = b.path AND m.group_name = b.group_name
        AND m.from_us = b.from_us AND m.to_us = b.to_us
),
-- A group was observed in an outage of `all` if it was down all through it, succeeded, failed or stalled in it.
observed AS (
    SELECT a.run_id, a.host, a.path, d.group_name, a.from_us, a.to_us
    FROM outages_of_all AS a
    JOIN decided AS d
        ON d.run_id = a.run_id AND d.host = a.host AND d.path = a.path AND d.is_down
        AND d.from_us <= a.from_us AND a.to_us <= d.to_us
    UNION
    SELECT a.run_id, a.host, a.path, c.group_name, a.from_us, a.to_us
    FROM outages_of_all AS a
    JOIN clipped AS c
        ON c.run_id = a.run_id AND c.host = a.host AND c.path = a.path AND c.is_success
        AND a.from_us < c.end_us AND c.end_us <= a.to_us
    UNION
    SELECT a.run_id, a.host, a.path, p.group_name, a.from_us, a.to_us
    FROM outages_of_all AS a
    CROSS JOIN thresholds AS t
    JOIN suspects AS p
        ON p.run_id = a.run_id AND p.host = a.host AND p.path = a.path
        AND ((p.failed AND a.from_us < p.end_us AND p.end_us <= a.to_us)
             OR (p.stalled AND LEAST(p.end_us, a.to_us) - GREATEST(p.scheduled_us, a.from_us) > t.min_stall_us))
),
unobserved AS (
    SELECT g.run_id, g.host, g.path, g.group_name, a.from_us, a.to_us
    FROM groups_asked AS g
    JOIN outages_of_all AS a ON a.run_id = g.run_id AND a.host = g.host AND a.path = g.path
    LEFT JOIN observed AS o
        ON o.run_id = g.run_id AND o.host = g.host AND o.path = g.path AND o.group_name = g.group_name
        AND o.from_us = a.from_us AND o.to_us = a.to_us
    WHERE o.run_id IS NULL AND g.group_name <> 'all'
)
SELECT run_id,
       host,
       path,
       group_name,
       'outage' AS kind,
       from_us,
       to_us,
       length_us,
       -- Head: until somebody asked. Tail: since the last moment known to be down; none where a stalled success closed the gap.
       LEAST(GREATEST(asked_us - from_us, 0)
                 + CASE WHEN closed_by_stalled = 1 THEN 0
                        ELSE to_us - LEAST(GREATEST(known_down_us, from_us), to_us) END,
             length_us) AS resolution_us,
       is_first AS open_at_start,
       is_last AS open_at_end,
       evidence
FROM decided
WHERE is_down
UNION ALL
SELECT run_id, host, path, group_name, 'brownout', from_us, to_us, length_us, CAST(NULL AS BIGINT), is_first, is_last, evidence
FROM decided
CROSS JOIN thresholds
WHERE NOT is_down AND waited = 1 AND length_us < min_stall_us
UNION ALL
SELECT run_id, host, path, group_name, 'unobserved', from_us, to_us, to_us - from_us, CAST(NULL AS BIGINT), false, false,
       CAST(0 AS BIGINT)
FROM unobserved
ORDER BY run_id, host, path, group_name, from_us, kind
