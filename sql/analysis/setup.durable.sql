-- Durable figures: run this after setup.duckdb.sql or setup.spark.sql, and make the view `outages` after it. The queries of this folder then
-- count an acknowledged write that the audit found lost, or a purchase of which it found a part, as a failure of class `lost`. Of a
-- recording that was not audited the figures are the others: durability.sql says which were.
--
-- Logins and changes of stock can't be told apart one by one. Those that began after one lost write was acknowledged, and ended before another was,
-- were lost with them where no write that is there began in between, and where their sums agree (docs/definitions.md, Implied losses). Where
-- more of them may be lost, the durable downtime of writes is a lower bound: downtime.sql says so. A lost write tells nothing of reads: for the group
-- `read` take the figures without this view.

CREATE OR REPLACE TEMPORARY VIEW lost_writes AS
SELECT DISTINCT f.run_id, f.host, f.path, f.operation_id
FROM findings AS f
JOIN audits AS a ON a.run_id = f.run_id AND a.host = f.host AND a.path = f.path
WHERE f.finding IN ('lost', 'torn') AND f.outcome = 'ok';

CREATE OR REPLACE TEMPORARY VIEW implied_losses AS
WITH writes AS (
    SELECT o.run_id,
           o.host,
           o.path,
           o.operation_id,
           o.start_us + COALESCE(o.checkout_us, 0) AS first_statement_us,
           o.end_us,
           CASE o.operation_name WHEN 'update_login' THEN 1 ELSE 0 END AS logins,
           CASE o.operation_name WHEN 'update_stock' THEN COALESCE(o.quantity, 0) ELSE 0 END AS stock,
           o.operation_name IN ('update_login', 'update_stock') AS is_increment,
           l.operation_id IS NOT NULL AS is_lost
    FROM operations_as_recorded AS o
    -- A recording that lost nothing pays nothing for this.
    JOIN (SELECT DISTINCT run_id, host, path FROM lost_writes) AS p ON p.run_id = o.run_id AND p.host = o.host AND p.path = o.path
    LEFT JOIN lost_writes AS l ON l.run_id = o.run_id AND l.host = o.host AND l.path = o.path AND l.operation_id = o.operation_id
    WHERE o.outcome = 'ok' AND o.operation_type <> 'read' AND COALESCE(o.end_us > o.warm_us, true)
),
moments AS (
    SELECT run_id, host, path, end_us AS at_us, 'lost' AS kind, operation_id, logins, stock FROM writes WHERE is_lost
    UNION ALL
    SELECT run_id, host, path, first_statement_us, 'kept', operation_id, logins, stock FROM writes WHERE NOT is_lost AND NOT is_increment
    UNION ALL
    SELECT run_id, host, path, first_statement_us, 'begin', operation_id, logins, stock FROM writes WHERE is_increment
    UNION ALL
    SELECT run_id, host, path, end_us, 'end', operation_id, logins, stock FROM writes WHERE is_increment
),
-- The last loss before each moment, the first one at it or after it, and the first write at it or after it that is there.
placed AS (
    SELECT *,
           MAX(CASE WHEN kind = 'lost' THEN at_us END)
               OVER (PARTITION BY run_id, host, path ORDER BY at_us RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS loss_before_us,
           MIN(CASE WHEN kind = 'lost' THEN at_us END)
               OVER (PARTITION BY run_id, host, path ORDER BY at_us RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS loss_after_us,
           MIN(CASE WHEN kind = 'kept' THEN at_us END)
               OVER (PARTITION BY run_id, host, path ORDER BY at_us RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS kept_after_us
    FROM moments
),
losses AS (
    SELECT DISTINCT run_id, host, path, at_us, kept_after_us FROM placed WHERE kind = 'lost'
),
implied AS (
    SELECT b.run_id, b.host, b.path, b.operation_id, b.logins, b.stock
    FROM placed AS b
    JOIN placed AS e ON e.run_id = b.run_id AND e.host = b.host AND e.path = b.path AND e.operation_id = b.operation_id AND e.kind = 'end'
    JOIN losses AS l ON l.run_id = b.run_id AND l.host = b.host AND l.path = b.path AND l.at_us = b.loss_before_us
    WHERE b.kind = 'begin' AND e.loss_after_us IS NOT NULL AND (l.kept_after_us IS NULL OR l.kept_after_us > e.loss_after_us)
),
sums AS (
    SELECT run_id,
           host,
           path,
           SUM(logins) AS logins,
           SUM(stock) AS stock,
           MAX(logins) AS has_logins,
           1 - MIN(logins) AS has_stock
    FROM implied
    GROUP BY run_id, host, path
)
SELECT i.run_id, i.host, i.path, i.operation_id, i.logins, i.stock
FROM implied AS i
JOIN sums AS s ON s.run_id = i.run_id AND s.host = i.host AND s.path = i.path
JOIN audits AS a ON a.run_id = i.run_id AND a.host = i.host AND a.path = i.path
WHERE (s.has_logins = 0 OR s.logins <= a.logins_most_lost) AND (s.has_stock = 0 OR s.stock <= a.stock_most_lost);

CREATE OR REPLACE TEMPORARY VIEW uncertain_writes AS
SELECT a.run_id, a.host, a.path
FROM audits AS a
JOIN (SELECT DISTINCT run_id, host, path FROM lost_writes) AS l ON l.run_id = a.run_id AND l.host = a.host AND l.path = a.path
LEFT JOIN (SELECT run_id, host, path, SUM(logins) AS logins, SUM(stock) AS stock FROM implied_losses GROUP BY run_id, host, path) AS i
    ON i.run_id = a.run_id AND i.host = a.host AND i.path = a.path
LEFT JOIN (
    SELECT run_id,
           host,
           path,
           MAX(CASE WHEN operation_name = 'update_login' THEN 1 ELSE 0 END) AS has_logins,
           MAX(CASE WHEN operation_name = 'update_stock' THEN 1 ELSE 0 END) AS has_stock
    FROM operations_as_recorded
    WHERE outcome IN ('ok', 'rejected') AND COALESCE(end_us > warm_us, true)
    GROUP BY run_id, host, path
) AS o ON o.run_id = a.run_id AND o.host = a.host AND o.path = a.path
-- A sum that is above what this run can have made has hidden what is lost.
WHERE a.logins_most_lost < 0 OR a.logins_most_lost > COALESCE(i.logins, 0)
   OR a.stock_most_lost < 0 OR a.stock_most_lost > COALESCE(i.stock, 0)
   OR (a.logins_most_lost IS NULL AND o.has_logins = 1)
   OR (a.stock_most_lost IS NULL AND o.has_stock = 1);

CREATE OR REPLACE TEMPORARY VIEW operations AS
SELECT o.run_id,
       o.host,
       o.path,
       o.operation_id,
       o.operation_type,
       o.operation_name,
       o.scheduled_us,
       o.start_us,
       o.end_us,
       o.response_time_us,
       o.checkout_us,
       o.execute_us,
       CASE WHEN l.operation_id IS NOT NULL THEN 'failed' ELSE o.outcome END AS outcome,
       o.quantity,
       o.connection_id,
       CASE WHEN l.operation_id IS NOT NULL THEN 'lost' ELSE o.error_class END AS error_class,
       o.sqlstate,
       o.warm_us
FROM operations_as_recorded AS o
LEFT JOIN (
    SELECT run_id, host, path, operation_id FROM lost_writes
    UNION ALL
    SELECT run_id, host, path, operation_id FROM implied_losses
) AS l
    ON l.run_id = o.run_id AND l.host = o.host AND l.path = o.path AND l.operation_id = o.operation_id AND o.outcome = 'ok'
WHERE COALESCE(o.end_us > o.warm_us, true);
