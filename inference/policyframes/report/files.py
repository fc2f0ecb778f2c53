"""The results as files: passages.csv, documents.csv, scores.jsonl, report.html and README.txt, in one folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from policyframes.bundle import Bundle
from policyframes.errors import OutputError
from policyframes.replacement import replace_file
from policyframes.report.explanation import explain_results
from policyframes.report.page import render_page
from policyframes.report.rows import Result, Row, document_columns, document_row, passage_columns, passage_rows
from policyframes.scorer import ScoredDocument

FILE_NAMES = ("passages.csv", "documents.csv", "scores.jsonl", "report.html", "README.txt")


def write_results(results: Sequence[Result], bundle: Bundle, folder: Path) -> None:
    """Write the five files; each appears whole or not at all, and earlier ones of the same names are replaced.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    scored = [result for result in results if isinstance(result, ScoredDocument)]
    rows = [row for document in scored for row in passage_rows(document)]
    contents = {
        "passages.csv": format_csv(rows, passage_columns(bundle.framing_ids)),
        "documents.csv": format_csv(
            [document_row(result, bundle) for result in results], document_columns(bundle.framing_ids)
        ),
        "scores.jsonl": "".join(format_line(row) for row in rows),
        "report.html": render_page(results, bundle),
        "README.txt": explain_results(bundle),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILE_NAMES:
            replace_file(folder / name, contents[name])
    except OSError as error:
        raise OutputError(
            where=str(folder),
            found=f"the results cannot be written ({error.strerror or error})",
            allowed="a folder that you may write to, on a disk with room",
            remedy="Choose another folder with -o.",
        ) from error


def format_csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Return rows as CSV text: UTF-8 when encoded, no byte-order mark, lists joined by `;`."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: "; ".join(v) if isinstance(v, list) else v for key, v in row.items()})
    return buffer.getvalue()


def format_line(row: Row) -> str:
    """Return a row as one line of JSON."""
    return json.dumps(row, ensure_ascii=False) + "\n"
