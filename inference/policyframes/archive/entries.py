"""Lines of the quarantine: which row it was, where it stands, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policyframes.archive.rows import HINTS, Fault, Row


@dataclass(frozen=True)
class Entry:
    """A line of the quarantine, and at which row of its shard it stands."""

    position: int
    fields: Mapping[str, object]

    @property
    def code(self) -> str:
        """Return why."""
        return str(self.fields["code"])

    @property
    def rows(self) -> int:
        """Return how many rows it stands for."""
        return int(str(self.fields["rows"]))


def make_address(source: str, row: Row) -> str:
    """Return where a row is, for people."""
    return f"{source}, row {row.number}" + (f", {row.place}" if row.place else "")


def make_entry(position: int, source: str, row: Row, fault: Fault) -> Entry:
    """Return the quarantine's line of a row."""
    known = row.id if isinstance(row.id, str | int) and not isinstance(row.id, bool) else None
    shown = None if known is None else str(known)[:200].encode("utf-8", "replace").decode()
    fields = {
        "source": source,
        "row": row.number,
        "place": row.place,
        "id": shown,
        "code": str(fault.code),
        "message": fault.message,
        "hint": HINTS[fault.code],
        "value": fault.value,
        "rows": fault.rows,
    }
    return Entry(position, fields)
