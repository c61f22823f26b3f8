"""Reads the folder of a table as a whole, with several engines, and prints how many rows each one sees: {engine: rows}.

Arguments: engines with commas between, the folder.
"""

import json
import sys

folder = sys.argv[2]


def with_duckdb():
    import duckdb

    return duckdb.connect().execute("SELECT count(*) FROM read_parquet(?)", [f"{folder}/*"]).fetchone()[0]


def with_pyarrow():
    import pyarrow.dataset

    return pyarrow.dataset.dataset(folder, format="parquet").to_table().num_rows


def with_pandas():
    import pandas

    return len(pandas.read_parquet(folder))


def with_polars():
    import polars

    return polars.scan_parquet(folder).collect().height


def with_spark():
    from spark_session import session

    return session().read.parquet(folder).count()


engines = {
    "duckdb": with_duckdb,
    "pyarrow": with_pyarrow,
    "pandas": with_pandas,
    "polars": with_polars,
    "spark": with_spark,
}
print(json.dumps({engine: engines[engine]() for engine in sys.argv[1].split(",")}))
