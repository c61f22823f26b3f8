-- What became of the writes of every recording that was audited (`recorder audit`), per path. A recording without a row was not audited:
-- whether it lost writes is not known.
--
-- acknowledged, unknown    writes with an identity of that outcome; unknown with those that were unfinished
-- lost                     acknowledged, and not there: the RPO in operations
-- first_lost_us, last_lost_us    when the first and the last write was acknowledged that is lost or torn: nothing acknowledged before the first
--                          is lost. UTC microseconds; null where none is
-- torn, acknowledged_torn  purchases of which a part is there; how many of them were acknowledged
-- duplicated, phantom, unrecorded    there more than once; failed or rejected and there; there without a row in the recording
-- committed, not_committed           of the unknown ones
-- logins_lost, stock_lost  so many at least, by the sums; null where the recording has none from before its start
-- success_rate             successes of finished operations, 0 to 1
-- durable_success_rate     the same without the successes that are lost or torn
-- token_found              false where the run's token is not in the tables: rows were deleted there, or it was lost too; null where none was
--                          written

WITH counted AS (
    SELECT run_id,
           host,
           path,
           COUNT(CASE WHEN finding = 'lost' THEN 1 END) AS lost,
           COUNT(CASE WHEN finding = 'torn' THEN 1 END) AS torn,
           COUNT(CASE WHEN finding = 'torn' AND outcome = 'ok' THEN 1 END) AS acknowledged_torn,
           COUNT(CASE WHEN finding = 'duplicated' THEN 1 END) AS duplicated,
           COUNT(CASE WHEN finding = 'phantom' THEN 1 END) AS phantom,
           COUNT(CASE WHEN finding = 'unrecorded' THEN 1 END) AS unrecorded,
           COUNT(CASE WHEN finding = 'committed' THEN 1 END) AS committed,
           COUNT(CASE WHEN finding = 'not_committed' THEN 1 END) AS not_committed,
           COUNT(DISTINCT CASE WHEN finding IN ('lost', 'torn') AND outcome = 'ok' THEN operation_id END) AS not_durable,
           MIN(CASE WHEN finding IN ('lost', 'torn') AND outcome = 'ok' THEN end_us END) AS first_lost_us,
           MAX(CASE WHEN finding IN ('lost', 'torn') AND outcome = 'ok' THEN end_us END) AS last_lost_us
    FROM findings
    GROUP BY run_id, host, path
),
rates AS (
    SELECT run_id,
           host,
           path,
           COUNT(CASE WHEN outcome <> 'unfinished' THEN 1 END) AS finished,
           COUNT(CASE WHEN outcome IN ('ok', 'rejected') THEN 1 END) AS successes
    FROM operations_as_recorded
    GROUP BY run_id, host, path
)
SELECT a.run_id,
       a.host,
       a.path,
       a.acknowledged,
       COALESCE(c.lost, 0) AS lost,
       c.first_lost_us,
       c.last_lost_us,
       COALESCE(c.torn, 0) AS torn,
       COALESCE(c.acknowledged_torn, 0) AS acknowledged_torn,
       COALESCE(c.duplicated, 0) AS duplicated,
       COALESCE(c.phantom, 0) AS phantom,
       COALESCE(c.unrecorded, 0) AS unrecorded,
       a.unknown,
       COALESCE(c.committed, 0) AS committed,
       COALESCE(c.not_committed, 0) AS not_committed,
       a.logins_lost,
       a.stock_lost,
       CASE WHEN r.finished > 0 THEN CAST(r.successes AS DOUBLE) / CAST(r.finished AS DOUBLE) END AS success_rate,
       CASE WHEN r.finished > 0
            THEN CAST(r.successes - COALESCE(c.not_durable, 0) AS DOUBLE) / CAST(r.finished AS DOUBLE) END AS durable_success_rate,
       a.token_found
FROM audits AS a
LEFT JOIN counted AS c ON c.run_id = a.run_id AND c.host = a.host AND c.path = a.path
LEFT JOIN rates AS r ON r.run_id = a.run_id AND r.host = a.host AND r.path = a.path
ORDER BY a.run_id, a.host, a.path
