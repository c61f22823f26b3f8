-- Durable figures: run this after setup.duckdb.sql or setup.spark.sql, and make the view `outages` after it. The queries of this folder then
-- count an acknowledged write that the audit found lost, or a purchase of which it found a part, as a failure of class `lost`. Of a
-- recording that was not audited the figures are the others: durability.sql says which were.
--
-- Logins and changes of stock can't be told apart one by one, so that they stay successes: where durability.sql has logins_lost or stock_lost
-- above 0, or null, the durable downtime of writes is a lower bound. A lost write tells nothing of reads: for the group `read` take the figures
-- without this view.

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
       o.connection_id,
       CASE WHEN l.operation_id IS NOT NULL THEN 'lost' ELSE o.error_class END AS error_class,
       o.sqlstate
FROM operations_as_recorded AS o
LEFT JOIN (
    SELECT DISTINCT f.run_id, f.host, f.path, f.operation_id
    FROM findings AS f
    JOIN audits AS a ON a.run_id = f.run_id AND a.host = f.host AND a.path = f.path
    WHERE f.finding IN ('lost', 'torn') AND f.outcome = 'ok'
) AS l
    ON l.run_id = o.run_id AND l.host = o.host AND l.path = o.path AND l.operation_id = o.operation_id AND o.outcome = 'ok';
