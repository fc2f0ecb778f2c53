"""Build the example documents from their Markdown sources. The same sources always give the same bytes."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from builder.report_html import write_html
from builder.source import Source, read_source
from builder.strategy_docx import write_docx
from builder.strategy_pdf import write_pdf

_EXAMPLES = Path(__file__).resolve().parent
_SOURCES = _EXAMPLES / "sources"
# name of the file, kind of document; its source has the same name and the ending .md
_DOCUMENTS = (
    ("halmerra-strategy-2014.pdf", "strategy"),
    ("halmerra-strategy-2025.docx", "strategy"),
    ("news-2025.html", "news"),
)


def build_documents(target: Path) -> None:
    """Build every document and the table of their metadata.

    Args:
        target: folder to write to; made where it is missing.
    """
    target.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    for name, kind in _DOCUMENTS:
        file = target / name
        source = read_source(_SOURCES / f"{file.stem}.md")
        _write_document(source, file)
        facts = source.facts
        rows.append([file.stem, facts["title"], facts["issuer"], facts["year"], facts["government"], kind])
    with (target / "metadata.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["document", "title", "issuer", "year", "administration", "kind"])
        writer.writerows(rows)


def _write_document(source: Source, file: Path) -> None:
    match file.suffix:
        case ".pdf":
            write_pdf(source, file)
        case ".docx":
            write_docx(source, file)
        case _:
            write_html(source, _SOURCES / "news-page.html", file)


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=_EXAMPLES / "documents", help="folder to write to")
    build_documents(parser.parse_args().out)


if __name__ == "__main__":
    main()
