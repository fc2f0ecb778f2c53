"""Which month or year a date is of, and which column a user means. A date that may be two days is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

from policyframes.archive.sources.printed_dates import read_printed_date

PERIODS = ("month", "year")
UNDATED = "undated"
_ISO = re.compile(r"(1[89]\d\d|20\d\d)(?:[-/.](0[1-9]|1[0-2])(?:[-/.T ]|\Z)|(0[1-9]|1[0-2])(?:[0-3]\d)(?:\d{6})?\Z|\Z)")
_OUTLETS = ("outlet", "source_name", "source.name", "media_name", "publisher", "newspaper", "publication", "domain")


def find_period(date: str | None, by: str) -> str:
    """Return the period of a date, such as `2024-05` or `2024`; `undated` where there is no plain one.

    Args:
        date: as the archive gave it: ISO 8601, `20240501`, as e-mail writes it, or as newspapers print it.
        by: `month` or `year`.
    """
    text = (date or "").strip()
    match = _ISO.match(text)
    if match:
        year, month = match.group(1), match.group(2) or match.group(3)
    else:
        iso = read_printed_date(text) or _read_mail_date(text)
        year, month = (iso[:4], iso[5:7]) if iso else ("", "")
    if by == "year":
        return year or UNDATED
    return f"{year}-{month}" if year and month else UNDATED


def _read_mail_date(text: str) -> str | None:
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def find_column(by: str, names: Sequence[str]) -> str:
    """Return the column that groups are made of; empty where there is none.

    Args:
        by: `month`, `year`, `outlet`, or the name of a column.
        names: columns of the documents.
    """
    if by in names:
        return by
    if by in PERIODS:
        return "date" if "date" in names else ""
    by_lower = {name.lower(): name for name in reversed(names)}
    candidates = _OUTLETS if by == "outlet" else (by,)
    return next((by_lower[name.lower()] for name in candidates if name.lower() in by_lower), "")
