"""Executes notebooks, and compares what they show with the outputs that are kept in them.

    python notebooks/execute.py                       1 to 4: fails on an error, and where an output differs
    python notebooks/execute.py --update              1 to 4: keeps the new outputs
    python notebooks/execute.py --update 5            the fifth, which needs Spark (requirements-spark.txt)
    python notebooks/execute.py --recordings 'data/runs/*' 2
                                                      on other recordings: fails on an error only

The kernel is the Python that runs this.
"""

import argparse
import base64
import io
import os
import pathlib
import re
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
# The mean difference of two pictures, over all channels (0 to 255): another machine rounds the edge of a line differently.
SAME_PICTURE = 0.2
# What colours a traceback in a terminal.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main():
    parser = argparse.ArgumentParser(description="Execute notebooks and compare their outputs with the kept ones")
    parser.add_argument(
        "numbers", nargs="*", metavar="NUMBER", default=["1", "2", "3", "4"], help="which notebooks"
    )
    parser.add_argument("--update", action="store_true", help="keep the new outputs")
    parser.add_argument("--recordings", help="in place of the recordings that the notebooks name")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as settings:
        # A user's own kernels and start-up files stay out of it.
        os.environ.update(JUPYTER_PREFER_ENV_PATH="1", JUPYTER_RUNTIME_DIR=settings, IPYTHONDIR=settings)
        os.environ.update(PYTHONDONTWRITEBYTECODE="1")
        # Makes matplotlib's list of fonts where there is none yet, which it would say in a cell.
        import matplotlib.font_manager  # noqa: F401

        failures = [failure for number in arguments.numbers for failure in check(number, arguments)]
    sys.exit("\n".join(failures) or 0)


def check(number, arguments):
    import nbformat

    paths = sorted(FOLDER.glob(f"{number}-*.ipynb"))
    if len(paths) != 1:
        return [f"there is no notebook {number} in {FOLDER}"]
    path = paths[0]
    kept = nbformat.read(path, as_version=4)
    new = nbformat.from_dict(kept)
    if arguments.recordings:
        name_others(new, arguments.recordings)
    error = execute(new)
    if error:
        return [f"{path.name}: {error}"]
    if arguments.recordings:
        return []
    if arguments.update:
        nbformat.write(new, path)
        return []
    how = f"`python notebooks/execute.py --update {number}` keeps the new outputs"
    return [f"{path.name}: {difference}; {how}" for difference in differences(kept, new)]


def name_others(notebook, recordings):
    """Replaces the recordings in the one cell that names them."""
    cells = [
        cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("RECORDINGS = ")
    ]
    assert len(cells) == 1, "one cell names the recordings"
    cells[0].source = re.sub(r"^RECORDINGS = .*", f"RECORDINGS = {recordings!r}", cells[0].source)


def execute(notebook):
    """Runs every cell; returns what went wrong."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from traitlets.config import Config

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=None,
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
        # Through sockets in the temporary folder: no port is opened.
        config=Config(
            KernelManager={"transport": "ipc", "ip": os.path.join(os.environ["JUPYTER_RUNTIME_DIR"], "kernel")}
        ),
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return COLOUR.sub("", str(error))
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    root = str(FOLDER.parent)
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                return f"a cell warned:\n{output.text}"
            if root in str(output):
                return f"an output has a path of this machine:\n{output}"
    return None


def differences(kept, new):
    """What the outputs of a notebook show that the kept ones do not."""
    for number, (before, after) in enumerate(zip(kept.cells, new.cells), 1):
        before, after = (cell.get("outputs", []) for cell in (before, after))
        was, now = ([texts(output) for output in outputs] for outputs in (before, after))
        if was != now:
            yield f"the output of cell {number} is now\n{now}\nand was\n{was}"
        elif not all(map(same_picture, before, after)):
            yield f"the picture of cell {number} is another"


def texts(output):
    """All of an output but its pictures."""
    data = output.get("data", {})
    shown = {kind: "a picture" if kind.startswith("image/") else value for kind, value in data.items()}
    return output.get("text"), shown


def same_picture(before, after):
    import numpy
    from PIL import Image

    pictures = [output.get("data", {}).get("image/png") for output in (before, after)]
    if pictures == [None, None]:
        return True
    opened = (Image.open(io.BytesIO(base64.b64decode(picture))) for picture in pictures)
    before, after = (numpy.asarray(picture.convert("RGB"), dtype=float) for picture in opened)
    return before.shape == after.shape and numpy.abs(before - after).mean() < SAME_PICTURE


if __name__ == "__main__":
    main()
