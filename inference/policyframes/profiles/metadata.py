"""What is known of documents beside their text: from options, a CSV file and file names, in this order of precedence.

Guesses nothing: a year in a document's title or text is no metadata, and who governed in a year is not looked up.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policyframes.errors import MetadataError, MissingMetadataError
from policyframes.profiles.metadata_sources import find_year, is_year, read_names, read_rows, read_settings
from policyframes.spreadsheet import read_table

KNOWN_COLUMNS = ("title", "year", "administration", "issuer", "date")


@dataclass(frozen=True)
class Metadata:
    """What is known of each document.

    Attributes:
        documents: by id of the document: text by column; a column that is not known is absent.
        warnings: sentences on what contradicted, or fitted no document.
    """

    documents: Mapping[str, Mapping[str, str]]
    warnings: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are known of at least one document: the known words first, then as they came."""
        found = dict.fromkeys(column for values in self.documents.values() for column in values)
        return (*(name for name in KNOWN_COLUMNS if name in found), *(n for n in found if n not in KNOWN_COLUMNS))


def gather_metadata(
    files: Mapping[str, str],
    *,
    table: Path | str | None = None,
    pattern: str | None = None,
    settings: Sequence[str] = (),
) -> Metadata:
    """Gather the metadata of documents; what an option says goes before the CSV, and this before the file names.

    Args:
        files: path of the file by id of the document.
        table: CSV file with a column `document`, `file` or `id` and any others.
        pattern: what file names without their endings are made of, such as `{issuer}-{year}`; without it, four
            digits that can be a year are the year.
        settings: `COLUMN=VALUE` for all documents, or `DOCUMENT.COLUMN=VALUE`.

    Raises:
        TableError: the CSV cannot be read, or has no column that names the documents.
        MetadataError: two rows say different things of one document, no row is of any document, or a year is none.
        UsageError: the pattern or a setting makes no sense.
    """
    warnings: list[str] = []
    known = {document: dict(values) for document, values in read_names(files, pattern, warnings).items()}
    if table is not None:
        for document, values in read_rows(read_table(table), files, warnings).items():
            warnings += _tell_differences(document, known[document], values, Path(table).name)
            known[document] |= values
    # Who sets an option knows what it replaces: nothing to tell.
    for document, values in read_settings(settings, files).items():
        known[document] |= values
    return Metadata({document: _check_years(document, values) for document, values in known.items()}, tuple(warnings))


def check_column(metadata: Metadata, column: str) -> None:
    """Refuse to group by a column that is not known of every document.

    Raises:
        MissingMetadataError: it lists every document that lacks it, and the ways to supply it.
    """
    lacking = [document for document, values in metadata.documents.items() if column not in values]
    if not lacking:
        return
    total = len(metadata.documents)
    near = difflib.get_close_matches(column, metadata.columns, n=1) if len(lacking) == total else []
    whom = "no document has" if len(lacking) == total else f"{len(lacking)} of {total} documents have"
    known = f"; known are {', '.join(metadata.columns)}" if metadata.columns else ""
    raise MissingMetadataError(
        where=f"--by {column}",
        found=f"{whom}{'' if len(lacking) == total else ' no'} '{column}'{known}. Without it: {', '.join(lacking)}",
        allowed=f"'{column}' of every document, or --by document, which needs none",
        remedy="".join(f"Did you mean --by {name}? If not: " for name in near) + _show_ways(column, lacking),
    )


def find_lookalikes(metadata: Metadata, column: str) -> list[str]:
    """Return a sentence for values of a column that differ in nothing but case: two groups that are meant as one."""
    groups: dict[str, dict[str, None]] = {}
    for values in metadata.documents.values():
        if column in values:
            groups.setdefault(values[column].casefold(), {})[values[column]] = None
    return [
        f"{column}: {' and '.join(found)} differ in case only, and are groups of their own."
        for found in groups.values()
        if len(found) > 1
    ]


def _show_ways(column: str, lacking: Sequence[str]) -> str:
    value = "2017" if column == "year" else "..."
    rows = "".join(f"\n         {document},{value}" for document in lacking[:2])
    more = "\n         (and so on, a row for each)" if len(lacking) > 2 else ""  # noqa: PLR2004  (two show the form)
    by_name = "four digits in it, nss-2017.pdf" if column == "year" else f"--name-pattern '{{{column}}}-{{year}}'"
    each = " ".join(f"--set {shlex.quote(f'{document}.{column}={value}')}" for document in lacking[:2])
    return (
        "Say it in one of three ways:\n"
        f"    1. a CSV file, --metadata FILE.csv, that holds\n         document,{column}{rows}{more}\n"
        f"    2. the file's name: {by_name}\n"
        f"    3. options: {each}, or for all of them --set {shlex.quote(f'{column}={value}')}"
    )


def _tell_differences(document: str, before: Mapping[str, str], after: Mapping[str, str], source: str) -> list[str]:
    return [
        f"{document}: its {column} is {before[column]} by the file's name and {value} by {source}, which is taken."
        for column, value in after.items()
        if before.get(column, value) != value
    ]


def _check_years(document: str, values: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values with a year where only a date is known."""
    if "year" not in values and (year := find_year(values.get("date", ""))):
        return {**values, "year": year}
    if not is_year(values.get("year", "2000")):
        raise MetadataError(
            where=document,
            found=f"its year is {values['year']!r}",
            allowed="a year of four digits, such as 2017",
            remedy="Correct it, or call the column otherwise (period, term).",
        )
    return values
