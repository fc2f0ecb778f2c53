"""Dates as newspapers print them. What is not plainly one date is none: a wrong date is worse than a missing one."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for number, name in enumerate(
        "january february march april may june july august september october november december".split(), 1
    )
}
_MONTHS |= {name[:3]: number for name, number in tuple(_MONTHS.items())} | {"sept": 9}
_NAME = r"(?P<month>[A-Za-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:18|19|20)\d\d)"
# After the date stand at most a weekday, an hour, a zone, and the name of an edition.
_REST = (
    r"(?:,? +(?:mon|tues|wednes|thurs|fri|satur|sun)day)?"
    r"(?:,? +\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?)?(?: +[A-Z]{2,5})?(?: +[A-Z0-9][\w.,' -]* edition)?"
)
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? +)?"
_PATTERNS = tuple(
    re.compile(f"{_WEEKDAY}{middle}{_REST}\\Z", re.IGNORECASE)
    for middle in (
        f"{_NAME} {_DAY},? {_YEAR}",
        f"{_DAY} {_NAME},? {_YEAR}",
        r"(?P<year>(?:18|19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)",
    )
)


def read_printed_date(text: str) -> str | None:
    """Return a date as `2024-05-01`; None where the line is not plainly a date.

    Numbers such as 05/06/2024, which mean one day in London and another in New York, are no date here.
    """
    for pattern in _PATTERNS:
        match = pattern.match(text.strip())
        if match is None:
            continue
        month = match["month"].lower()
        number = int(month) if month.isdigit() else _MONTHS.get(month, 0)
        try:
            return date(int(match["year"]), number, int(match["day"])).isoformat()
        except ValueError:
            return None
    return None
