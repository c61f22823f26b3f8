-- Every outage of the service itself: what a client that connects anew would have met, by the availability probes of every recording and path,
-- from a last answer to the first one after it, where probes failed or took long in between. The definition is that of `analyze` with its
-- default thresholds: docs/definitions.md, Service downtime. What the application lived through is in outages.sql.
--
-- group_name       read: the probes' reads; writer: their writes
-- from_us, to_us   last answer, first answer; UTC microseconds
-- length_us        to_us - from_us: the downtime
-- resolution_us    the true outage lies between length_us - resolution_us and length_us
-- paused_us        how much of it the recorder was stopped
-- open_at_start, open_at_end    an outage without an answer before it, or after it: its length is a lower bound
-- evidence         probes that failed or took long in it
--
-- Active time is time without the pauses of the recorder (columns *_active): what decides is taken in it, what is reported by the wall clock.

WITH thresholds AS (
    SELECT CAST(100000 AS BIGINT) AS min_outage_us,
           CAST(100000 AS BIGINT) AS min_slow_us,
           CAST(100000 AS BIGINT) AS min_pause_us,
           -- The first and the last gap with one piece of evidence.
           CAST(1000000 AS BIGINT) AS edge_gap_us
),
kinds AS (
    SELECT *
    FROM (VALUES ('read', 'read'), ('writer', 'write')) AS k (group_name, operation_type)
),
last_rows AS (
    SELECT run_id, host, path, MAX(GREATEST(COALESCE(end_us, scheduled_us), scheduled_us)) AS last_row_us
    FROM operations
    GROUP BY run_id, host, path
),
-- A recording without an end reaches as far as its operations do.
series AS (
    SELECT CAST(ROW_NUMBER() OVER (ORDER BY a.run_id, a.host, a.path, k.group_name) AS INTEGER) AS number,
           a.run_id,
           a.host,
           a.path,
           k.group_name,
           k.operation_type,
           r.start_us AS first_us,
           COALESCE(r.end_us, GREATEST(r.start_us, COALESCE(l.last_row_us, r.start_us))) AS last_us
    FROM (SELECT DISTINCT run_id, host, path, operation_type FROM availability) AS a
    JOIN kinds AS k ON k.operation_type = a.operation_type
    JOIN recordings AS r ON r.run_id = a.run_id AND r.host = a.host
    LEFT JOIN last_rows AS l ON l.run_id = a.run_id AND l.host = a.host AND l.path = a.path
    WHERE a.path IN ('direct', 'proxy')
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
        SELECT s.number,
               GREATEST(e.time_us, s.first_us) AS from_us,
               LEAST(e.time_us + e.duration_us, s.last_us) AS to_us
        FROM events AS e
        JOIN series AS s ON s.run_id = e.run_id AND s.host = e.host
        CROSS JOIN thresholds AS t
        WHERE e.event = 'client_paused' AND e.duration_us >= t.min_pause_us
          AND e.time_us < s.last_us AND e.time_us + e.duration_us > s.first_us
    ) AS clipped
),
-- What ends after the recording was unfinished in it. Class client: nothing was asked.
asked AS (
    SELECT number, fresh, asked_us, stated_us, ended_us, is_answered, is_failure, is_given_up, error_class
    FROM (
        SELECT s.number,
               a.fresh,
               GREATEST(a.time_us, s.first_us) AS asked_us,
               a.time_us + COALESCE(a.connect_us, 0) AS stated_us,
               GREATEST(LEAST(a.time_us + a.duration_us, s.last_us), s.first_us) AS ended_us,
               a.outcome = 'ok' AND a.time_us + a.duration_us <= s.last_us AS is_answered,
               a.outcome IN ('failed', 'unknown') AND a.time_us + a.duration_us <= s.last_us AS is_failure,
               a.outcome = 'unfinished' OR a.time_us + a.duration_us > s.last_us AS is_given_up,
               CASE WHEN a.time_us + a.duration_us <= s.last_us THEN COALESCE(a.error_class, '') ELSE '' END AS error_class
        FROM availability AS a
        JOIN series AS s
            ON s.run_id = a.run_id AND s.host = a.host AND s.path = a.path AND s.operation_type = a.operation_type
        WHERE a.outcome IN ('ok', 'failed', 'unknown', 'unfinished') AND a.time_us <= s.last_us
    ) AS clipped
    WHERE error_class <> 'client'
),
-- Each with its active times.
timed AS (
    SELECT a.*,
           a.asked_us - COALESCE(f.before_us + LEAST(a.asked_us, f.to_us) - f.from_us, 0) AS asked_active,
           a.ended_us - COALESCE(u.before_us + LEAST(a.ended_us, u.to_us) - u.from_us, 0) AS ended_active
    FROM asked AS a
    LEFT JOIN pauses AS f ON f.number = a.number AND f.from_us <= a.asked_us AND a.asked_us < f.until_us
    LEFT JOIN pauses AS u ON u.number = a.number AND u.from_us <= a.ended_us AND a.ended_us < u.until_us
),
-- How long an answer takes: on connections that are kept the median, nearest rank, from however few; on fresh ones the shortest, as most of
-- them are made while the service does not answer.
usual_times AS (
    SELECT number,
           fresh,
           CAST(CASE WHEN fresh THEN MIN(ended_active - asked_active)
                     ELSE PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY ended_active - asked_active) END AS BIGINT) AS usual_us
    FROM timed
    WHERE is_answered
    GROUP BY number, fresh
),
-- Answers that were read as a pause ended: each was given at some moment of it.
hidden AS (
    SELECT a.number, a.asked_us, a.ended_us, MAX(q.from_us) AS hidden_us
    FROM timed AS a
    JOIN pauses AS q
        ON q.number = a.number AND a.stated_us < q.to_us AND a.ended_us > q.from_us AND a.ended_us - q.to_us <= 100000
    WHERE a.is_answered
    GROUP BY a.number, a.asked_us, a.ended_us
),
answers AS (
    SELECT a.number, a.asked_us, a.ended_us, COALESCE(h.hidden_us, a.ended_us) AS answered_us
    FROM timed AS a
    LEFT JOIN hidden AS h ON h.number = a.number AND h.asked_us = a.asked_us AND h.ended_us = a.ended_us
    WHERE a.is_answered
),
-- Every answer with the one after it. A gap after one that a pause hides begins with the pause ...
gaps AS (
    SELECT number,
           false AS is_first,
           ended_us AS served_us,
           MAX(answered_us) OVER (PARTITION BY number ORDER BY ended_us, asked_us
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS earliest_us,
           LEAD(ended_us) OVER (PARTITION BY number ORDER BY ended_us, asked_us) AS to_us,
           LEAD(asked_us) OVER (PARTITION BY number ORDER BY ended_us, asked_us) AS closer_asked_us
    FROM answers
    UNION ALL
    SELECT s.number, true, s.first_us, s.first_us, a.ended_us, a.asked_us
    FROM series AS s
    LEFT JOIN (
        SELECT number, asked_us, ended_us, ROW_NUMBER() OVER (PARTITION BY number ORDER BY ended_us, asked_us) AS position
        FROM answers
    ) AS a ON a.number = s.number AND a.position = 1
),
-- ... but not before the end of the outage before it, which is the end of an answer: each of these is tried.
tried_gaps AS (
    SELECT number, is_first, served_us, earliest_us, earliest_us AS from_us, to_us, closer_asked_us
    FROM gaps
    UNION ALL
    SELECT DISTINCT g.number, g.is_first, g.served_us, g.earliest_us, a.ended_us, g.to_us, g.closer_asked_us
    FROM gaps AS g
    JOIN answers AS a ON a.number = g.number AND g.earliest_us < a.ended_us AND a.ended_us <= g.served_us
    WHERE g.earliest_us < g.served_us
),
-- With the recording's end behind the last one.
placed_gaps AS (
    SELECT g.number,
           g.is_first,
           g.to_us IS NULL AS is_last,
           g.served_us,
           g.earliest_us,
           g.from_us,
           COALESCE(g.to_us, s.last_us) AS to_us,
           g.closer_asked_us,
           g.from_us - COALESCE(f.before_us + LEAST(g.from_us, f.to_us) - f.from_us, 0) AS from_active,
           COALESCE(g.to_us, s.last_us)
               - COALESCE(u.before_us + LEAST(COALESCE(g.to_us, s.last_us), u.to_us) - u.from_us, 0) AS to_active
    FROM tried_gaps AS g
    JOIN series AS s ON s.number = g.number
    LEFT JOIN pauses AS f ON f.number = g.number AND f.from_us <= g.from_us AND g.from_us < f.until_us
    LEFT JOIN pauses AS u
        ON u.number = g.number AND u.from_us <= COALESCE(g.to_us, s.last_us) AND COALESCE(g.to_us, s.last_us) < u.until_us
),
median_gaps AS (
    SELECT number, CAST(PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY to_active - from_active) AS BIGINT) AS median_gap_us
    FROM placed_gaps
    WHERE from_us = earliest_us
    GROUP BY number
),
probe_pauses AS (
    SELECT a.number, a.asked_us, a.ended_us, MIN(q.from_us) AS first_pause_us, MAX(q.to_us) AS last_pause_us
    FROM asked AS a
    JOIN pauses AS q ON q.number = a.number AND a.asked_us < q.to_us AND a.ended_us > q.from_us
    GROUP BY a.number, a.asked_us, a.ended_us
),
judged AS (
    SELECT a.*,
           GREATEST(t.min_slow_us, 3 * COALESCE(m.usual_us, 0)) AS slow_us,
           a.ended_active - a.asked_active > GREATEST(t.min_slow_us, 3 * COALESCE(m.usual_us, 0)) AS is_slow,
           -- The client's own clock ran while the recorder was stopped: no failure.
           a.is_failure AND (d.first_pause_us IS NULL OR a.error_class NOT IN ('operation_timeout', 'connect_timeout', 'pool_timeout'))
               AS has_failed,
           d.first_pause_us,
           d.last_pause_us
    FROM timed AS a
    CROSS JOIN thresholds AS t
    LEFT JOIN usual_times AS m ON m.number = a.number AND m.fresh = a.fresh
    LEFT JOIN probe_pauses AS d ON d.number = a.number AND d.asked_us = a.asked_us AND d.ended_us = a.ended_us
),
-- Long gaps and what is known of the probes in them. A gap is (from, to]: a failure at the microsecond of an answer comes before it. The first
-- gap has its start too. What took long counts where it ran in the gap for longer than 100 ms; what took long already when the gap began tells
-- nothing in it.
touched AS (
    SELECT g.*,
           a.asked_us,
           a.first_pause_us,
           a.last_pause_us,
           g.from_active - a.asked_active <= a.slow_us
               AND ((a.has_failed AND (g.from_us < a.ended_us OR (g.is_first AND g.from_us = a.ended_us)) AND a.ended_us <= g.to_us)
                    OR (a.is_slow
                        AND LEAST(a.ended_active, g.to_active) - GREATEST(a.asked_active, g.from_active) > t.min_slow_us)) AS is_evidence,
           -- It was sent in the gap, and failed, took long, or was still without an answer when a later one had its answer.
           a.asked_us >= g.from_us
               AND (a.has_failed
                    OR (a.is_slow AND LEAST(a.ended_active, g.to_active) - a.asked_active > t.min_slow_us)
                    OR (a.asked_us < COALESCE(g.closer_asked_us, a.asked_us)
                        AND (a.ended_us > g.to_us OR (a.is_given_up AND a.ended_us = g.to_us)))) AS is_unserved
    FROM placed_gaps AS g
    CROSS JOIN thresholds AS t
    JOIN judged AS a ON a.number = g.number AND a.ended_us >= g.from_us AND a.asked_us <= g.to_us
    WHERE g.to_active - g.from_active >= t.min_outage_us
),
-- Head: until the service was asked. Tail: since the latest probe in the gap that was not served.
summed AS (
    SELECT number,
           is_first,
           is_last,
           served_us,
           earliest_us,
           from_us,
           to_us,
           from_active,
           to_active,
           COUNT(CASE WHEN is_evidence THEN 1 END) AS evidence,
           MIN(CASE WHEN is_evidence THEN GREATEST(asked_us, COALESCE(last_pause_us, asked_us)) END) AS head_us,
           MAX(CASE WHEN is_unserved THEN LEAST(asked_us, COALESCE(first_pause_us, asked_us)) END) AS tail_us
    FROM touched
    GROUP BY number, is_first, is_last, served_us, earliest_us, from_us, to_us, from_active, to_active
),
-- One piece of evidence is enough in a gap that is long for these probes, or that begins or ends the recording.
decided AS (
    SELECT s.*
    FROM summed AS s
    CROSS JOIN thresholds AS t
    JOIN median_gaps AS m ON m.number = s.number
    WHERE s.evidence >= 2
       OR (s.evidence = 1
           AND (s.to_active - s.from_active > 10 * m.median_gap_us
                OR ((s.is_first OR s.is_last) AND s.to_active - s.from_active > t.edge_gap_us)
                OR (s.is_first AND s.is_last)))
),
begun AS (
    SELECT d.number, d.earliest_us, d.served_us, d.to_us, MAX(o.to_us) AS reached_us
    FROM decided AS d
    LEFT JOIN decided AS o ON o.number = d.number AND d.earliest_us < o.to_us AND o.to_us <= d.served_us
    GROUP BY d.number, d.earliest_us, d.served_us, d.to_us
)
SELECT s.run_id,
       s.host,
       s.path,
       s.group_name,
       d.from_us,
       d.to_us,
       d.to_us - d.from_us AS length_us,
       CASE WHEN d.tail_us IS NULL THEN d.to_us - d.from_us
            ELSE LEAST(LEAST(GREATEST(d.head_us, d.from_us), d.to_us) - d.from_us
                           + d.to_us - LEAST(GREATEST(d.tail_us, d.from_us), d.to_us),
                       d.to_us - d.from_us) END AS resolution_us,
       CAST(d.to_us - d.from_us - (d.to_active - d.from_active) AS BIGINT) AS paused_us,
       d.is_first AS open_at_start,
       d.is_last AS open_at_end,
       d.evidence
FROM decided AS d
JOIN begun AS b
    ON b.number = d.number AND b.served_us = d.served_us AND b.to_us = d.to_us AND d.from_us = COALESCE(b.reached_us, b.earliest_us)
JOIN series AS s ON s.number = d.number
ORDER BY s.run_id, s.host, s.path, s.group_name, d.from_us
