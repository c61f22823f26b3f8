"""Opens journals with pyarrow, as they are, and prints of each the number of rows and whether they are those of a Parquet file, types
included: {journal: [rows, true]}.

Arguments: pairs of a journal and the Parquet file of its rows.
"""

import json
import sys

import pyarrow
import pyarrow.parquet

seen = {}
for journal, parquet in zip(sys.argv[1::2], sys.argv[2::2]):
    table = pyarrow.ipc.open_stream(journal).read_all()
    seen[journal] = [table.num_rows, table.equals(pyarrow.parquet.read_table(parquet))]
print(json.dumps(seen))
