"""Run examples/worked-example.ipynb from the top and write what it shows into it: python examples/run_notebook.py."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

NOTEBOOK = Path(__file__).resolve().parent / "worked-example.ipynb"
SECONDS = 300
COLOURS = 160


def run_notebook(path: Path = NOTEBOOK) -> nbformat.NotebookNode:
    """Return the notebook as it looks after a run; the file stays as it is."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=place).execute()
    for cell in notebook.cells:
        # Times of this run, which would make every run another file.
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if picture := output.get("data", {}).get("image/png"):
                output.data["image/png"] = shrink_picture(picture)
    # The interpreter of this machine is no part of the example.
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def shrink_picture(picture: str) -> str:
    """Return a PNG in base64 with few colours, which is half as large and looks the same."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    buffer = io.BytesIO()
    # The usual method takes the colours that fill most of a picture, and bends those of small marks.
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


if __name__ == "__main__":
    nbformat.write(run_notebook(), NOTEBOOK)
    print(f"{NOTEBOOK.name}: {NOTEBOOK.stat().st_size // 1000} kB")
