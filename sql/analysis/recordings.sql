-- What each host has recorded.
--
-- recordings, complete         recordings; of these, those that ended as asked
-- first_start_us, last_start_us    UTC microseconds
-- recorded_us                  their lengths together, without those whose end is unknown
-- operations, successes        rows of both paths; `ok` and `rejected` of these
-- dropped_operations           rows lost while recording
-- failovers_triggered          how often a failover command was started

WITH counts AS (
    SELECT run_id, host, COUNT(*) AS operations, COUNT(CASE WHEN outcome IN ('ok', 'rejected') THEN 1 END) AS successes
    FROM operations
    GROUP BY run_id, host
),
triggers AS (
    SELECT run_id, host, COUNT(*) AS failovers_triggered
    FROM events
    WHERE event = 'failover_triggered'
    GROUP BY run_id, host
)
SELECT r.host,
       COUNT(*) AS recordings,
       COUNT(CASE WHEN r.state = 'complete' THEN 1 END) AS complete,
       MIN(r.start_us) AS first_start_us,
       MAX(r.start_us) AS last_start_us,
       CAST(SUM(r.end_us - r.start_us) AS BIGINT) AS recorded_us,
       CAST(SUM(COALESCE(c.operations, 0)) AS BIGINT) AS operations,
       CAST(SUM(COALESCE(c.successes, 0)) AS BIGINT) AS successes,
       CAST(SUM(r.dropped_operations) AS BIGINT) AS dropped_operations,
       CAST(SUM(COALESCE(t.failovers_triggered, 0)) AS BIGINT) AS failovers_triggered
FROM recordings AS r
LEFT JOIN counts AS c ON c.run_id = r.run_id AND c.host = r.host
LEFT JOIN triggers AS t ON t.run_id = r.run_id AND t.host = r.host
GROUP BY r.host
ORDER BY r.host
