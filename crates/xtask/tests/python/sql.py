"""Runs every query of sql/analysis in an engine and prints the rows: {query: [{column: value}]}.

Arguments: duckdb or spark, with +durable where lost writes are failures; the folder of the queries; a pattern of recordings' folders;
queries, where not those of `analyze report`.
"""

import json
import pathlib
import subprocess
import sys

engine, queries, recordings = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
engine, _, variant = engine.partition("+")
# Those that others read, as views, in their order.
VIEWS = ["outages", "downtime", "service_outages", "service_downtime"]
SELECTS = sys.argv[4:] or ["success", "response_times", "errors", "recordings", *VIEWS]


def text(name):
    return (queries / f"{name}.sql").read_text()


def steps(name):
    """The script that the command in setup.spark.sql makes of a query."""
    lines = text("setup.spark").splitlines()
    command = next(line for line in lines if line.startswith("--     sed "))
    command = command.removeprefix("--").replace("outages.sql", str(queries / f"{name}.sql"))
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout


def duckdb_run():
    import duckdb

    db = duckdb.connect()
    db.execute("SET VARIABLE recordings = ?", [recordings])
    db.execute(text("setup.duckdb"))
    if variant == "durable":
        db.execute(text("setup.durable"))
    for name in VIEWS:
        db.execute(f"CREATE TEMPORARY VIEW {name} AS " + text(name))

    def select(name):
        result = db.execute(text(name))
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row)) for row in result.fetchall()]

    return select


def spark_run():
    from spark_session import session

    spark = session()
    spark.conf.set("spark.recordings", recordings)
    # Here Spark takes one statement at a time.
    for statement in text("setup.spark").split(";\n"):
        if "CREATE" in statement:
            spark.sql(statement)
    if variant == "durable":
        for statement in text("setup.durable").split(";\n"):
            if "CREATE" in statement:
                spark.sql(statement)
    # On a test's few rows planning takes all of the time.
    spark.sql("CACHE TABLE operations")
    needed = [name for name in VIEWS if name in SELECTS]
    last = max(map(VIEWS.index, needed), default=VIEWS.index("downtime"))
    for name in VIEWS[: last + 1]:
        spark.sql(f"CREATE DATABASE {name}")
        spark.sql(f"USE {name}")
        for statement in steps(name).split(";\n"):
            if "CREATE" in statement:
                spark.sql(statement)
        spark.sql(f"CREATE TEMPORARY VIEW {name} AS SELECT * FROM {name}.result")

    def select(name):
        query = f"SELECT * FROM {name}" if name in VIEWS else text(name)
        return [row.asDict() for row in spark.sql(query).collect()]

    return select


select = {"duckdb": duckdb_run, "spark": spark_run}[engine]()
print(json.dumps({name: select(name) for name in SELECTS}))
