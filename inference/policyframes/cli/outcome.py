"""What a command leaves: the folder, the table, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from policyframes.profiles import Comparison
from policyframes.profiles.rows import comparison_rows
from policyframes.report.evidence import STRONGEST
from policyframes.report.files import Extras, check_results, format_line, write_results
from policyframes.report.rows import Failure, Result
from policyframes.report.terminal import print_comparison
from policyframes.scorer import ScoredDocument, Scorer

if TYPE_CHECKING:
    from policyframes.evidence import Evidence

FINISHED_WITH_FAILURES = 3


@dataclass(frozen=True)
class Wishes:
    """What is to be left.

    Attributes:
        folder: where to write; None writes nothing.
        matrix: with matrix.csv.
        quanteda: with quanteda.csv.
        excel: CSV files for Excel.
        table: print the table for people.
        lines: print the rows of the comparison as JSON.
        quiet: print no table where a folder holds it.
        changes: print what changed from one group to the next, below the table.
    """

    folder: Path | None
    matrix: bool = False
    quanteda: bool = False
    excel: bool = False
    table: bool = True
    lines: bool = False
    quiet: bool = False
    changes: bool = True


def check_wishes(wishes: Wishes) -> None:
    """Check that what is wanted can be left where it is wanted, before any document is read.

    Raises:
        RefusedError: it would replace files that are no results.
        OutputError: the folder cannot be looked into.
    """
    if wishes.folder is not None:
        check_results(wishes.folder, Extras(wishes.matrix, wishes.quanteda))


def finish(
    results: Sequence[Result],
    scorer: Scorer,
    compare: Callable[[Sequence[ScoredDocument]], Comparison],
    wishes: Wishes,
) -> Comparison:
    """Write and print what is wanted.

    Raises:
        typer.Exit: with 1 where nothing was scored, with 3 where some documents were not.
    """
    failures = [result for result in results if isinstance(result, Failure)]
    scored = [result for result in results if isinstance(result, ScoredDocument)]
    comparison = compare(scored)
    if wishes.folder is not None:
        extras = Extras(wishes.matrix, wishes.quanteda, wishes.excel, find_evidence(comparison, scorer))
        write_results(comparison, failures, wishes.folder, extras)
    if not scored:
        raise typer.Exit(1)
    if wishes.lines:
        sys.stdout.write("".join(format_line(row) for row in comparison_rows(comparison)))
    if wishes.table and not (wishes.quiet and wishes.folder):
        print_comparison(comparison, failed=len(failures), folder=wishes.folder, changes=wishes.changes)
    if failures:
        raise typer.Exit(FINISHED_WITH_FAILURES)
    return comparison


def find_evidence(comparison: Comparison, scorer: Scorer) -> Mapping[tuple[str, int], Mapping[str, Evidence]]:
    """Return what carries the scores of the strongest passages of each cell, which the page shows."""
    from policyframes.evidence import explain  # noqa: PLC0415  (only results in a folder show it)

    shown = {
        (item.document, item.passage.number): item.passage.text
        for profile in comparison.profiles.values()
        for framing in profile.framings
        for item in profile.rank(framing, STRONGEST)
    }
    return dict(zip(shown, explain(scorer, list(shown.values())), strict=True))
