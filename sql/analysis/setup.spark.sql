-- The views that the queries of this folder read, in Spark SQL 4. Say first where the recordings are, as a pattern of their
-- folders, and that times are UTC, as settings of the session:
--
--     spark-sql --conf spark.recordings='data/runs/*' --conf spark.sql.session.timeZone=UTC
--     spark.conf.set("spark.recordings", "s3a://bucket/fleet/*/*")                        in Python
--
-- Spark computes a CTE as often as it is named: outages.sql, downtime.sql, service_outages.sql and service_downtime.sql as they stand take
-- minutes to plan, and gigabytes. Make a table of each of their CTEs, and one of the result. This command makes a script of a query; run it in
-- a database of its own (CREATE DATABASE outages, then USE outages), which can be dropped afterwards (DROP DATABASE outages CASCADE):
--
--     sed -E 's/^(WITH )?([a-z_]+) AS \($/CREATE TABLE \2 USING parquet AS (/; s/^\),?$/);/; s/^SELECT/CREATE TABLE result USING parquet AS SELECT/; $s/$/;/' outages.sql
--
-- downtime.sql reads the view that other engines make of outages.sql: CREATE TEMPORARY VIEW outages AS SELECT * FROM outages.result. In the same
-- way service_downtime.sql reads `downtime` and `service_outages`.
--
-- Times become UTC microseconds since 1970 (columns *_us): the queries then need no engine's own functions. A table that was
-- never written, and a column that an older recorder did not write, read as empty.
--
-- The warm-up of a recording (`recorder run --warm-up`) is left out, as `analyze` leaves it out: `recordings.start_us` is its end, and of the other
-- views what ended in it is no row. `operations_as_recorded` has it all. A recording that is all warm-up is left out.
--
-- A recording that is there twice, as copies of one folder, counts once: one that has an end, the first by name. It is told by the names
-- of the files: DISTINCT over the rows would hold all of them in memory.

CREATE OR REPLACE TEMPORARY VIEW recording_manifests (
    run_id STRING, host STRING, state STRING, start_time STRING, duration_us BIGINT, warm_up_us BIGINT,
    dropped_rows STRUCT<operations: BIGINT, probes: BIGINT, availability: BIGINT>, probe_interval_us BIGINT,
    availability STRUCT<interval_us: BIGINT>, workers BIGINT, pool STRUCT<size: BIGINT>, endpoints ARRAY<STRUCT<path: STRING, reader: BOOLEAN>>
) USING json OPTIONS (path '${spark.recordings}/manifest.json', multiLine 'true');

CREATE OR REPLACE TEMPORARY VIEW recordings AS
SELECT folder,
       run_id,
       host,
       state,
       unix_micros(CAST(start_time AS TIMESTAMP)) AS recorded_from_us,
       unix_micros(CAST(start_time AS TIMESTAMP)) + GREATEST(COALESCE(warm_up_us, 0), 0) AS start_us,
       -- Null while it runs, and where its recorder was killed and it was not recovered yet; a recovered one has an end.
       unix_micros(CAST(start_time AS TIMESTAMP)) + duration_us AS end_us,
       COALESCE(dropped_rows.operations, 0) AS dropped_operations,
       COALESCE(dropped_rows.probes, 0) AS dropped_probes,
       COALESCE(dropped_rows.availability, 0) AS dropped_availability,
       probe_interval_us,
       -- Null where no availability probes were sent.
       availability.interval_us AS availability_interval_us,
       workers,
       pool.size AS pool_size,
       -- The reads of a path may have an endpoint of their own.
       array_contains(endpoints, named_struct('path', 'direct', 'reader', true)) AS direct_reads_elsewhere,
       array_contains(endpoints, named_struct('path', 'proxy', 'reader', true)) AS proxy_reads_elsewhere
FROM (
    SELECT *,
           ROW_NUMBER() OVER (PARTITION BY run_id, host
                              ORDER BY CASE WHEN duration_us IS NULL THEN 1 ELSE 0 END, folder) AS copy
    FROM (SELECT *, regexp_replace(input_file_name(), '/manifest[.]json$', '') AS folder FROM recording_manifests) AS placed
) AS manifests
WHERE copy = 1 AND COALESCE(warm_up_us < duration_us OR warm_up_us <= 0, true);

-- When the warm-up of a recording ended: null where it has none.
CREATE OR REPLACE TEMPORARY VIEW warm_up_ends AS
SELECT folder, CASE WHEN start_us > recorded_from_us THEN start_us END AS warm_us FROM recordings;

-- By the names of parts and not by folder: Spark refuses a folder pattern that nothing matches.
CREATE OR REPLACE TEMPORARY VIEW recording_operations (
    run_id STRING, host STRING, path STRING, operation_id BIGINT, operation_type STRING, operation_name STRING,
    scheduled_time TIMESTAMP, start_time TIMESTAMP, end_time TIMESTAMP, response_time_us BIGINT,
    checkout_us BIGINT, execute_us BIGINT, outcome STRING, quantity INT, connection_id BIGINT, error_class STRING, sqlstate STRING
) USING parquet OPTIONS (path '${spark.recordings}', recursiveFileLookup 'true', pathGlobFilter '{direct,proxy}-*.parquet');

CREATE OR REPLACE TEMPORARY VIEW operations_as_recorded AS
SELECT run_id,
       host,
       path,
       operation_id,
       operation_type,
       operation_name,
       unix_micros(scheduled_time) AS scheduled_us,
       unix_micros(start_time) AS start_us,
       unix_micros(end_time) AS end_us,
       response_time_us,
       checkout_us,
       execute_us,
       outcome,
       quantity,
       connection_id,
       error_class,
       sqlstate,
       w.warm_us
FROM (SELECT *, regexp_replace(input_file_name(), '/operations/[^/]*$', '') AS folder FROM recording_operations) AS placed
JOIN warm_up_ends AS w ON w.folder = placed.folder;

-- setup.durable.sql replaces it by one in which the writes that an audit found lost are failures.
CREATE OR REPLACE TEMPORARY VIEW operations AS
SELECT * FROM operations_as_recorded
WHERE COALESCE(end_us > warm_us, true);

CREATE OR REPLACE TEMPORARY VIEW recording_events (
    run_id STRING, host STRING, path STRING, time TIMESTAMP, event STRING, duration_us BIGINT, status INT, detail STRING
) USING parquet OPTIONS (path '${spark.recordings}', recursiveFileLookup 'true', pathGlobFilter 'events-*.parquet');

CREATE OR REPLACE TEMPORARY VIEW events AS
SELECT run_id, host, path, unix_micros(time) AS time_us, event, duration_us, status, detail
FROM (SELECT *, regexp_replace(input_file_name(), '/events/[^/]*$', '') AS folder FROM recording_events) AS placed
JOIN warm_up_ends AS w ON w.folder = placed.folder
WHERE COALESCE(unix_micros(time) + COALESCE(duration_us, 0) > w.warm_us, true);

CREATE OR REPLACE TEMPORARY VIEW recording_probes (
    run_id STRING, host STRING, path STRING, probe STRING, reader BOOLEAN, time TIMESTAMP, duration_us BIGINT, success BOOLEAN,
    error_class STRING, sqlstate STRING
) USING parquet OPTIONS (path '${spark.recordings}', recursiveFileLookup 'true', pathGlobFilter 'probes-*.parquet');

CREATE OR REPLACE TEMPORARY VIEW probes AS
SELECT run_id, host, path, probe, reader, unix_micros(time) AS time_us, duration_us, success, error_class, sqlstate
FROM (SELECT *, regexp_replace(input_file_name(), '/probes/[^/]*$', '') AS folder FROM recording_probes) AS placed
JOIN warm_up_ends AS w ON w.folder = placed.folder
WHERE COALESCE(unix_micros(time) + COALESCE(duration_us, 0) > w.warm_us, true);

CREATE OR REPLACE TEMPORARY VIEW recording_availability (
    run_id STRING, host STRING, path STRING, operation_type STRING, reader BOOLEAN, fresh BOOLEAN, time TIMESTAMP, duration_us BIGINT,
    connect_us BIGINT, outcome STRING, error_class STRING, sqlstate STRING
) USING parquet OPTIONS (path '${spark.recordings}', recursiveFileLookup 'true', pathGlobFilter 'availability-*.parquet');

-- What the availability probes met: a read and a write of a client of their own.
CREATE OR REPLACE TEMPORARY VIEW availability AS
SELECT run_id, host, path, operation_type, reader, fresh, unix_micros(time) AS time_us, duration_us, connect_us, outcome, error_class, sqlstate
FROM (SELECT *, regexp_replace(input_file_name(), '/availability/[^/]*$', '') AS folder FROM recording_availability) AS placed
JOIN warm_up_ends AS w ON w.folder = placed.folder
WHERE COALESCE(unix_micros(time) + COALESCE(duration_us, 0) > w.warm_us, true);

CREATE OR REPLACE TEMPORARY VIEW recording_findings (
    run_id STRING, host STRING, path STRING, operation_id BIGINT, operation_name STRING, finding STRING, outcome STRING,
    start_time TIMESTAMP, end_time TIMESTAMP, orders_found INT, logs_found INT, connection_id BIGINT, server_address STRING,
    server_port INT, server_timeline INT
) USING parquet OPTIONS (path '${spark.recordings}', recursiveFileLookup 'true', pathGlobFilter 'findings.parquet');

CREATE OR REPLACE TEMPORARY VIEW findings AS
SELECT run_id, host, path, operation_id, operation_name, finding, outcome, unix_micros(start_time) AS start_us,
       unix_micros(end_time) AS end_us, orders_found, logs_found, connection_id, server_address, server_port, server_timeline
FROM (SELECT *, regexp_replace(input_file_name(), '/audit/[^/]*$', '') AS folder FROM recording_findings) AS placed
WHERE folder IN (SELECT folder FROM recordings);

CREATE OR REPLACE TEMPORARY VIEW recording_audits (
    run_id STRING, findings BIGINT, token_found BOOLEAN,
    paths ARRAY<STRUCT<path: STRING, acknowledged: BIGINT, unknown: BIGINT, lost: BIGINT, torn: BIGINT, acknowledged_torn: BIGINT,
                       duplicated: BIGINT, phantom: BIGINT, unrecorded: BIGINT, committed: BIGINT, not_committed: BIGINT,
                       logins: STRUCT<at_start: BIGINT, acknowledged: BIGINT, possible: BIGINT, found: BIGINT, lost: BIGINT>,
                       stock: STRUCT<at_start: BIGINT, acknowledged: BIGINT, possible: BIGINT, found: BIGINT, lost: BIGINT>>>
) USING json OPTIONS (path '${spark.recordings}', multiLine 'true', recursiveFileLookup 'true', pathGlobFilter 'audit.json');

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
    SELECT run_id, folder, findings, token_found, explode(paths) AS found
    FROM (SELECT *, regexp_replace(input_file_name(), '/audit[.]json$', '') AS folder FROM recording_audits) AS placed
) AS a
JOIN recordings AS r ON r.folder = a.folder AND r.run_id = a.run_id
LEFT JOIN (SELECT run_id, host, COUNT(*) AS findings FROM findings GROUP BY run_id, host) AS f ON f.run_id = r.run_id AND f.host = r.host
WHERE a.findings = COALESCE(f.findings, 0);

-- Paths whose writes may have been lost without a finding, so that their downtime is a lower bound: setup.durable.sql tells which.
CREATE OR REPLACE TEMPORARY VIEW uncertain_writes AS
SELECT run_id, host, path FROM audits WHERE false;
