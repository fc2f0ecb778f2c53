"""`policyframes score`: documents in; a table, JSON lines, or a folder of results out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from policyframes.cli.options import (
    INPUT_MB,
    MEMORY_MB,
    SECONDS,
    BundleName,
    Excel,
    FileFormat,
    Files,
    Matrix,
    MaxInput,
    MaxMemory,
    MaxSeconds,
    Output,
    QualityName,
    Quanteda,
    Quiet,
    make_limits,
)

if TYPE_CHECKING:
    from policyframes.report.rows import Result


def score(  # noqa: PLR0913  (each is an option of the command line)
    files: Files,
    *,
    output: Output = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print one JSON object a passage.")] = False,
    bundle: BundleName = "",
    quality: QualityName = None,
    file_format: FileFormat = None,
    matrix: Matrix = False,
    quanteda: Quanteda = False,
    excel: Excel = False,
    quiet: Quiet = False,
    max_seconds: MaxSeconds = SECONDS,
    max_memory_mb: MaxMemory = MEMORY_MB,
    max_input_mb: MaxInput = INPUT_MB,
) -> None:
    """Score documents: which passages are securitized, governance, partnership, or none.

    Without -o, a table on a terminal and JSON lines into a pipe. With -o, a folder with report.html, passages.csv,
    documents.csv, comparison.csv and README.txt, which explains them all.

    Exit codes: 0 all scored; 1 nothing scored; 2 usage; 3 some documents could not be scored; 4 files in the way.
    """
    from policyframes.cli.outcome import Wishes, check_wishes, finish  # noqa: PLC0415  (numpy costs time that --help need not pay)
    from policyframes.cli.scoring import score_all  # noqa: PLC0415
    from policyframes.profiles import assemble_collection, compare  # noqa: PLC0415
    from policyframes.scorer import load  # noqa: PLC0415

    as_lines = json_lines or (output is None and not sys.stdout.isatty())
    wishes = Wishes(
        output, matrix=matrix, quanteda=quanteda, excel=excel, table=not as_lines, quiet=quiet, changes=False
    )
    check_wishes(wishes)
    scorer = load(bundle or None, quality)
    limits = make_limits(max_seconds, max_memory_mb, max_input_mb)
    tell = _print_lines if as_lines else lambda _: None
    results = score_all(scorer, files, file_format, limits=limits, quiet=quiet, tell=tell)
    finish(results, scorer, lambda scored: compare(assemble_collection(scored, bundle=scorer.bundle)), wishes)


def _print_lines(result: Result) -> None:
    from policyframes.profiles.rows import passage_rows  # noqa: PLC0415
    from policyframes.report.files import format_line  # noqa: PLC0415
    from policyframes.report.rows import Failure  # noqa: PLC0415

    if not isinstance(result, Failure):
        sys.stdout.write("".join(format_line(row) for row in passage_rows(result)))
        sys.stdout.flush()
