"""Options that several commands share: their names, their help, and what their values become."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from policyframes.documents import Limits

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Documents: .txt .md .html .docx .pdf; - for standard input.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write the report and tables to this folder.")
]
BundleName = Annotated[str, typer.Option(help="Name of a shipped bundle, or the folder of any.")]
QualityName = Annotated[
    Literal["fast", "balanced", "best"] | None,
    typer.Option(help="No encoder, a small one for the unsure passages, or a larger, slower one for all."),
]
FileFormat = Annotated[
    str | None, typer.Option("--format", help="txt, md, html, docx or pdf, whatever the files are called.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")]
MaxSeconds = Annotated[float, typer.Option(min=0.1, help="Time that reading one document may take.")]
MaxMemory = Annotated[int, typer.Option(min=64, help="Memory that reading one document may take.")]
MaxInput = Annotated[int, typer.Option(min=1, help="Size that one document may have.")]
Matrix = Annotated[bool, typer.Option("--matrix", help="With -o: matrix.csv, documents x framings as 0 and 1.")]
Quanteda = Annotated[bool, typer.Option("--quanteda", help="With -o: quanteda.csv, a corpus for quanteda in R.")]
Excel = Annotated[bool, typer.Option("--excel", help="With -o: CSV files for Excel, in which no cell is a formula.")]

SECONDS, MEMORY_MB, INPUT_MB = 60, 1024, 128
_MEBIBYTE = 1024 * 1024


def make_limits(seconds: float, memory_mb: int, input_mb: int) -> Limits:
    """Return the limits of reading one document."""
    from policyframes.documents import Limits  # noqa: PLC0415  (it costs time that --help need not pay)

    return Limits(seconds=seconds, memory_bytes=memory_mb * _MEBIBYTE, input_bytes=input_mb * _MEBIBYTE)
