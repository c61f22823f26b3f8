-- Every outage of every recording, path and group of operations, by gaps and islands: from a last success to the first one after
-- it, where operations failed or stalled in between. The definition is that of `analyze` with its default thresholds: docs/definitions.md,
-- version 2.
--
-- group_name       read, write, transaction; writer: write and transaction, what only a writer can serve; all
-- kind             outage; brownout: operations waited in a gap that is no outage; unobserved: nothing was asked, so that the downtime is not
--                  0 but unknown: an outage of `all` in which the group has no evidence, or a gap of reads for which no worker was free
-- from_us, to_us   last success, first success; of a brownout the first and the last moment at which an operation waited; UTC microseconds
-- length_us        to_us - from_us: the downtime, of an outage
-- resolution_us    the true outage lies between length_us - resolution_us and length_us; null for what is no outage
-- paused_us        how much of it the recorder was stopped
-- open_at_start, open_at_end    an outage without a success before it, or after it: its length is a lower bound
-- evidence         operations that failed or stalled in it
--
-- One difference to `analyze`: two outages with one success between them, whose answer was read as a pause ended, both have that pause in them.
--
-- Active time is time without the pauses of the recorder (columns *_active): what decides is taken in it, what is reported by the wall clock.
-- Rows are many, those that tell something are few: windows are over the successes' ends alone, with numbers for keys, and only the
-- operations that failed, waited or never ended are joined with the long gaps.

WITH thresholds AS (
    SELECT CAST(100000 AS BIGINT) AS min_outage_us,
           CAST(500000 AS BIGINT) AS min_stall_us,
           CAST(100000 AS BIGINT) AS min_wait_us,
           CAST(100000 AS BIGINT) AS min_pause_us,
           -- The first and the last gap with one piece of evidence; a gap with nothing but refusals.
           CAST(1000000 AS BIGINT) AS edge_gap_us,
           CAST(1000000 AS BIGINT) AS refused_gap_us,
           5 AS refusals,
           -- A probe so shortly before the end of a gap may have been answered as it ended.
           CAST(500000 AS BIGINT) AS last_probe_us,
           -- Of the answers to availability probes in so long a time the first says enough of the server.
           CAST(500000 AS BIGINT) AS answer_us
),
members AS (
    SELECT *
    FROM (VALUES (1, 'read', 'read'), (2, 'write', 'write'), (3, 'transaction', 'transaction'),
                 (4, 'writer', 'write'), (4, 'writer', 'transaction'),
                 (5, 'all', 'read'), (5, 'all', 'write'), (5, 'all', 'transaction')) AS m (group_number, group_name, operation_type)
),
asked AS (
    SELECT run_id,
           host,
           path,
           operation_type,
           MAX(GREATEST(COALESCE(end_us, scheduled_us), scheduled_us)) AS last_row_us,
           MIN(CASE WHEN outcome IN ('ok', 'rejected') AND operation_name IS NOT NULL THEN end_us END) AS first_success_us
    FROM operations
    GROUP BY run_id, host, path, operation_type
),
-- A recording without an end reaches as far as its rows do.
paths AS (
    SELECT CAST(ROW_NUMBER() OVER (ORDER BY a.run_id, a.host, a.path) AS INTEGER) AS number,
           a.run_id,
           a.host,
           a.path,
           r.start_us AS first_us,
           COALESCE(r.end_us, GREATEST(r.start_us, MAX(a.last_row_us))) AS last_us,
           r.workers,
           LEAST(r.pool_size, r.workers) AS slots
    FROM asked AS a
    JOIN recordings AS r ON r.run_id = a.run_id AND r.host = a.host
    WHERE a.path IN ('direct', 'proxy')
    GROUP BY a.run_id, a.host, a.path, r.start_us, r.end_us, r.workers, r.pool_size
),
groups_asked AS (
    SELECT p.number,
           m.group_number,
           p.number * 8 + m.group_number AS group_key,
           m.group_name,
           p.first_us,
           p.last_us,
           MIN(CASE WHEN a.first_success_us <= p.last_us THEN a.first_success_us END) AS first_served_us,
           COUNT(CASE WHEN a.first_success_us <= p.last_us THEN 1 END) AS types_served
    FROM paths AS p
    JOIN asked AS a ON a.run_id = p.run_id AND a.host = p.host AND a.path = p.path
    JOIN members AS m ON m.operation_type = a.operation_type
    GROUP BY p.number, m.group_number, m.group_name, p.first_us, p.last_us
),
-- Pauses of the recorder, each with the time of all before it, and the moment up to which it is the last one.
pauses AS (
    SELECT number,
           from_us,
           to_us,
           COALESCE(SUM(to_us - from_us) OVER (PARTITION BY number ORDER BY from_us
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before_us,
           COALESCE(LEAD(from_us) OVER (PARTITION BY number ORDER BY from_us), 9223372036854775807) AS until_us
    FROM (
        SELECT p.number,
               GREATEST(e.time_us, p.first_us) AS from_us,
               LEAST(e.time_us + e.duration_us, p.last_us) AS to_us
        FROM events AS e
        JOIN paths AS p ON p.run_id = e.run_id AND p.host = e.host
        CROSS JOIN thresholds AS t
        WHERE e.event = 'client_paused' AND e.duration_us >= t.min_pause_us
          AND e.time_us < p.last_us AND e.time_us + e.duration_us > p.first_us
    ) AS clipped
),
-- Operations in whose interval a pause lies.
paused AS (
    SELECT p.number,
           o.operation_id,
           o.operation_name,
           o.outcome IN ('ok', 'rejected') AND COALESCE(o.end_us <= p.last_us, false) AS is_success,
           o.end_us - o.scheduled_us AS response_us,
           SUM(LEAST(COALESCE(o.end_us, p.last_us), q.to_us) - GREATEST(o.scheduled_us, q.from_us)) AS paused_us,
           MIN(q.from_us) AS first_pause_us,
           MAX(q.to_us) AS last_pause_us
    FROM operations AS o
    JOIN paths AS p ON p.run_id = o.run_id AND p.host = o.host AND p.path = o.path
    JOIN pauses AS q ON q.number = p.number AND o.scheduled_us < q.to_us AND COALESCE(o.end_us, p.last_us) > q.from_us
    GROUP BY p.number, o.operation_id, o.operation_name, o.outcome, o.scheduled_us, o.end_us, p.last_us
),
-- How many successes of a name took how long, without pauses.
response_times AS (
    SELECT number, operation_name, response_us, SUM(successes) AS successes
    FROM (
        SELECT p.number, o.operation_name, o.end_us - o.scheduled_us AS response_us, COUNT(*) AS successes
        FROM operations AS o
        JOIN paths AS p ON p.run_id = o.run_id AND p.host = o.host AND p.path = o.path
        WHERE o.outcome IN ('ok', 'rejected') AND o.end_us <= p.last_us
        GROUP BY p.number, o.operation_name, o.end_us - o.scheduled_us
        UNION ALL
        SELECT number, operation_name, response_us, -1 FROM paused WHERE is_success
        UNION ALL
        SELECT number, operation_name, response_us - paused_us, 1 FROM paused WHERE is_success
    ) AS counts
    GROUP BY number, operation_name, response_us
),
-- Median response time of the successes of a name; nearest rank, from however few.
medians AS (
    SELECT number, operation_name, CAST(MIN(CASE WHEN position * 2 >= of_all THEN response_us END) AS BIGINT) AS median_us
    FROM (
        SELECT number,
               operation_name,
               response_us,
               SUM(successes) OVER (PARTITION BY number, operation_name ORDER BY response_us
                                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS position,
               SUM(successes) OVER (PARTITION BY number, operation_name) AS of_all
        FROM response_times
    ) AS ranked
    GROUP BY number, operation_name
),
-- Every success with the one after it; none after the last one. One number for path and group: sorting is what costs most here.
gaps AS (
    SELECT group_key,
           asked_us,
           served_us,
           LEAD(served_us) OVER (PARTITION BY group_key ORDER BY served_us) AS to_us
    FROM (
        SELECT p.number * 8 + m.group_number AS group_key,
               COALESCE(o.end_us - o.execute_us, o.scheduled_us) AS asked_us,
               GREATEST(o.end_us, p.first_us) AS served_us
        FROM operations AS o
        JOIN paths AS p ON p.run_id = o.run_id AND p.host = o.host AND p.path = o.path
        JOIN members AS m ON m.operation_type = o.operation_type
        WHERE o.outcome IN ('ok', 'rejected') AND o.end_us <= p.last_us AND o.operation_name IS NOT NULL
    ) AS successes
),
-- Those that may be long, with the recording's start and end as edges. A success whose answer was read as a pause ended was served at some
-- moment of it: a gap after it begins with the pause.
placed_gaps AS (
    SELECT a.group_key,
           a.number,
           a.group_number,
           false AS is_first,
           g.to_us IS NULL AS is_last,
           COALESCE(MAX(q.from_us), g.served_us) AS from_us,
           g.served_us,
           COALESCE(g.to_us, a.last_us) AS to_us
    FROM (SELECT group_key, asked_us, served_us, to_us
          FROM gaps
          CROSS JOIN thresholds
          WHERE to_us IS NULL OR to_us - asked_us >= min_outage_us) AS g
    JOIN groups_asked AS a ON a.group_key = g.group_key
    LEFT JOIN pauses AS q
        ON q.number = a.number AND g.asked_us < q.to_us AND g.served_us > q.from_us AND g.served_us - q.to_us <= 100000
    GROUP BY a.group_key, a.number, a.group_number, a.last_us, g.asked_us, g.served_us, g.to_us
    UNION ALL
    SELECT group_key, number, group_number, true, first_served_us IS NULL, first_us, first_us,
           CASE WHEN first_served_us IS NULL THEN last_us ELSE GREATEST(first_served_us, first_us) END
    FROM groups_asked
),
long_gaps AS (
    SELECT g.*,
           g.from_us - COALESCE(f.before_us + LEAST(g.from_us, f.to_us) - f.from_us, 0) AS from_active,
           g.to_us - COALESCE(u.before_us + LEAST(g.to_us, u.to_us) - u.from_us, 0) AS to_active
    FROM placed_gaps AS g
    LEFT JOIN pauses AS f ON f.number = g.number AND f.from_us <= g.from_us AND g.from_us < f.until_us
    LEFT JOIN pauses AS u ON u.number = g.number AND u.from_us <= g.to_us AND g.to_us < u.until_us
),
-- Over all gaps. No pause lies in a short one.
median_gaps AS (
    SELECT group_key, CAST(PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY length_active) AS BIGINT) AS median_gap_us
    FROM (
        SELECT group_key, to_us - served_us AS length_active
        FROM gaps
        CROSS JOIN thresholds
        WHERE to_us - asked_us < min_outage_us
        UNION ALL
        SELECT group_key, to_active - from_active FROM long_gaps
    ) AS lengths
    GROUP BY group_key
),
-- Operations that may tell something: all but the successes that came at once. What ends after the recording was unfinished in it, and what was
-- due before it (due_us) is evidence from its start on.
suspects AS (
    SELECT p.number,
           p.path,
           p.last_us,
           o.operation_type,
           o.connection_id,
           o.scheduled_us AS due_us,
           GREATEST(o.scheduled_us, p.first_us) AS scheduled_us,
           CASE WHEN o.start_us < p.first_us THEN p.first_us ELSE o.start_us END AS start_us,
           GREATEST(COALESCE(LEAST(o.end_us, p.last_us), p.last_us), p.first_us) AS end_us,
           -- Null where it never got that far.
           CASE WHEN o.end_us IS NULL OR o.execute_us IS NOT NULL THEN o.start_us + o.checkout_us END AS statement_us,
           CASE WHEN o.end_us IS NULL THEN o.start_us + o.checkout_us ELSE o.end_us - o.execute_us END AS execute_from_us,
           COALESCE(o.end_us <= p.last_us, false) AS is_ended,
           o.outcome IN ('ok', 'rejected') AND COALESCE(o.end_us <= p.last_us, false) AS is_success,
           o.outcome IN ('failed', 'unknown') AND COALESCE(o.end_us <= p.last_us, false) AS is_failure,
           CASE WHEN o.end_us <= p.last_us THEN COALESCE(o.error_class, '') ELSE '' END AS error_class,
           COALESCE(o.sqlstate, '') AS sqlstate,
           d.first_pause_us,
           d.last_pause_us,
           GREATEST(t.min_stall_us + COALESCE(m.median_us, 0), 3 * COALESCE(m.median_us, 0)) AS late_us,
           GREATEST(t.min_wait_us, 3 * COALESCE(m.median_us, 0)) AS wait_us
    FROM operations AS o
    JOIN paths AS p ON p.run_id = o.run_id AND p.host = o.host AND p.path = o.path
    CROSS JOIN thresholds AS t
    LEFT JOIN medians AS m ON m.number = p.number AND m.operation_name = o.operation_name
    LEFT JOIN paused AS d ON d.number = p.number AND d.operation_id = o.operation_id
    WHERE o.operation_type IN ('read', 'write', 'transaction') AND o.operation_name IS NOT NULL AND o.scheduled_us IS NOT NULL
      AND (o.outcome IN ('failed', 'unknown', 'unfinished')
           OR (o.outcome IN ('ok', 'rejected') AND o.end_us - o.scheduled_us > 100000
               AND o.end_us - o.scheduled_us > GREATEST(t.min_wait_us, 3 * COALESCE(m.median_us, 0))))
),
-- Which operation sent the first statement on a connection; one of the warm-up, where the connection is as old.
first_uses AS (
    SELECT p.number, c.connection_id, c.first_statement_us, c.first_use_us
    FROM (
        SELECT run_id,
               host,
               path,
               connection_id,
               MIN(start_us + COALESCE(checkout_us, 0)) AS first_statement_us,
               MIN_BY(start_us, start_us + COALESCE(checkout_us, 0)) AS first_use_us
        FROM operations_as_recorded
        WHERE connection_id IS NOT NULL
        GROUP BY run_id, host, path, connection_id
    ) AS c
    JOIN paths AS p ON p.run_id = c.run_id AND p.host = c.host AND p.path = c.path
),
-- Each with its active times.
timed AS (
    SELECT s.*,
           u.first_use_us,
           COALESCE(u.first_statement_us < CASE WHEN s.statement_us <= s.end_us THEN s.statement_us ELSE s.start_us END, false) AS is_used,
           s.scheduled_us - COALESCE(a.before_us + LEAST(s.scheduled_us, a.to_us) - a.from_us, 0) AS scheduled_active,
           s.end_us - COALESCE(e.before_us + LEAST(s.end_us, e.to_us) - e.from_us, 0) AS end_active,
           s.execute_from_us - COALESCE(x.before_us + LEAST(s.execute_from_us, x.to_us) - x.from_us, 0) AS execute_from_active
    FROM suspects AS s
    LEFT JOIN first_uses AS u ON u.number = s.number AND u.connection_id = s.connection_id
    LEFT JOIN pauses AS a ON a.number = s.number AND a.from_us <= s.scheduled_us AND s.scheduled_us < a.until_us
    LEFT JOIN pauses AS e ON e.number = s.number AND e.from_us <= s.end_us AND s.end_us < e.until_us
    LEFT JOIN pauses AS x ON x.number = s.number AND x.from_us <= s.execute_from_us AND s.execute_from_us < x.until_us
),
judged_operations AS (
    SELECT s.*,
           m.group_number,
           s.end_active - s.scheduled_active + s.scheduled_us - s.due_us > s.late_us AS is_late,
           COALESCE(s.end_active - s.execute_from_active > s.late_us, false) AS is_late_by_execute,
           s.end_active - s.scheduled_active + s.scheduled_us - s.due_us > s.wait_us AS is_slow,
           -- What the data said, or was never asked (client): no evidence of any kind.
           s.error_class IN ('constraint', 'client')
               OR (s.error_class = 'conflict' AND s.sqlstate <> '55P03')
               OR (s.error_class = 'other' AND SUBSTRING(s.sqlstate, 1, 2) IN ('21', '22', '44')) AS is_exempt,
           -- The server answered and refused: evidence where nothing but refusals came.
           s.error_class = 'statement_timeout'
               OR (s.error_class = 'conflict' AND s.sqlstate = '55P03')
               OR (s.error_class = 'other' AND SUBSTRING(s.sqlstate, 1, 2) IN ('0A', '42', 'P0'))
               OR (s.error_class = 'read_only' AND m.group_number = 5) AS is_refusal,
           -- The client's own clock ran while the recorder was stopped: no failure.
           s.first_pause_us IS NOT NULL AND s.error_class IN ('operation_timeout', 'connect_timeout', 'pool_timeout') AS is_own_clock
    FROM timed AS s
    JOIN members AS m ON m.operation_type = s.operation_type
),
-- Long gaps and what is known of the operations in them. A gap is (from, to]: a failure at the microsecond of a success comes before it. The
-- first gap has its start too. What was late when the gap began tells nothing in it.
touched AS (
    SELECT g.*,
           o.path,
           o.operation_type,
           o.scheduled_us,
           o.start_us,
           o.end_us,
           o.statement_us,
           o.first_use_us,
           o.first_pause_us,
           o.last_pause_us,
           o.is_ended,
           o.is_success,
           o.is_failure,
           o.is_used,
           o.is_exempt,
           o.is_refusal,
           o.is_own_clock,
           o.is_late_by_execute,
           o.error_class,
           o.is_success AND o.end_us = g.to_us AND NOT g.is_last AS closes_it,
           o.is_failure AND (g.from_us < o.end_us OR (g.is_first AND g.from_us = o.end_us)) AND o.end_us <= g.to_us AS failed_in_it,
           o.is_late AND LEAST(o.end_active, g.to_active) - GREATEST(o.scheduled_active, g.from_active) > t.min_stall_us AS stalled_in_it,
           o.is_slow AND LEAST(o.end_us, g.to_us) > GREATEST(o.scheduled_us, g.from_us) AS waited_in_it
    FROM (SELECT l.* FROM long_gaps AS l CROSS JOIN thresholds AS t WHERE l.to_active - l.from_active >= t.min_outage_us) AS g
    CROSS JOIN thresholds AS t
    JOIN judged_operations AS o
        ON o.number = g.number AND o.group_number = g.group_number AND o.end_us >= g.from_us AND o.scheduled_us <= g.to_us
    WHERE g.from_active - o.scheduled_active <= o.late_us
),
weighed AS (
    SELECT w.*,
           -- By the rule alone, and where nothing but refusals came.
           NOT is_exempt
               AND ((failed_in_it AND NOT is_refusal AND NOT is_own_clock)
                    OR (stalled_in_it AND (NOT is_refusal OR error_class = 'statement_timeout'))) AS is_plain,
           is_refusal AND failed_in_it AS is_refused,
           NOT is_exempt AND (NOT is_refusal OR error_class = 'statement_timeout') AND waited_in_it AS waited,
           -- The moment of the first statement: what waits for a connection asks nothing.
           CASE WHEN statement_us <= to_us THEN statement_us END AS stated_us
    FROM touched AS w
),
-- From when each piece of evidence tells that the service was down, and up to when; null where it tells no such moment.
moments AS (
    SELECT w.*,
           COALESCE(last_pause_us, scheduled_us) AS head_us,
           CASE WHEN is_used AND error_class = 'statement_timeout' THEN NULL
                WHEN is_used AND failed_in_it AND NOT is_own_clock AND error_class IN ('connection_lost', 'operation_timeout') THEN NULL
                WHEN is_used AND failed_in_it AND path = 'direct' AND error_class = 'starting_or_stopping' THEN NULL
                WHEN is_used AND failed_in_it AND path = 'direct' AND error_class = 'read_only'
                THEN LEAST(first_use_us, COALESCE(first_pause_us, first_use_us))
                WHEN failed_in_it AND NOT is_refusal AND NOT is_own_clock
                THEN CASE WHEN error_class = 'pool_timeout' THEN NULL
                          -- Cut while the connection was made: on a silent host it had asked as it began.
                          WHEN error_class IN ('connect_timeout', 'operation_timeout')
                              OR (error_class IN ('connection_lost', 'unreachable') AND statement_us IS NULL)
                          THEN LEAST(start_us, COALESCE(first_pause_us, start_us))
                          ELSE LEAST(end_us, COALESCE(first_pause_us, end_us)) END
                WHEN is_success AND NOT is_late_by_execute THEN NULL
                WHEN closes_it THEN LEAST(to_us, COALESCE(first_pause_us, to_us))
                WHEN NOT is_ended AND is_last AND stated_us IS NOT NULL THEN LEAST(to_us, COALESCE(first_pause_us, to_us))
                WHEN stated_us IS NOT NULL THEN LEAST(stated_us, COALESCE(first_pause_us, stated_us)) END AS tail_us,
           -- 55P03 and 57014 had waited.
           CASE WHEN error_class IN ('conflict', 'statement_timeout')
                -- LEAST leaves nulls out.
                THEN CASE WHEN stated_us IS NOT NULL THEN LEAST(stated_us, COALESCE(first_pause_us, stated_us)) END
                WHEN is_used AND path = 'direct' AND error_class = 'read_only' THEN LEAST(first_use_us, COALESCE(first_pause_us, first_use_us))
                ELSE LEAST(end_us, COALESCE(first_pause_us, end_us)) END AS refused_tail_us
    FROM weighed AS w
),
summed AS (
    SELECT number,
           group_number,
           from_us,
           served_us,
           to_us,
           from_active,
           to_active,
           is_first,
           is_last,
           COUNT(CASE WHEN is_plain THEN 1 END) AS plain,
           COUNT(CASE WHEN is_plain OR is_refused THEN 1 END) AS with_refusals,
           COUNT(CASE WHEN is_refused THEN 1 END) AS refused,
           COUNT(CASE WHEN is_plain AND NOT (is_refusal AND failed_in_it) THEN 1 END) AS others,
           COUNT(CASE WHEN is_plain AND stalled_in_it THEN 1 END) AS stalled,
           COUNT(CASE WHEN is_plain AND failed_in_it AND NOT is_refusal AND NOT is_own_clock AND error_class <> 'pool_timeout'
                      THEN 1 END) AS not_waiting,
           COUNT(CASE WHEN failed_in_it AND NOT is_exempt AND NOT is_own_clock THEN 1 END) AS ended,
           COUNT(DISTINCT CASE WHEN failed_in_it AND NOT is_exempt AND NOT is_own_clock THEN operation_type END) AS types_ended,
           MIN(CASE WHEN is_plain THEN head_us END) AS plain_head_us,
           MAX(CASE WHEN is_plain THEN tail_us END) AS plain_tail_us,
           MIN(CASE WHEN is_plain AND NOT (is_refusal AND failed_in_it) THEN head_us END) AS others_head_us,
           MAX(CASE WHEN is_plain AND NOT (is_refusal AND failed_in_it) THEN tail_us END) AS others_tail_us,
           MIN(CASE WHEN is_refused THEN head_us END) AS refused_head_us,
           MAX(CASE WHEN is_refused THEN refused_tail_us END) AS refused_tail_us,
           MIN(CASE WHEN waited THEN GREATEST(scheduled_us, from_us) END) AS waited_from_us,
           MAX(CASE WHEN waited THEN LEAST(end_us, to_us) END) AS waited_to_us
    FROM moments
    GROUP BY number, group_number, from_us, served_us, to_us, from_active, to_active, is_first, is_last
),
-- Nothing but refusals: asked often enough, in every way that is served otherwise, and served nothing.
judged AS (
    SELECT s.*,
           a.group_key,
           s.to_active - s.from_active AS length_active,
           s.to_active - s.from_active >= t.refused_gap_us AND s.ended >= t.refusals AND s.types_ended >= a.types_served AS is_refused
    FROM summed AS s
    CROSS JOIN thresholds AS t
    JOIN groups_asked AS a ON a.number = s.number AND a.group_number = s.group_number
),
-- One piece of evidence is enough in a gap that is long for its group, that begins or ends the recording, or where no other worker can ask ...
by_themselves AS (
    SELECT j.*,
           CASE WHEN j.is_refused THEN j.with_refusals ELSE j.plain END AS evidence,
           CASE WHEN NOT j.is_refused THEN j.plain_head_us WHEN j.others > 0 THEN j.others_head_us ELSE j.refused_head_us END AS head_us,
           CASE WHEN NOT j.is_refused THEN j.plain_tail_us WHEN j.others > 0 THEN j.others_tail_us ELSE j.refused_tail_us END AS tail_us,
           (CASE WHEN j.is_refused THEN j.with_refusals ELSE j.plain END) >= 2
               OR ((CASE WHEN j.is_refused THEN j.with_refusals ELSE j.plain END) = 1
                   AND (j.length_active > 10 * m.median_gap_us
                        OR ((j.is_first OR j.is_last) AND j.length_active > t.edge_gap_us)
                        OR (j.is_first AND j.is_last)
                        OR (j.stalled = 1 AND p.workers = 1))) AS is_outage
    FROM judged AS j
    CROSS JOIN thresholds AS t
    JOIN median_gaps AS m ON m.group_key = j.group_key
    JOIN paths AS p ON p.number = j.number
),
-- ... or that meets an outage of `all`.
outages_of_all AS (
    SELECT number, from_us AS all_from_us, served_us AS all_served_us, to_us AS all_to_us, from_active, to_active
    FROM by_themselves
    WHERE group_number = 5 AND is_outage
),
meeting AS (
    SELECT b.*,
           ROW_NUMBER() OVER (PARTITION BY b.number, b.group_number, b.served_us, b.to_us ORDER BY a.all_from_us) AS position,
           b.is_outage OR (b.evidence = 1 AND b.group_number <> 5 AND a.number IS NOT NULL) AS is_down
    FROM by_themselves AS b
    LEFT JOIN outages_of_all AS a ON a.number = b.number AND b.from_us < a.all_to_us AND a.all_from_us < b.to_us
),
decided AS (
    SELECT *
    FROM meeting
    WHERE position = 1
),
-- The availability probes' reads of a path without probes of its server.
asked_reads AS (
    SELECT p.number, p.first_us, a.time_us, LEAST(a.time_us + a.duration_us, p.last_us) AS answered_us,
           a.outcome = 'ok' AND a.time_us + a.duration_us <= p.last_us AS success
    FROM availability AS a
    CROSS JOIN thresholds AS t
    JOIN paths AS p ON p.run_id = a.run_id AND p.host = a.host AND p.path = a.path
    LEFT JOIN (SELECT DISTINCT run_id, host, path FROM probes WHERE probe = 'server') AS s
        ON s.run_id = a.run_id AND s.host = a.host AND s.path = a.path
    WHERE s.run_id IS NULL AND a.operation_type = 'read' AND a.time_us <= p.last_us
      AND CASE WHEN a.outcome = 'unfinished' OR a.time_us + a.duration_us > p.last_us
               THEN LEAST(a.time_us + a.duration_us, p.last_us) - a.time_us > t.min_wait_us
               ELSE a.outcome IN ('ok', 'failed', 'unknown') AND COALESCE(a.error_class, '') <> 'client' END
),
-- Who answered on each path: probes of its server; where it has none, the reads of the availability probes, of whose answers the first in each
-- half second. One of these that was given up at once tells nothing.
server_answers AS (
    SELECT p.number, r.time_us, r.time_us + r.duration_us AS answered_us, r.success
    FROM probes AS r
    JOIN paths AS p ON p.run_id = r.run_id AND p.host = r.host AND p.path = r.path
    WHERE r.probe = 'server'
    UNION ALL
    SELECT number, time_us, answered_us, success
    FROM (
        SELECT d.*,
               ROW_NUMBER() OVER (PARTITION BY d.number, d.success,
                                               FLOOR(CAST(d.answered_us - d.first_us AS DOUBLE) / CAST(t.answer_us AS DOUBLE))
                                  ORDER BY d.answered_us, d.time_us) AS position
        FROM asked_reads AS d
        CROSS JOIN thresholds AS t
    ) AS placed
    WHERE position = 1 OR NOT success
),
-- No worker was free to ask: gaps of reads in which reads did nothing but wait, and the answers in them ...
probed AS (
    SELECT d.number,
           d.served_us,
           d.to_us,
           r.time_us,
           r.answered_us,
           r.success,
           p.slots,
           r.answered_us <= d.to_us - t.last_probe_us AS is_asked_of
    FROM decided AS d
    CROSS JOIN thresholds AS t
    JOIN paths AS p ON p.number = d.number
    JOIN server_answers AS r ON r.number = d.number AND d.from_us < r.answered_us AND r.answered_us <= d.to_us
    WHERE d.group_number = 1 AND d.is_down AND d.not_waiting = 0 AND NOT (d.is_refused AND d.refused > 0)
),
-- ... each with the slots that hung in a statement elsewhere.
busy AS (
    SELECT b.number, b.served_us, b.to_us, b.time_us, b.answered_us, b.success, b.slots, b.is_asked_of, COUNT(o.number) AS hanging
    FROM probed AS b
    LEFT JOIN timed AS o
        ON o.number = b.number AND o.operation_type <> 'read' AND o.execute_from_us <= b.answered_us AND b.answered_us < o.end_us
        AND o.end_active - o.execute_from_active > o.late_us
    GROUP BY b.number, b.served_us, b.to_us, b.time_us, b.answered_us, b.success, b.slots, b.is_asked_of
),
without_worker AS (
    SELECT number, served_us, to_us
    FROM busy
    GROUP BY number, served_us, to_us
    HAVING MIN(CASE WHEN success THEN 1 ELSE 0 END) = 1
       AND MAX(CASE WHEN is_asked_of THEN 1 ELSE 0 END) = 1
       AND MIN(CASE WHEN is_asked_of AND hanging < slots THEN 0 ELSE 1 END) = 1
),
-- The groups that had no evidence in an outage of `all`, and were not down all through it: whatever was evidence in it made the gap around it an
-- outage of theirs.
unobserved AS (
    SELECT a.number, g.group_number, a.all_from_us, a.all_to_us, a.all_to_us - a.all_from_us - (a.to_active - a.from_active) AS paused_us
    FROM outages_of_all AS a
    JOIN groups_asked AS g ON g.number = a.number AND g.group_number <> 5
    LEFT JOIN decided AS d
        ON d.number = a.number AND d.group_number = g.group_number AND d.is_down
        AND d.served_us <= a.all_served_us AND a.all_to_us <= d.to_us
    WHERE d.number IS NULL
),
found AS (
    SELECT d.number,
           d.group_number,
           CASE WHEN w.number IS NOT NULL THEN 'unobserved' WHEN d.is_down THEN 'outage' ELSE 'brownout' END AS kind,
           CASE WHEN d.is_down THEN d.from_us ELSE d.waited_from_us END AS from_us,
           CASE WHEN d.is_down THEN d.to_us ELSE d.waited_to_us END AS to_us,
           -- Head: until the service was asked. Tail: since the last moment known to be down.
           CASE WHEN d.is_down AND w.number IS NULL
                THEN CASE WHEN d.tail_us IS NULL THEN d.to_us - d.from_us
                          ELSE LEAST(LEAST(GREATEST(d.head_us, d.from_us), d.to_us) - d.from_us
                                         + d.to_us - LEAST(GREATEST(d.tail_us, d.from_us), d.to_us),
                                     d.to_us - d.from_us) END END AS resolution_us,
           d.to_us - d.from_us - d.length_active AS paused_us,
           d.is_down AND w.number IS NULL AND d.is_first AS open_at_start,
           d.is_down AND w.number IS NULL AND d.is_last AS open_at_end,
           d.evidence
    FROM decided AS d
    LEFT JOIN without_worker AS w
        ON w.number = d.number AND d.group_number = 1 AND w.served_us = d.served_us AND w.to_us = d.to_us
    WHERE d.is_down OR d.waited_from_us IS NOT NULL
    UNION ALL
    SELECT number, group_number, 'unobserved', all_from_us, all_to_us, CAST(NULL AS BIGINT), paused_us, false, false, CAST(0 AS BIGINT)
    FROM unobserved
)
SELECT p.run_id,
       p.host,
       p.path,
       g.group_name,
       f.kind,
       f.from_us,
       f.to_us,
       f.to_us - f.from_us AS length_us,
       f.resolution_us,
       CASE WHEN f.kind <> 'brownout' THEN CAST(f.paused_us AS BIGINT) END AS paused_us,
       f.open_at_start,
       f.open_at_end,
       f.evidence
FROM found AS f
JOIN paths AS p ON p.number = f.number
JOIN groups_asked AS g ON g.number = f.number AND g.group_number = f.group_number
ORDER BY p.run_id, p.host, p.path, g.group_name, f.from_us, f.kind
