"""The report of an archive as files in one folder: the page, its tables, and what their columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policyframes.archive.groups import ArchiveShares
from policyframes.errors import OutputError
from policyframes.replacement import replace_file
from policyframes.report.archive.rendering import render_archive
from policyframes.report.archive.rows import (
    ARCHIVE_CHANGE_COLUMNS,
    ARCHIVE_COLUMNS,
    archive_change_rows,
    archive_rows,
)
from policyframes.report.folders import README, check_folder
from policyframes.spreadsheet import format_csv

ARCHIVE_FILES = ("report.html", "shares.csv", "changes.csv", README)
_HEADING = "report.html   the page, to read and to print"
ARCHIVE_NOTES: Mapping[str, Mapping[str, str]] = {
    "shares.csv": {
        "by": "the grouping, as it was asked for: month, outlet, or two crossed, month,outlet; all: the whole archive",
        "group": "the group; (none): the column is empty; undated: no plain date",
        "within": "of two that are crossed, the group of the second; else all",
        "kind": "a framing; none: no framing is decided; uncertain: the model could not settle at least one framing",
        "documents": "number of articles, copies left out",
        "duplicates": "copies of earlier articles, which are left out (0 where copies were not looked for)",
        "passages": "of the articles",
        "count": "of these, as many the model decided to be of this kind",
        "share": "estimated share of passages of this kind, 0 to 1; empty where there are too few passages to say",
        "low, high": "ends of the 95 % interval of the share",
        "method": "adjusted: corrected for the model's errors, which the interval holds; counted: count / passages, "
        "and the interval knows nothing of the model's errors. Both allow for the likeness of one article's passages",
        "too_few": "1 if there are fewer than 10 passages",
    },
    "changes.csv": {
        "by, within, kind": "as in shares.csv",
        "before, after": "a period and the next; or all other articles and a group; or two groups",
        "documents_before, documents_after": "number of articles on each side",
        "difference": "share after minus share before, -1 to 1; empty where a side has fewer than 10 "
        "passages or 5 articles",
        "low, high": "ends of the 95 % interval of the difference, taken by itself",
        "p_value": "of the test that nothing changed, taken by itself",
        "adjusted_p_value": "the same, allowing for all tests of this table: report this one",
        "is_significant": "1 if the adjusted p-value is below 0.05",
    },
}


def check_report(folder: Path) -> None:
    """Check that a report may be written into a folder.

    Raises:
        RefusedError: it holds files of these names that are no report of an archive.
        OutputError: it cannot be looked into.
    """
    check_folder(folder, ARCHIVE_FILES, _HEADING)


def write_archive(found: ArchiveShares, folder: Path, *, excel: bool = False) -> list[Path]:
    """Write `ARCHIVE_FILES`, in place of those that an earlier report left, and return their paths.

    Raises:
        RefusedError: the folder holds files of these names that are no report of an archive.
        OutputError: the folder cannot be written.
    """
    check_report(folder)
    texts = (
        render_archive(found),
        format_csv(archive_rows(found), ARCHIVE_COLUMNS, excel=excel),
        format_csv(archive_change_rows(found), ARCHIVE_CHANGE_COLUMNS, excel=excel),
        _explain(),
    )
    paths = [folder / name for name in ARCHIVE_FILES]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The last one tells that the others are ours, should this run end before its time.
        for path, text in reversed(list(zip(paths, texts, strict=True))):
            replace_file(path, text)
    except OSError as error:
        raise OutputError(
            where=str(error.filename or folder),
            found=error.strerror or str(error),
            allowed="a folder that can be written",
            remedy="Give another folder with -o.",
        ) from error
    return paths


def _explain() -> str:
    lines = [_HEADING, ""]
    for name, notes in ARCHIVE_NOTES.items():
        lines += [name, *(f"  {column}: {note}" for column, note in notes.items()), ""]
    return "\n".join(lines)
