"""Reads the tables of recordings as they are, with several engines, and prints what each one sees:
{engine: {folder of a table: {"rows": number, "columns": [[name, type in FORMAT.md's words, nulls, sum], ...]}}}.

The sum is of the numbers, of the microseconds since 2026 of times, of the characters of texts, of what is true.
Arguments: FORMAT.md, engines with commas between, folders of tables.
"""

import json
import pathlib
import sys

SINCE_US = 1_767_225_600_000_000
document = pathlib.Path(sys.argv[1]).read_text()


def type_names(engine):
    """From an engine's name of a type to that of FORMAT.md, by its table of types."""
    lines = [line for line in document.split("## Types")[1].split("\n") if line.startswith("|")]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    column = cells[0].index(engine)
    return {line[column]: line[0] for line in cells[2 : 2 + 6]}


def with_duckdb(folder):
    import duckdb

    names = type_names("DuckDB")
    db = duckdb.connect()
    db.execute("SET VARIABLE parts = ?", [f"{folder}/*.parquet"])
    db.execute("CREATE TEMPORARY VIEW parts AS SELECT * FROM read_parquet(getvariable('parts'))")
    measures = {
        "string": "length({})",
        "boolean": "CAST({} AS INTEGER)",
        "timestamp": f"epoch_us({{}}) - {SINCE_US}",
    }
    columns = []
    for name, shown in db.execute("SELECT column_name, column_type FROM (DESCRIBE parts)").fetchall():
        measure = measures.get(names[shown], "{}").format(name)
        nulls, total = db.execute(f"SELECT count(*) - count({name}), sum({measure}) FROM parts").fetchone()
        columns.append([name, names[shown], nulls, number(total)])
    return db.execute("SELECT count(*) FROM parts").fetchone()[0], columns


def with_pyarrow(folder):
    import pyarrow.compute
    import pyarrow.dataset

    # What the document calls by the names of the Arrow format has names of its own here.
    own = {"string": "Utf8", "int32": "Int32", "int64": "Int64", "double": "Float64", "bool": "Boolean"}
    own["timestamp[us, tz=UTC]"] = "Timestamp(us, UTC)"
    names = type_names("Arrow")
    table = pyarrow.dataset.dataset(folder, format="parquet").to_table()
    measures = {
        "string": pyarrow.compute.utf8_length,
        "boolean": lambda column: column.cast("int64"),
        "timestamp": lambda column: pyarrow.compute.subtract(column.cast("int64"), SINCE_US),
    }
    columns = []
    for field in table.schema:
        kind, column = names[own[str(field.type)]], table[field.name]
        total = pyarrow.compute.sum(measures.get(kind, lambda same: same)(column)).as_py()
        columns.append([field.name, kind, column.null_count, number(total)])
    return table.num_rows, columns


def with_pandas(folder):
    import pandas

    names = type_names("pandas")
    documented = columns_of(pathlib.Path(folder).name)
    frame = pandas.read_parquet(folder)
    measures = {
        "string": lambda column: column.str.len(),
        "timestamp": lambda column: column.astype("int64") - SINCE_US,
    }
    columns = []
    for name, column in frame.items():
        kind, nulls = names.get(str(column.dtype)), int(column.isna().sum())
        # As the document says of columns that hold a null.
        instead = {"int32": "float64", "int64": "float64", "boolean": "object"}.get(documented.get(name))
        if nulls and str(column.dtype) == instead:
            kind = documented[name]
        total = measures.get(kind, lambda same: same)(column.dropna()).sum()
        columns.append([name, kind, nulls, number(total)])
    return len(frame), columns


def with_polars(folder):
    import polars

    names = type_names("Polars")
    frame = polars.read_parquet(f"{folder}/*.parquet")
    measures = {
        "string": lambda column: column.str.len_chars(),
        "timestamp": lambda column: column.dt.timestamp("us") - SINCE_US,
    }
    columns = []
    for column in frame:
        shown = str(column.dtype).replace("time_unit='us', time_zone='UTC'", "us, UTC")
        kind = names[shown]
        total = measures.get(kind, lambda same: same)(column).sum()
        columns.append([column.name, kind, column.null_count(), number(total)])
    return len(frame), columns


def with_spark(folder):
    from pyspark.sql import functions
    from spark_session import session

    names = type_names("Spark")
    frame = session().read.parquet(folder)
    measures = {
        "string": functions.length,
        "boolean": lambda column: column.cast("int"),
        "timestamp": lambda column: functions.unix_micros(column) - SINCE_US,
    }
    wanted = [functions.count(functions.lit(1))]
    for name, shown in frame.dtypes:
        measure = measures.get(names[shown], lambda same: same)(functions.col(name))
        wanted += [functions.count(name), functions.sum(measure)]
    row = frame.agg(*wanted).collect()[0]
    rows, columns = row[0], []
    for index, (name, shown) in enumerate(frame.dtypes):
        columns.append([name, names[shown], rows - row[1 + 2 * index], number(row[2 + 2 * index])])
    return rows, columns


def columns_of(table):
    """The columns of a table and their types, as FORMAT.md has them."""
    section = document.split(f"## Table: `{table}`")[1].split("\n## ")[0]
    lines = [line for line in section.split("\n") if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {line[0].strip("`"): line[1] for line in cells}


def number(total):
    """Sums of nothing are null in some engines and 0 in others; whole numbers are fractions in pandas; fractions differ in the
    order of addition."""
    total = round(float(total), 3) if isinstance(total, float) else int(total or 0)
    return int(total) if total == int(total) else total


engines = {
    "duckdb": with_duckdb,
    "pyarrow": with_pyarrow,
    "pandas": with_pandas,
    "polars": with_polars,
    "spark": with_spark,
}
seen = {}
for engine in sys.argv[2].split(","):
    seen[engine] = {}
    for folder in sys.argv[3:]:
        rows, columns = engines[engine](folder)
        seen[engine][folder] = {"rows": rows, "columns": columns}
print(json.dumps(seen))
