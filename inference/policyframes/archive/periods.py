"""Which month or year a date is of, and which column a user means. A date that may be two days is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

from policyframes.archive.sources.printed_dates import read_printed_date

PERIODS = ("month", "year")
UNDATED = "undated"
_YEAR = r"(?P<year>1[89]\d\d|20\d\d)"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
# What Python does not read as ISO 8601: a year, a month, other marks between the numbers, a zone or hours of any form.
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}(?:[-/.]{_MONTH})?\Z",
        rf"{_YEAR}(?P<mark>[-/.]){_MONTH}(?P=mark){_DAY}(?:[T ].*|Z|[+-]\d\d:?\d\d)?\Z",
        rf"{_YEAR}{_MONTH}{_DAY}\d{{6}}\Z",
    )
)
_YEARS = range(1800, 2100)
_OUTLETS = ("outlet", "source_name", "source.name", "media_name", "publisher", "newspaper", "publication", "domain")


def find_period(date: str | None, by: str) -> str:
    """Return the period of a date, such as `2024-05` or `2024`; `undated` where there is no plain one.

    Args:
        date: as the archive gave it: ISO 8601, `2024/05/01`, as e-mail writes it, or as newspapers print it.
        by: `month` or `year`.
    """
    text = (date or "").strip()
    year, month = _read_numbers(text) or _split_iso(read_printed_date(text) or _read_mail_date(text))
    if by == "year":
        return year or UNDATED
    return f"{year}-{month}" if year and month else UNDATED


def _split_iso(iso: str | None) -> tuple[str, str]:
    return (iso[:4], iso[5:7]) if iso and int(iso[:4]) in _YEARS else ("", "")


def _read_numbers(text: str) -> tuple[str, str] | None:
    """Return year and month, of which the month may be empty; None where there is no such date, or no such day."""
    for pattern in _PATTERNS:
        if match := pattern.match(text):
            found = match.groupdict()
            year, month, day = found["year"], found["month"] or "", found.get("day")
            return (year, month) if day is None or _is_day(year, month, day) else None
    try:
        return _split_iso(datetime.fromisoformat(text).date().isoformat())
    except ValueError:
        return None


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        datetime(int(year), int(month), int(day))  # noqa: DTZ001  (a day has no zone)
    except ValueError:
        return False
    return True


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
