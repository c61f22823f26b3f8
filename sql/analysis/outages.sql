-- Every outage of every recording, path and group of operations, by gaps and islands: from a last success to the first one after
-- it, where operations failed or stalled in between. The definition is that of `analyze` with its default thresholds.
--
-- group_name       read, write, transaction; writer: write and transaction, what only a writer can serve; all
-- kind             outage; brownout: a shorter gap in which operations waited; unobserved: an outage of `all` without an operation of
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
-- Each operation with what its recording and its name say about it. A CTE that is named twice is computed twice in many engines,
-- so that whole passes over the operations are rare here: windows, where joins would do.
placed AS (
    SELECT o.*,
           r.start_us AS first_us,
           -- A recording without an end reaches as far as its rows do.
           COALESCE(r.end_us,
                    GREATEST(r.start_us,
                             MAX(GREATEST(COALESCE(o.end_us, o.scheduled_us), o.scheduled_us))
                                 OVER (PARTITION BY o.run_id, o.host, o.path))) AS last_us,
           o.outcome IN ('ok', 'rejected') AS is_success,
           ROW_NUMBER() OVER (PARTITION BY o.run_id, o.host, o.path, o.operation_name, o.outcome IN ('ok', 'rejected')
                              ORDER BY o.response_time_us) AS position,
           COUNT(*) OVER (PARTITION BY o.run_id, o.host, o.path, o.operation_name, o.outcome IN ('ok', 'rejected')) AS samples,
           ROW_NUMBER() OVER (PARTITION BY o.run_id, o.host, o.path, o.operation_type ORDER BY o.operation_id) AS number_in_type
    FROM operations AS o
    JOIN recordings AS r ON r.run_id = o.run_id AND r.host = o.host
),
-- Median response time of successes of an operation's name; nearest rank, from however few.
known AS (
    SELECT p.*,
           COALESCE(MIN(CASE WHEN is_success AND position * 2 >= samples THEN response_time_us END)
                        OVER (PARTITION BY run_id, host, path, operation_name), 0) AS median_us
    FROM placed AS p
),
-- Operations on the recording's time line: an unfinished one ends with it, and what ends later is clipped.
clipped AS (
    SELECT k.run_id,
           k.host,
           k.path,
           m.group_name,
           k.operation_id,
           k.first_us,
           k.last_us,
           k.number_in_type = 1 AS is_first_of_type,
           k.is_success,
           k.outcome IN ('failed', 'unknown') AS is_failure,
           LEAST(GREATEST(k.scheduled_us, k.first_us), k.last_us) AS scheduled_us,
           LEAST(GREATEST(COALESCE(k.start_us, k.scheduled_us), k.first_us), k.last_us) AS start_us,
           LEAST(GREATEST(COALESCE(k.end_us, k.last_us), k.first_us), k.last_us) AS end_us,
           COALESCE(k.end_us, k.last_us) - k.scheduled_us AS response_us,
           k.median_us,
           -- Limits: they tell that the service was down when the operation began, and no more.
           COALESCE(k.error_class, '') IN ('connect_timeout', 'operation_timeout', 'pool_timeout', 'statement_timeout') AS is_limit,
           -- The server cancelled the statement: no failure of the service, but it may have stalled.
           COALESCE(k.error_class, '') = 'statement_timeout' AS is_cancelled,
           -- The server was there and answered, or was never asked (client). In `all`, that it refused a write is no outage.
           COALESCE(k.error_class, '') IN ('conflict', 'constraint', 'client')
               OR (COALESCE(k.error_class, '') = 'other'
                   AND SUBSTRING(COALESCE(k.sqlstate, ''), 1, 2) IN ('0A', '21', '22', '42', '44', 'P0'))
               OR (COALESCE(k.error_class, '') = 'read_only' AND m.group_name = 'all') AS is_exempt
    FROM known AS k
    JOIN members AS m ON m.operation_type = k.operation_type
),
judged_operations AS (
    SELECT c.run_id,
           c.host,
           c.path,
           c.group_name,
           c.operation_id,
           c.first_us,
           c.last_us,
           c.is_first_of_type,
           c.is_success,
           c.scheduled_us,
           c.end_us,
           CASE WHEN c.is_success OR c.is_limit THEN c.start_us ELSE c.end_us END AS known_down_us,
           c.is_failure AND NOT c.is_exempt AND NOT c.is_cancelled AS failed,
           NOT c.is_exempt AND c.response_us > GREATEST(t.min_stall_us + c.median_us, 3 * c.median_us) AS stalled,
           NOT c.is_exempt AND c.response_us > GREATEST(t.min_wait_us, 3 * c.median_us) AS waited
    FROM clipped AS c
    CROSS JOIN thresholds AS t
),
-- The recording's start (0), every success (1), the recording's end (2), of each group that was asked.
edges AS (
    SELECT DISTINCT o.run_id,
           o.host,
           o.path,
           o.group_name,
           e.place,
           CASE e.place WHEN 0 THEN o.first_us WHEN 1 THEN o.end_us ELSE o.last_us END AS edge_us,
           -- Successes at the same microsecond are edges of their own.
           CASE WHEN e.place = 1 THEN o.operation_id END AS operation_id
    FROM judged_operations AS o
    CROSS JOIN (VALUES (0), (1), (2)) AS e (place)
    WHERE (e.place = 1 AND o.is_success) OR (e.place <> 1 AND o.is_first_of_type)
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
ranked_gaps AS (
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
gaps AS (
    SELECT g.*,
           MIN(CASE WHEN position * 2 >= gaps THEN length_us END)
               OVER (PARTITION BY run_id, host, path, group_name) AS median_gap_us
    FROM ranked_gaps AS g
),
-- Long gaps and the operations that failed, waited or stalled in them. A gap is (from, to]: a failure at the microsecond of a
-- success comes before it. The first gap has its start too.
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
           g.median_gap_us,
           o.scheduled_us,
           o.known_down_us,
           o.is_success AND o.end_us = g.to_us AND NOT g.is_last AS closes_it,
           (o.failed AND (g.from_us < o.end_us OR (g.is_first AND g.from_us = o.end_us)) AND o.end_us <= g.to_us)
               OR (o.stalled AND LEAST(o.end_us, g.to_us) - GREATEST(o.scheduled_us, g.from_us) > t.min_stall_us)
               AS is_evidence,
           o.waited AND LEAST(o.end_us, g.to_us) - GREATEST(o.scheduled_us, g.from_us) > 0 AS waited
    FROM gaps AS g
    CROSS JOIN thresholds AS t
    JOIN judged_operations AS o
        ON o.run_id = g.run_id AND o.host = g.host AND o.path = g.path AND o.group_name = g.group_name
        AND o.end_us >= g.from_us AND o.scheduled_us <= g.to_us
    WHERE g.length_us >= t.min_outage_us AND (o.failed OR o.stalled OR o.waited)
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
-- ... or that meets an outage of `all`.
outages_of_all AS (
    SELECT run_id, host, path, from_us AS all_from_us, to_us AS all_to_us
    FROM by_themselves
    WHERE group_name = 'all' AND is_outage
),
meeting AS (
    SELECT b.*,
           ROW_NUMBER() OVER (PARTITION BY b.run_id, b.host, b.path, b.group_name, b.from_us ORDER BY a.all_from_us) AS number,
           b.is_outage OR (b.evidence = 1 AND b.group_name <> 'all' AND a.run_id IS NOT NULL) AS is_down
    FROM by_themselves AS b
    LEFT JOIN outages_of_all AS a
        ON a.run_id = b.run_id AND a.host = b.host AND a.path = b.path AND b.from_us < a.all_to_us AND a.all_from_us < b.to_us
),
decided AS (
    SELECT *
    FROM meeting
    WHERE number = 1
),
-- Whether anything is known of a group in an outage of `all`: it succeeded, failed or stalled in it ...
seen AS (
    SELECT a.run_id,
           a.host,
           a.path,
           o.group_name,
           a.all_from_us,
           a.all_to_us,
           MAX(CASE WHEN ((o.is_success OR o.failed) AND a.all_from_us < o.end_us AND o.end_us <= a.all_to_us)
                         OR (o.stalled
                             AND LEAST(o.end_us, a.all_to_us) - GREATEST(o.scheduled_us, a.all_from_us) > t.min_stall_us)
                    THEN 1 ELSE 0 END) AS is_seen
    FROM outages_of_all AS a
    CROSS JOIN thresholds AS t
    JOIN judged_operations AS o ON o.run_id = a.run_id AND o.host = a.host AND o.path = a.path
    WHERE o.group_name <> 'all'
    GROUP BY a.run_id, a.host, a.path, o.group_name, a.all_from_us, a.all_to_us
),
-- ... or it was down all through it.
unobserved AS (
    SELECT s.run_id, s.host, s.path, s.group_name, s.all_from_us, s.all_to_us
    FROM seen AS s
    LEFT JOIN decided AS d
        ON d.run_id = s.run_id AND d.host = s.host AND d.path = s.path AND d.group_name = s.group_name AND d.is_down
        AND d.from_us <= s.all_from_us AND s.all_to_us <= d.to_us
    WHERE s.is_seen = 0 AND d.run_id IS NULL
)
SELECT run_id,
       host,
       path,
       group_name,
       CASE WHEN is_down THEN 'outage' ELSE 'brownout' END AS kind,
       from_us,
       to_us,
       length_us,
       -- Head: until the service was asked. Tail: since the last moment known to be down; none where a stalled success closed the gap.
       CASE WHEN is_down
            THEN LEAST(GREATEST(asked_us - from_us, 0)
                           + CASE WHEN closed_by_stalled = 1 THEN 0
                                  ELSE to_us - LEAST(GREATEST(known_down_us, from_us), to_us) END,
                       length_us) END AS resolution_us,
       is_first AS open_at_start,
       is_last AS open_at_end,
       evidence
FROM decided
CROSS JOIN thresholds
WHERE is_down OR (waited = 1 AND length_us < min_stall_us)
UNION ALL
SELECT run_id, host, path, group_name, 'unobserved', all_from_us, all_to_us, all_to_us - all_from_us, CAST(NULL AS BIGINT), false,
       false, CAST(0 AS BIGINT)
FROM unobserved
ORDER BY run_id, host, path, group_name, from_us, kind
