"""The page and the table of an archive's shares, by period or by any column."""

from policyframes.report.archive.rendering import render_archive
from policyframes.report.archive.rows import ARCHIVE_COLUMNS, archive_rows

__all__ = ["ARCHIVE_COLUMNS", "archive_rows", "render_archive"]
