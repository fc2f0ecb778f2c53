"""`policyframes score`: documents in; a table, JSON lines, or a folder of results out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from policyframes.documents import Limits
    from policyframes.report.rows import Result
    from policyframes.scorer import Scorer

FINISHED_WITH_FAILURES = 3


def score(  # noqa: PLR0913  (each is an option of the command line)
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Documents: .txt .md .html .docx .pdf; - for standard input.")
    ],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write the report and tables to this folder.")
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="Print one JSON object a passage.")] = False,
    bundle: Annotated[str, typer.Option(help="Name of a shipped bundle, or the folder of any.")] = "",
    quality: Annotated[
        Literal["fast", "balanced", "best"] | None,
        typer.Option(help="Which passages the slower, better encoder reads: none, the unsure ones, all."),
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="txt, md, html, docx or pdf, whatever the files are called.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")] = False,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Time that reading one document may take.")] = 60,
    max_memory_mb: Annotated[int, typer.Option(min=64, help="Memory that reading one document may take.")] = 1024,
    max_input_mb: Annotated[int, typer.Option(min=1, help="Size that one document may have.")] = 128,
) -> None:
    """Score documents: which passages are securitized, governance, partnership, or none.

    Without -o, a table on a terminal and JSON lines into a pipe. With -o, a folder with report.html, passages.csv,
    documents.csv, scores.jsonl and README.txt.

    Exit codes: 0 all scored; 1 nothing scored; 2 usage; 3 some documents could not be scored.
    """
    from policyframes.cli.scoring import score_files  # noqa: PLC0415  (numpy costs time that --help need not pay)
    from policyframes.scorer import load  # noqa: PLC0415

    limits = _make_limits(max_seconds, max_memory_mb, max_input_mb)
    scorer = load(bundle or None, quality)
    as_lines = json_lines or (output is None and not sys.stdout.isatty())
    results = []
    with _progress(len(files), quiet=quiet) as advance:
        for result in score_files(scorer, files, file_format, limits=limits, quiet=quiet):
            results.append(result)
            if as_lines:
                _print_lines(result)
            advance()
    _finish(results, scorer, output=output, show_table=not as_lines and not (quiet and output))


def _make_limits(seconds: float, memory_mb: int, input_mb: int) -> Limits:
    from policyframes.documents import Limits  # noqa: PLC0415

    mebibyte = 1024 * 1024
    return Limits(seconds=seconds, memory_bytes=memory_mb * mebibyte, input_bytes=input_mb * mebibyte)


def _print_lines(result: Result) -> None:
    from policyframes.report.files import format_line  # noqa: PLC0415
    from policyframes.report.rows import Failure, passage_rows  # noqa: PLC0415

    if not isinstance(result, Failure):
        sys.stdout.write("".join(format_line(row) for row in passage_rows(result)))
        sys.stdout.flush()


def _finish(results: list[Result], scorer: Scorer, *, output: Path | None, show_table: bool) -> None:
    from policyframes.report.files import write_results  # noqa: PLC0415
    from policyframes.report.rows import Failure  # noqa: PLC0415
    from policyframes.report.terminal import print_summary  # noqa: PLC0415

    failed = sum(isinstance(result, Failure) for result in results)
    if output is not None:
        write_results(results, scorer.bundle, output)
    if failed == len(results):
        raise typer.Exit(1)
    if show_table:
        print_summary(results, scorer.framings, output)
    if failed:
        raise typer.Exit(FINISHED_WITH_FAILURES)


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a progress bar on stderr when there are several files and somebody is looking."""
    if quiet or total < 2 or not sys.stderr.isatty():  # noqa: PLR2004  (one file needs no bar)
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    # Rows go to standard output while the bar stands on standard error; rich would send both to its console.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("Scoring", total=total)
        yield lambda: progress.advance(task)
