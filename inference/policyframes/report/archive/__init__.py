"""The page and the tables of an archive's shares, by period or by any column."""

from policyframes.report.archive.files import ARCHIVE_FILES, ARCHIVE_NOTES, check_report, write_archive
from policyframes.report.archive.rendering import render_archive
from policyframes.report.archive.rows import (
    ARCHIVE_CHANGE_COLUMNS,
    ARCHIVE_COLUMNS,
    archive_change_rows,
    archive_rows,
)

__all__ = [
    "ARCHIVE_CHANGE_COLUMNS",
    "ARCHIVE_COLUMNS",
    "ARCHIVE_FILES",
    "ARCHIVE_NOTES",
    "archive_change_rows",
    "archive_rows",
    "check_report",
    "render_archive",
    "write_archive",
]
