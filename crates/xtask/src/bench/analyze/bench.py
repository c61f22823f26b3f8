"""`cargo xtask bench analyze`: one measurement in a process of its own. Prints wall and CPU seconds, peak memory in MiB, bytes of what was written.

report ANALYZE RECORDING            `analyze report --json`
charts ANALYZE RECORDING OUT        `analyze charts`
duckdb QUERIES RECORDING            the same figures by the queries of sql/analysis
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

# The queries that give the figures of a report: rates, percentiles, failures, outages and downtime (which reads the outages).
QUERIES = ["success", "response_times", "errors", "downtime"]


def of_program(*command):
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return resource.RUSAGE_CHILDREN, 0


def report(program, recording):
    return of_program(program, "report", recording, "--json")


def charts(program, recording, out):
    who, _ = of_program(program, "charts", recording, "--out", out)
    return who, sum(file.stat().st_size for file in pathlib.Path(out).glob("*.png"))


def of_queries(queries, recording):
    import duckdb

    queries = pathlib.Path(queries)
    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute(f"SET temp_directory = '{tempfile.mkdtemp()}'")
    db.execute("SET VARIABLE recordings = ?", [recording])
    db.execute((queries / "setup.duckdb.sql").read_text())
    db.execute("CREATE TEMPORARY VIEW outages AS " + (queries / "outages.sql").read_text())
    for name in QUERIES:
        db.execute((queries / f"{name}.sql").read_text()).fetchall()
    return resource.RUSAGE_SELF, 0


begun = time.monotonic()
who, written = {"report": report, "charts": charts, "duckdb": of_queries}[sys.argv[1]](*sys.argv[2:])
wall = time.monotonic() - begun
used = resource.getrusage(who)
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, written)
