"""What the notebooks share: recordings as tables, the report of `analyze`, and the look of the product's charts."""

import glob
import json
import math
import os
import pathlib
import shutil
import subprocess

import duckdb
import matplotlib.pyplot as plt
import pandas

ROOT = pathlib.Path(__file__).resolve().parent.parent
SQL = ROOT / "sql/analysis"

# Those of analyze's charts (crates/analyze/src/charts/drawing/theme).
COLOURS = {
    "direct": "#0072b2",
    "proxy": "#009e73",
    "down": "#d53e00",
    "band": "#fbe0d4",
    "up": "#b9dfd2",
    "unknown": "#a83a82",
    "ink": "#22262b",
    "grey": "#5c646e",
    "grid": "#dfe3e7",
}

plt.rcParams.update(
    {
        "figure.figsize": (9, 4),
        "figure.dpi": 100,
        "figure.constrained_layout.use": True,
        "font.size": 11,
        "text.color": COLOURS["ink"],
        "axes.labelcolor": COLOURS["ink"],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": COLOURS["grid"],
        "legend.frameon": False,
    }
)
pandas.set_option(
    "display.width", 140, "display.max_columns", 30, "display.max_rows", 200, "display.max_colwidth", 60
)


def folders(pattern):
    """The recordings that a pattern names, from the repository's root, those without sealed rows left out."""
    named = sorted(glob.glob(os.path.join(ROOT, os.path.expanduser(pattern))))
    sealed = []
    for folder in map(pathlib.Path, named):
        if not (folder / "manifest.json").is_file():
            continue
        if manifest(folder)["state"] == "recording" or not (folder / "operations").is_dir():
            print(
                f"left out: {folder.name} is in progress, or its recorder was killed: run `recorder recover` on it"
            )
        else:
            sealed.append(folder)
    if not sealed:
        raise SystemExit(
            f"{pattern} names no recording that has ended: give the folder of one, or a pattern such as data/runs/*"
        )
    return sealed


def manifest(folder):
    """What was recorded, where and how."""
    return json.loads((pathlib.Path(folder) / "manifest.json").read_text())


def connect(pattern):
    """DuckDB with the views of sql/analysis over these recordings, and its outages and downtimes as tables."""
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SET VARIABLE recordings = ?", [os.path.join(ROOT, os.path.expanduser(str(pattern)))])
    db.execute((SQL / "setup.duckdb.sql").read_text())
    for name in ["outages", "downtime"]:
        db.execute(f"CREATE TEMPORARY TABLE {name} AS " + (SQL / f"{name}.sql").read_text())
    return db


def query(db, name):
    """The result of a query of sql/analysis."""
    return db.sql((SQL / f"{name}.sql").read_text()).df()


def find_analyze():
    """The program `analyze`: PGOUTAGE_ANALYZE, the newest that cargo built, or that on PATH."""
    named = os.environ.get("PGOUTAGE_ANALYZE")
    if named:
        if not pathlib.Path(named).is_file():
            raise SystemExit(f"PGOUTAGE_ANALYZE names {named}, which is no file: set it to the program `analyze`")
        return named
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for path in (target / "release/analyze", target / "debug/analyze") if path.is_file()]
    return str(max(built, key=lambda path: path.stat().st_mtime)) if built else shutil.which("analyze")


ANALYZE = find_analyze()
if ANALYZE is None:
    print(
        "`analyze` was not found, so nothing here is compared with its report. "
        "Build it (cargo build -p analyze), put it on PATH, or set PGOUTAGE_ANALYZE to it, and start again."
    )


def analyze(*arguments):
    """What a command of `analyze` prints as JSON; None where the program is not there."""
    if ANALYZE is None:
        return None
    done = subprocess.run([ANALYZE, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"analyze {arguments[0]} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def beside(here, report):
    """Figures computed here, {name: figure}, beside those of the report: a table. They have to be equal."""
    if report is None:
        return pandas.DataFrame({"here": pandas.Series(here, dtype=object)}).fillna("-")
    assert here.keys() == report.keys(), f"only on one side: {sorted(here.keys() ^ report.keys())}"
    differ = {name: (here[name], report[name]) for name in here if not equal(here[name], report[name])}
    assert not differ, f"here and in the report: {differ}"
    both = {"here": pandas.Series(here, dtype=object), "report": pandas.Series(report, dtype=object)}
    return pandas.DataFrame(both).loc[list(here)].fillna("-")


def equal(here, report):
    """Whether two figures are the same, to within the last digits of a float; no figure equals no figure."""
    if pandas.isna(here) or pandas.isna(report):
        return bool(pandas.isna(here) and pandas.isna(report))
    return math.isclose(here, report, rel_tol=1e-12)


def micros(text):
    """A time of the manifest or the report as the tables' views have it: UTC microseconds."""
    return int(pandas.Timestamp(text).value // 1000)
