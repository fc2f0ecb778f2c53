"""Files -> results, one at a time: what cannot be scored becomes a result that says why, and is told on stderr."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer

from policyframes.documents import Limits, read_document
from policyframes.errors import DocumentError, NoPassagesError
from policyframes.report.rows import Failure, Result
from policyframes.scorer import ScoredDocument, Scorer


def score_files(
    scorer: Scorer, files: Sequence[str], file_format: str | None, *, limits: Limits, quiet: bool
) -> Iterator[Result]:
    """Yield the result of each file, in order.

    Args:
        scorer: from `load`.
        files: paths; `-` is standard input.
        file_format: of all files; None goes by each file's ending.
        limits: what reading one file may cost.
        quiet: say nothing but errors.

    Raises:
        UsageError: the format is none that we read.
    """
    first_of: dict[str, str] = {}
    for file, name in zip(files, name_documents(files), strict=True):
        try:
            scored = _score_file(scorer, file, name, file_format=file_format, limits=limits)
        except DocumentError as error:
            typer.echo(f"{error.code}: {error}", err=True)
            yield Failure(source=file, document=name, error=error)
            continue
        twin = first_of.setdefault(scored.document.sha256, name)
        if twin != name:
            same = f"The text is the same as that of {twin}: a group that holds both counts it twice."
            scored = replace(scored, warnings=(*scored.warnings, same))
        if not quiet:
            for warning in scored.warnings:
                typer.echo(f"{file}: {warning}", err=True)
        yield scored


def score_all(
    scorer: Scorer,
    files: Sequence[str],
    file_format: str | None,
    *,
    limits: Limits,
    quiet: bool,
    tell: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Return the results of `score_files`, and show on a terminal how far it is; `tell` gets each at once."""
    results = []
    with _show_progress(len(files), quiet=quiet) as advance:
        for result in score_files(scorer, files, file_format, limits=limits, quiet=quiet):
            results.append(result)
            tell(result)
            advance()
    return results


def name_documents(files: Sequence[str]) -> list[str]:
    """Return a different name for each file: its name without the ending, and a number where two are alike."""
    names: dict[str, None] = {}
    for file in files:
        stem = "stdin" if file == "-" else Path(file).stem
        name, number = stem, 1
        while name in names:
            number += 1
            name = f"{stem}-{number}"
        names[name] = None
    return list(names)


def _score_file(scorer: Scorer, file: str, name: str, *, file_format: str | None, limits: Limits) -> ScoredDocument:
    scored = scorer.score_document(read_document(file, format=file_format, id=name, limits=limits))
    if not scored.passages:
        kinds = Counter(block.kind.value for block in scored.segmentation.others if not block.is_separator)
        held = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common())
        raise NoPassagesError(
            where=file,
            found=f"text, but no running text; it holds: {held}",
            allowed="a document with at least one paragraph",
            remedy="Tables, headings, contents and notes are not scored: give the document that holds the prose.",
        )
    return scored


@contextmanager
def _show_progress(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
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
