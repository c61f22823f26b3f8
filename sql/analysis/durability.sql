-- What became of the writes of every recording that was audited (`recorder audit`), per path. A recording without a row was not audited:
-- whether it lost writes is not known. Reads views of setup.durable.sql: run that first.
--
-- acknowledged, unknown    writes with an identity of that outcome; unknown with those that were unfinished, but not those that no worker took
--                          before the end (start_time null): they were never sent
-- lost                     acknowledged, and not there: the RPO in operations
-- first_lost_us, last_lost_us    when the first and the last write was acknowledged that is lost or torn: nothing acknowledged before the first
--                          is lost. UTC microseconds; null where none is
-- torn, acknowledged_torn  purchases of which a part is there; how many of them were acknowledged
-- duplicated, phantom, unrecorded    there more than once; failed or rejected and there; there without a row in the recording
-- committed, not_committed           of the unknown ones
-- logins_lost, logins_most_lost, stock_lost, stock_most_lost    between so many and so many, by the sums; null where nothing can be said of them.
--                          The second below 0: more is there than this run can have made
-- success_rate             successes of finished operations, 0 to 1; without those of a warm-up, which the counts above have
-- durable_success_rate     the same without the successes that are lost or torn, or lost with these (docs/definitions.md, Implied losses)
-- token_found              false where the run's token is not in the tables: rows were deleted there, or it was lost too; null where none was
--                          written

WITH times AS (
    SELECT run_id, host, path, MIN(end_us) AS first_lost_us, MAX(end_us) AS last_lost_us
    FROM findings
    WHERE finding IN ('lost', 'torn') AND outcome = 'ok'
    GROUP BY run_id, host, path
),
rates AS (
    SELECT run_id,
           host,
           path,
           COUNT(CASE WHEN outcome <> 'unfinished' THEN 1 END) AS finished,
           COUNT(CASE WHEN outcome IN ('ok', 'rejected') OR error_class = 'lost' THEN 1 END) AS successes,
           COUNT(CASE WHEN outcome IN ('ok', 'rejected') THEN 1 END) AS durable
    FROM operations
    GROUP BY run_id, host, path
)
SELECT a.run_id,
       a.host,
       a.path,
       a.acknowledged,
       a.lost,
       t.first_lost_us,
       t.last_lost_us,
       a.torn,
       a.acknowledged_torn,
       a.duplicated,
       a.phantom,
       a.unrecorded,
       a.unknown,
       a.committed,
       a.not_committed,
       a.logins_lost,
       a.logins_most_lost,
       a.stock_lost,
       a.stock_most_lost,
       CASE WHEN r.finished > 0 THEN CAST(r.successes AS DOUBLE) / CAST(r.finished AS DOUBLE) END AS success_rate,
       CASE WHEN r.finished > 0
            THEN CAST(r.durable AS DOUBLE) / CAST(r.finished AS DOUBLE) END AS durable_success_rate,
       a.token_found
FROM audits AS a
LEFT JOIN times AS t ON t.run_id = a.run_id AND t.host = a.host AND t.path = a.path
LEFT JOIN rates AS r ON r.run_id = a.run_id AND r.host = a.host AND r.path = a.path
ORDER BY a.run_id, a.host, a.path
