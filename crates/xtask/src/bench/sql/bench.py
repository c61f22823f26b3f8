"""`cargo xtask bench sql`: makes a recording, or runs one query of it in a process of its own.

make FOLDER ROWS ROWS_SQL       the recording
run QUERIES RECORDINGS NAME     a query of sql/analysis, or `quantile_disc`; prints CPU seconds, peak memory in MiB, rows
"""

import json
import pathlib
import resource
import sys
import tempfile

import duckdb

START_US = 1_795_380_180_000_000
RUN_ID = "20261122T204300Z-be7c"


def make(folder, rows, text):
    folder = pathlib.Path(folder)
    for table in ["operations", "events", "probes", "availability"]:
        (folder / table).mkdir(parents=True)
    db = duckdb.connect()
    db.execute("SET threads = 2")
    # Rows come as they were drawn; sorting them would need their size in memory.
    db.execute("SET preserve_insertion_order = false")
    for name, value in [("rows", int(rows)), ("run_id", RUN_ID), ("start_us", START_US)]:
        db.execute(f"SET VARIABLE {name} = ?", [value])
    db.execute(f"COPY ({pathlib.Path(text).read_text()}) TO '{folder}/operations/direct-00001.parquet' (COMPRESSION zstd)")
    duration_us = int(rows) // 2 * 200 + 1_000_000
    of_row = f"'{RUN_ID}' AS run_id, 'bench' AS host"
    # The recorder was stopped for 0.3 s, once a minute.
    db.execute(
        f"""COPY (SELECT {of_row}, CAST(NULL AS VARCHAR) AS path, make_timestamptz({START_US} + n * 60000000) AS time,
                  'client_paused' AS event, CAST(300000 AS BIGINT) AS duration_us, CAST(NULL AS INTEGER) AS status, '0.3' AS detail
                  FROM range(1, {duration_us} // 60000000 + 1) AS r (n))
            TO '{folder}/events/events-00001.parquet'"""
    )
    db.execute(
        f"""COPY (SELECT {of_row}, p.path, make_timestamptz({START_US} + n * 1000000) AS time, 'server' AS probe, false AS reader,
                  CAST(900 AS BIGINT) AS duration_us, n % 200 NOT BETWEEN 80 AND 88 AS success, CAST(NULL AS VARCHAR) AS error_class,
                  CAST(NULL AS VARCHAR) AS sqlstate
                  FROM range(0, {duration_us} // 1000000) AS r (n), (VALUES ('direct'), ('proxy')) AS p (path))
            TO '{folder}/probes/probes-00001.parquet'"""
    )
    # Refused for 9 s of every 200, every 97th in time and slow.
    db.execute(
        f"""COPY (SELECT {of_row}, p.path, make_timestamptz({START_US} + n * 50000) AS time, k.operation_type, false AS reader,
                  n % 4000 BETWEEN 1600 AND 1780 AS fresh, CAST(CASE WHEN n % 97 = 0 THEN 150000 ELSE 900 END AS BIGINT) AS duration_us,
                  CAST(NULL AS BIGINT) AS connect_us,
                  CASE WHEN n % 4000 BETWEEN 1600 AND 1780 THEN 'failed' ELSE 'ok' END AS outcome,
                  CASE WHEN n % 4000 BETWEEN 1600 AND 1780 THEN 'refused' END AS error_class, CAST(NULL AS VARCHAR) AS sqlstate
                  FROM range(0, {duration_us} // 50000) AS r (n), (VALUES ('direct'), ('proxy')) AS p (path),
                       (VALUES ('read'), ('write')) AS k (operation_type))
            TO '{folder}/availability/availability-00001.parquet'"""
    )
    manifest = {
        "format_version": 1,
        "run_id": RUN_ID,
        "host": "bench",
        "state": "complete",
        "start_time": "2026-11-22T20:43:00.000000Z",
        "duration_us": duration_us,
        "mode": "both",
        "workers": 64,
        "pool": {"size": 64},
        "probe_interval_us": 1_000_000,
        "availability": {"interval_us": 50_000, "limit_us": 1_000_000, "writes": True},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def run(queries, recordings, name):
    queries = pathlib.Path(queries)
    db = duckdb.connect()
    db.execute("SET threads = 2")
    # What does not fit goes to disk: the budget is 2 GiB for the whole process.
    db.execute("SET memory_limit = '1600MB'")
    db.execute(f"SET temp_directory = '{tempfile.mkdtemp()}'")
    db.execute("SET VARIABLE recordings = ?", [recordings])
    db.execute((queries / "setup.duckdb.sql").read_text())
    if name == "durability":
        db.execute((queries / "setup.durable.sql").read_text())
    if name == "quantile_disc":
        text = "SELECT path, quantile_disc(response_time_us, [0.5, 0.9, 0.95, 0.99, 0.999]) FROM operations WHERE outcome IN ('ok', 'rejected') GROUP BY path"
    else:
        for view in ["outages", "downtime", "service_outages"]:
            db.execute(f"CREATE TEMPORARY VIEW {view} AS " + (queries / f"{view}.sql").read_text())
        text = (queries / f"{name}.sql").read_text()
    rows = len(db.execute(text).fetchall())
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, rows)


{"make": make, "run": run}[sys.argv[1]](*sys.argv[2:])
