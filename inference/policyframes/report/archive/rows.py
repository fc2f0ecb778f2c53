"""The shares of an archive and their differences as rows of tables, named as in `policyframes compare`'s tables."""

from __future__ import annotations

from collections.abc import Iterator

from policyframes.archive.contrasts import ALL
from policyframes.archive.groups import ArchiveShares, GroupShares
from policyframes.profiles.rows import Row, change_rows, round_value
from policyframes.profiles.shares import MIN_PASSAGES

ARCHIVE_COLUMNS = (
    *("by", "group", "within", "kind", "documents", "duplicates", "passages", "count"),
    *("share", "low", "high", "method", "too_few"),
)
ARCHIVE_CHANGE_COLUMNS = (
    *("by", "within", "kind", "before", "after", "documents_before", "documents_after"),
    *("difference", "low", "high", "p_value", "adjusted_p_value", "is_significant"),
)


def archive_rows(found: ArchiveShares) -> Iterator[Row]:
    """Yield one row per grouping, group and kind, those of the whole archive first, under `ARCHIVE_COLUMNS`."""
    yield from _group_rows(ALL, found.total)
    for grouping in found.groupings:
        for group in grouping.groups:
            yield from _group_rows(grouping.by, group)


def _group_rows(by: str, group: GroupShares) -> Iterator[Row]:
    for kind, share in group.shares.items():
        yield {
            "by": by,
            "group": group.name,
            "within": group.within,
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


def archive_change_rows(found: ArchiveShares) -> Iterator[Row]:
    """Yield one row per difference, under `ARCHIVE_CHANGE_COLUMNS`."""
    for change, row in zip(found.changes, change_rows(found.changes), strict=True):
        own: Row = {
            "by": change.by,
            "within": change.within,
            "documents_before": change.articles[0],
            "documents_after": change.articles[1],
        }
        yield {name: own[name] if name in own else row[name] for name in ARCHIVE_CHANGE_COLUMNS}
