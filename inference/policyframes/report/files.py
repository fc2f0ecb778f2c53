"""The results as files in one folder: the page, the tables, the definitions, and what the columns mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from policyframes.errors import OutputError
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.rows import (
    CHANGE_COLUMNS,
    SHARE_COLUMNS,
    change_rows,
    comparison_rows,
    document_columns,
    document_rows,
    placed_columns,
    placed_rows,
)
from policyframes.replacement import replace_file
from policyframes.report.codebook import write_codebook
from policyframes.report.evidence import EVIDENCE_COLUMNS, evidence_rows, failure_rows
from policyframes.report.explanation import HEADING, explain_results
from policyframes.report.folders import README, check_folder
from policyframes.report.matrices import matrix_columns, matrix_rows, quanteda_columns, quanteda_rows
from policyframes.report.page import render_page
from policyframes.report.rows import Failure, Row
from policyframes.spreadsheet import format_csv

if TYPE_CHECKING:
    from policyframes.evidence import Evidence

FILE_NAMES = (
    *("report.html", "comparison.csv", "changes.csv", "evidence.csv", "passages.csv", "documents.csv"),
    *("scores.jsonl", "codebook.md", README),
)

_MATRIX, _QUANTEDA = "matrix.csv", "quanteda.csv"
_ON_REQUEST = frozenset({_MATRIX, _QUANTEDA})


@dataclass(frozen=True)
class Extras:
    """What is wanted beside the usual files.

    Attributes:
        matrix: matrix.csv, one row a document.
        quanteda: quanteda.csv, one row a passage.
        excel: CSV files in the form that Excel reads, in which no cell is a formula.
        evidence: by (document, passage number), then framing: what carries the score of the page's passages.
    """

    matrix: bool = False
    quanteda: bool = False
    excel: bool = False
    evidence: Mapping[tuple[str, int], Mapping[str, Evidence]] = field(default_factory=dict)


def check_results(folder: Path, extras: Extras) -> None:
    """Check that results may be written into a folder, before any document is read.

    Raises:
        RefusedError: it holds files of their names that are no results.
        OutputError: it cannot be looked into.
    """
    wanted = ((_MATRIX, extras.matrix), (_QUANTEDA, extras.quanteda))
    check_folder(folder, (*FILE_NAMES, *(name for name, is_wanted in wanted if is_wanted)), HEADING)


def write_results(
    comparison: Comparison, failures: Sequence[Failure], folder: Path, extras: Extras | None = None
) -> tuple[str, ...]:
    """Write the files and return their names; each appears whole or not at all, and earlier ones are replaced or go.

    Args:
        comparison: the documents, in groups.
        failures: documents that could not be scored.
        folder: where to write; it is made where it is missing.
        extras: what is wanted beside the usual files.

    Raises:
        RefusedError: the folder holds files of these names that are no results.
        OutputError: the folder cannot be made or written.
    """
    extras = extras or Extras()
    check_results(folder, extras)
    contents = _format_tables(comparison, failures, extras)
    contents |= {
        "scores.jsonl": "".join(format_line(row) for row in placed_rows(comparison.collection)),
        "codebook.md": write_codebook(comparison.collection),
        "report.html": render_page(comparison, failures, evidence=extras.evidence or None),
        README: explain_results(comparison.collection, tuple(contents), is_excel=extras.excel),
    }
    has_results = (folder / "codebook.md").is_file()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # First of all what tells that the others are ours, should this run end before its time.
        for name in sorted(contents, key=lambda name: name != README):
            replace_file(folder / name, contents[name])
        # What earlier results left would be taken for a part of these.
        for name in _ON_REQUEST - contents.keys() if has_results else ():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            where=str(folder),
            found=f"the results cannot be written ({error.strerror or error})",
            allowed="a folder that you may write to, on a disk with room",
            remedy="Choose another folder with -o.",
        ) from error
    return tuple(contents)


def format_line(row: Row) -> str:
    """Return a row as one line of JSON."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def _format_tables(comparison: Comparison, failures: Sequence[Failure], extras: Extras) -> dict[str, str]:
    collection = comparison.collection
    documents = [*document_rows(collection), *failure_rows(failures, collection.bundle)]
    tables: dict[str, tuple[Iterable[Row], Sequence[str]]] = {
        "comparison.csv": (comparison_rows(comparison), SHARE_COLUMNS),
        "changes.csv": (change_rows(comparison.changes), CHANGE_COLUMNS),
        "evidence.csv": (evidence_rows(comparison), EVIDENCE_COLUMNS),
        "passages.csv": (placed_rows(collection), placed_columns(collection)),
        "documents.csv": (documents, document_columns(collection)),
    }
    if extras.matrix:
        tables[_MATRIX] = (matrix_rows(collection), matrix_columns(collection))
    if extras.quanteda:
        tables[_QUANTEDA] = (quanteda_rows(collection), quanteda_columns(collection))
    return {name: format_csv(rows, columns, excel=extras.excel) for name, (rows, columns) in tables.items()}
