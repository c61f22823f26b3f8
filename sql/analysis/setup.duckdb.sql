-- The views that the queries of this folder read, in DuckDB 2.0 or newer. Say first where the recordings are, as a pattern of
-- their folders:
--
--     SET VARIABLE recordings = 'data/runs/*';                 -- or 's3://bucket/fleet/*/*', after INSTALL httpfs; LOAD httpfs
--
-- Times become UTC microseconds since 1970 (columns *_us): the queries then need no engine's own functions. A table that was
-- never written, and a column that an older recorder did not write, read as empty.
--
-- The warm-up of a recording (`recorder run --warm-up`) is left out, as `analyze` leaves it out: `recordings.start_us` is its end, and of the other
-- views what ended in it is no row. `operations_as_recorded` has it all. A recording that is all warm-up is left out.
--
-- A recording that is there twice, as copies of one folder, counts once: one that has an end, the first by name. It is told by the names
-- of the files, in a list: that is one look per vector of rows, where IN (SELECT ...) is a join, which copies every column of every row.

CREATE OR REPLACE TEMPORARY VIEW recordings AS
SELECT folder,
       run_id,
       host,
       state,
       epoch_us(CAST(start_time AS TIMESTAMPTZ)) AS recorded_from_us,
       epoch_us(CAST(start_time AS TIMESTAMPTZ)) + GREATEST(COALESCE(warm_up_us, 0), 0) AS start_us,
       -- Null while it runs, and where its recorder was killed and it was not recovered yet; a recovered one has an end.
       epoch_us(CAST(start_time AS TIMESTAMPTZ)) + duration_us AS end_us,
       COALESCE(dropped_rows['operations'], 0) AS dropped_operations,
       COALESCE(dropped_rows['probes'], 0) AS dropped_probes,
       COALESCE(dropped_rows['availability'], 0) AS dropped_availability,
       probe_interval_us,
       -- Null where no availability probes were sent.
       availability.interval_us AS availability_interval_us,
       workers,
       pool.size AS pool_size,
       -- The reads of a path may have an endpoint of their own.
       list_contains(endpoints, {'path': 'direct', 'reader': true}) AS direct_reads_elsewhere,
       list_contains(endpoints, {'path': 'proxy', 'reader': true}) AS proxy_reads_elsewhere
FROM (
    SELECT *,
           regexp_replace(filename, '/manifest[.]json$', '') AS folder,
           ROW_NUMBER() OVER (PARTITION BY run_id, host
                              ORDER BY CASE WHEN duration_us IS NULL THEN 1 ELSE 0 END, filename) AS copy
    FROM read_json(getvariable('recordings') || '/manifest.json', format = 'unstructured', filename = true, columns = {
        run_id: 'VARCHAR', host: 'VARCHAR', state: 'VARCHAR', start_time: 'VARCHAR', duration_us: 'BIGINT', warm_up_us: 'BIGINT',
        dropped_rows: 'MAP(VARCHAR, BIGINT)', probe_interval_us: 'BIGINT', availability: 'STRUCT(interval_us BIGINT)',
        workers: 'BIGINT', pool: 'STRUCT(size BIGINT)', endpoints: 'STRUCT(path VARCHAR, reader BOOLEAN)[]'
    })
)
WHERE copy = 1 AND COALESCE(warm_up_us < duration_us OR warm_up_us <= 0, true);

-- When a warm-up ended, by folder: null where no recording has one. A list for the reason above.
CREATE OR REPLACE TEMPORARY VIEW warm_up_ends AS
SELECT map(list(folder), list(start_us)) AS end_us FROM recordings WHERE start_us > recorded_from_us;

CREATE OR REPLACE TEMPORARY VIEW operations_as_recorded AS
SELECT run_id,
       host,
       path,
       operation_id,
       operation_type,
       operation_name,
       epoch_us(scheduled_time) AS scheduled_us,
       epoch_us(start_time) AS start_us,
       epoch_us(end_time) AS end_us,
       response_time_us,
       checkout_us,
       execute_us,
       outcome,
       quantity,
       connection_id,
       error_class,
       sqlstate,
       -- When the warm-up of its recording ended; null where it has none.
       (SELECT end_us FROM warm_up_ends)[regexp_replace(filename, '/operations/[^/]*$', '')] AS warm_us
FROM (
    SELECT CAST(NULL AS VARCHAR) AS run_id, CAST(NULL AS VARCHAR) AS host, CAST(NULL AS VARCHAR) AS path,
           CAST(NULL AS BIGINT) AS operation_id, CAST(NULL AS VARCHAR) AS operation_type,
           CAST(NULL AS VARCHAR) AS operation_name, CAST(NULL AS TIMESTAMPTZ) AS scheduled_time,
           CAST(NULL AS TIMESTAMPTZ) AS start_time, CAST(NULL AS TIMESTAMPTZ) AS end_time,
           CAST(NULL AS BIGINT) AS response_time_us, CAST(NULL AS BIGINT) AS checkout_us, CAST(NULL AS BIGINT) AS execute_us,
           CAST(NULL AS VARCHAR) AS outcome, CAST(NULL AS INTEGER) AS quantity, CAST(NULL AS BIGINT) AS connection_id,
           CAST(NULL AS VARCHAR) AS error_class, CAST(NULL AS VARCHAR) AS sqlstate, CAST(NULL AS VARCHAR) AS filename
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet(getvariable('recordings') || '/operations/*.parquet', union_by_name = true, allow_empty = true,
                               filename = true)
)
WHERE list_contains((SELECT list(folder) FROM recordings), regexp_replace(filename, '/operations/[^/]*$', ''));

-- setup.durable.sql replaces it by one in which the writes that an audit found lost are failures.
CREATE OR REPLACE TEMPORARY VIEW operations AS
SELECT * FROM operations_as_recorded
WHERE COALESCE(end_us > warm_us, true);

CREATE OR REPLACE TEMPORARY VIEW events AS
SELECT run_id, host, path, epoch_us(time) AS time_us, event, duration_us, status, detail
FROM (
    SELECT CAST(NULL AS VARCHAR) AS run_id, CAST(NULL AS VARCHAR) AS host, CAST(NULL AS VARCHAR) AS path,
           CAST(NULL AS TIMESTAMPTZ) AS time, CAST(NULL AS VARCHAR) AS event, CAST(NULL AS BIGINT) AS duration_us,
           CAST(NULL AS INTEGER) AS status, CAST(NULL AS VARCHAR) AS detail, CAST(NULL AS VARCHAR) AS filename
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet(getvariable('recordings') || '/events/*.parquet', union_by_name = true, allow_empty = true,
                               filename = true)
)
WHERE list_contains((SELECT list(folder) FROM recordings), regexp_replace(filename, '/events/[^/]*$', ''))
  AND COALESCE(epoch_us(time) + COALESCE(duration_us, 0) > (SELECT end_us FROM warm_up_ends)[regexp_replace(filename, '/events/[^/]*$', '')], true);

CREATE OR REPLACE TEMPORARY VIEW probes AS
SELECT run_id, host, path, probe, reader, epoch_us(time) AS time_us, duration_us, success, error_class, sqlstate
FROM (
    SELECT CAST(NULL AS VARCHAR) AS run_id, CAST(NULL AS VARCHAR) AS host, CAST(NULL AS VARCHAR) AS path,
           CAST(NULL AS TIMESTAMPTZ) AS time, CAST(NULL AS VARCHAR) AS probe, CAST(NULL AS BOOLEAN) AS reader,
           CAST(NULL AS BIGINT) AS duration_us, CAST(NULL AS BOOLEAN) AS success, CAST(NULL AS VARCHAR) AS error_class,
           CAST(NULL AS VARCHAR) AS sqlstate, CAST(NULL AS VARCHAR) AS filename
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet(getvariable('recordings') || '/probes/*.parquet', union_by_name = true, allow_empty = true,
                               filename = true)
)
WHERE list_contains((SELECT list(folder) FROM recordings), regexp_replace(filename, '/probes/[^/]*$', ''))
  AND COALESCE(epoch_us(time) + COALESCE(duration_us, 0) > (SELECT end_us FROM warm_up_ends)[regexp_replace(filename, '/probes/[^/]*$', '')], true);

-- What the availability probes met: a read and a write of a client of their own.
CREATE OR REPLACE TEMPORARY VIEW availability AS
SELECT run_id, host, path, operation_type, reader, fresh, epoch_us(time) AS time_us, duration_us, connect_us, outcome, error_class, sqlstate
FROM (
    SELECT CAST(NULL AS VARCHAR) AS run_id, CAST(NULL AS VARCHAR) AS host, CAST(NULL AS VARCHAR) AS path,
           CAST(NULL AS TIMESTAMPTZ) AS time, CAST(NULL AS VARCHAR) AS operation_type, CAST(NULL AS BOOLEAN) AS reader,
           CAST(NULL AS BOOLEAN) AS fresh, CAST(NULL AS BIGINT) AS duration_us, CAST(NULL AS BIGINT) AS connect_us,
           CAST(NULL AS VARCHAR) AS outcome, CAST(NULL AS VARCHAR) AS error_class, CAST(NULL AS VARCHAR) AS sqlstate,
           CAST(NULL AS VARCHAR) AS filename
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet(getvariable('recordings') || '/availability/*.parquet', union_by_name = true, allow_empty = true,
                               filename = true)
)
WHERE list_contains((SELECT list(folder) FROM recordings), regexp_replace(filename, '/availability/[^/]*$', ''))
  AND COALESCE(epoch_us(time) + COALESCE(duration_us, 0) > (SELECT end_us FROM warm_up_ends)[regexp_replace(filename, '/availability/[^/]*$', '')], true);

CREATE OR REPLACE TEMPORARY VIEW findings AS
SELECT run_id, host, path, operation_id, operation_name, finding, outcome, epoch_us(start_time) AS start_us, epoch_us(end_time) AS end_us,
       orders_found, logs_found, connection_id, server_address, server_port, server_timeline
FROM (
    SELECT CAST(NULL AS VARCHAR) AS run_id, CAST(NULL AS VARCHAR) AS host, CAST(NULL AS VARCHAR) AS path,
           CAST(NULL AS BIGINT) AS operation_id, CAST(NULL AS VARCHAR) AS operation_name, CAST(NULL AS VARCHAR) AS finding,
           CAST(NULL AS VARCHAR) AS outcome, CAST(NULL AS TIMESTAMPTZ) AS start_time, CAST(NULL AS TIMESTAMPTZ) AS end_time,
           CAST(NULL AS INTEGER) AS orders_found, CAST(NULL AS INTEGER) AS logs_found, CAST(NULL AS BIGINT) AS connection_id,
           CAST(NULL AS VARCHAR) AS server_address, CAST(NULL AS INTEGER) AS server_port, CAST(NULL AS INTEGER) AS server_timeline,
           CAST(NULL AS VARCHAR) AS filename
    WHERE false
    UNION ALL BY NAME
    SELECT * FROM read_parquet(getvariable('recordings') || '/audit/findings.parquet', union_by_name = true, allow_empty = true,
                               filename = true)
)
WHERE list_contains((SELECT list(folder) FROM recordings), regexp_replace(filename, '/audit/[^/]*$', ''));

-- What `recorder audit` found, a row for each path of a recording that was audited. An audit that can't be read, or whose findings are not there
-- in full, counts as none.
CREATE OR REPLACE TEMPORARY VIEW audits AS
SELECT r.run_id,
       r.host,
       a.found.path AS path,
       a.token_found,
       a.found.acknowledged AS acknowledged,
       a.found.unknown AS unknown,
       a.found.lost AS lost,
       a.found.torn AS torn,
       a.found.acknowledged_torn AS acknowledged_torn,
       a.found.duplicated AS duplicated,
       a.found.phantom AS phantom,
       a.found.unrecorded AS unrecorded,
       a.found.committed AS committed,
       a.found.not_committed AS not_committed,
       a.found.logins.lost AS logins_lost,
       a.found.logins.at_start + a.found.logins.acknowledged + a.found.logins.possible - a.found.logins.found AS logins_most_lost,
       a.found.stock.lost AS stock_lost,
       a.found.stock.at_start + a.found.stock.acknowledged + a.found.stock.possible - a.found.stock.found AS stock_most_lost
FROM (
    SELECT folder, audit.run_id AS run_id, audit.findings AS findings, audit.token_found AS token_found, UNNEST(audit.paths) AS found
    FROM (
        SELECT regexp_replace(filename, '/audit[.]json$', '') AS folder,
               json_transform(content, '{"run_id": "VARCHAR", "findings": "BIGINT", "token_found": "BOOLEAN", "paths": [{
                   "path": "VARCHAR", "acknowledged": "BIGINT", "unknown": "BIGINT", "lost": "BIGINT", "torn": "BIGINT",
                   "acknowledged_torn": "BIGINT", "duplicated": "BIGINT", "phantom": "BIGINT", "unrecorded": "BIGINT", "committed": "BIGINT",
                   "not_committed": "BIGINT",
                   "logins": {"at_start": "BIGINT", "acknowledged": "BIGINT", "possible": "BIGINT", "found": "BIGINT", "lost": "BIGINT"},
                   "stock": {"at_start": "BIGINT", "acknowledged": "BIGINT", "possible": "BIGINT", "found": "BIGINT", "lost": "BIGINT"}}]}'
               ) AS audit
        FROM (
            -- Of all JSON files in the folders: that of manifests is always there, and no file at all would be an error. As text, since one
            -- that is no JSON would be an error too.
            SELECT filename, CASE WHEN json_valid(content) THEN content END AS content
            FROM read_text(getvariable('recordings') || '/*.json')
            WHERE filename LIKE '%/audit.json'
        )
        WHERE content IS NOT NULL
    )
) AS a
JOIN recordings AS r ON r.folder = a.folder AND r.run_id = a.run_id
LEFT JOIN (SELECT run_id, host, COUNT(*) AS findings FROM findings GROUP BY run_id, host) AS f ON f.run_id = r.run_id AND f.host = r.host
WHERE a.findings = COALESCE(f.findings, 0);

-- Paths whose writes may have been lost without a finding, so that their downtime is a lower bound: setup.durable.sql tells which.
CREATE OR REPLACE TEMPORARY VIEW uncertain_writes AS
SELECT run_id, host, path FROM audits WHERE false;
