"""Runs a block of a guide in the folder where its reader stands: Python as it is, SQL in DuckDB, where each query has to find a row."""

import pathlib
import runpy
import sys

file = pathlib.Path(sys.argv[1])
if file.suffix == ".python":
    runpy.run_path(str(file))
else:
    import duckdb

    for statement in duckdb.extract_statements(file.read_text()):
        found = duckdb.sql(statement.query)
        if found is not None:
            found.show()
            if not found.fetchall():
                sys.exit(f"no row: {statement.query}")
