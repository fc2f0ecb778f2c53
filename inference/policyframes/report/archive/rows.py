"""The shares of an archive as rows of a table, under the names of comparison.csv where they mean the same."""

from __future__ import annotations

from collections.abc import Iterator

from policyframes.archive.groups import ArchiveShares
from policyframes.profiles.rows import Row, round_value
from policyframes.profiles.shares import MIN_PASSAGES

ARCHIVE_COLUMNS = (
    *("group", "kind", "documents", "duplicates", "passages", "count"),
    *("share", "low", "high", "method", "too_few"),
)


def archive_rows(found: ArchiveShares) -> Iterator[Row]:
    """Yield one row per group and kind, those of the whole archive first, under `ARCHIVE_COLUMNS`."""
    for group in (found.total, *found.groups):
        for kind, share in group.shares.items():
            yield {
                "group": group.name,
                "kind": kind,
                "documents": group.documents,
                "duplicates": group.duplicates,
                "passages": share.passages,
                "count": share.count,
                "share": round_value(share.value),
                "low": round_value(share.low),
                "high": round_value(share.high),
                "method": share.method,
                "too_few": int(share.passages < MIN_PASSAGES),
            }
