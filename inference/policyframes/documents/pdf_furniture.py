"""Tells running heads, running feet and page numbers from the body, by place and repetition together.

A line that occurs on one page alone is never furniture, so that no first line of a body is lost.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.documents.pdf_lines import Segment

_BAND = 0.15
_SAME_PLACE = 5.0
_ENOUGH_PAGES = 3
_SHORT_DOCUMENT = 5
_NUMBER = re.compile(
    r"^(?:page|p\.|seite|página|pagina)?\s*[-–—|•\[(]?\s*(\d{1,4}|[ivxlc]{1,8})\s*[-–—|•\])]?\s*"
    r"(?:(?:of|/|de|von)\s*\d{1,4})?$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_EDGE_ROMAN = re.compile(r"^[ivxlc]+\b|\b[ivxlc]+$")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

RUNNING = "running head"
NUMBER = "page number"


@dataclass(frozen=True)
class _Candidate:
    page: int
    place: int
    y: float
    top: bool
    text: str


def find_furniture(pages: Sequence[Sequence[Segment]], heights: Sequence[float]) -> dict[tuple[int, int], str]:
    """Return the furniture: (index of page, index of segment) to `running head` or `page number`.

    A segment in the top or bottom 15 % of the page is a running head when the same text, but for its digits
    and roman numerals, stands at the same height on at least three pages (two in documents of up to five).
    It is a page number when it is a number and its distance to the page's own place in the file is the same on
    at least two pages, or when the document has one page and it says 1.

    Args:
        pages: segments of each page.
        heights: height of each page in points.
    """
    candidates = [
        _Candidate(page, place, segment.y, segment.y > height / 2, " ".join(segment.text.split()))
        for page, (segments, height) in enumerate(zip(pages, heights, strict=True))
        for place, segment in enumerate(segments)
        if not _BAND * height <= segment.y <= (1 - _BAND) * height
    ]
    found = _find_running(candidates, len(pages))
    found.update(_find_numbers(candidates, len(pages)))
    return found


def _key(text: str) -> str:
    folded = _DIGITS.sub("#", text.casefold())
    return _EDGE_ROMAN.sub("#", folded)


def _find_running(candidates: list[_Candidate], count: int) -> dict[tuple[int, int], str]:
    enough = 2 if count <= _SHORT_DOCUMENT else _ENOUGH_PAGES
    groups = defaultdict[tuple[str, bool], list[_Candidate]](list)
    for candidate in candidates:
        if any(char.isalpha() for char in candidate.text):
            groups[_key(candidate.text), candidate.top].append(candidate)
    found: dict[tuple[int, int], str] = {}
    for members in groups.values():
        for candidate in members:
            near = {other.page for other in members if abs(other.y - candidate.y) <= _SAME_PLACE}
            if len(near) >= enough:
                found[candidate.page, candidate.place] = RUNNING
    return found


def _find_numbers(candidates: list[_Candidate], count: int) -> dict[tuple[int, int], str]:
    numbered = [(candidate, _number_of(candidate.text)) for candidate in candidates]
    offsets = Counter((value - candidate.page, candidate.top) for candidate, value in numbered if value is not None)
    found: dict[tuple[int, int], str] = {}
    for candidate, value in numbered:
        if value is None:
            continue
        if offsets[value - candidate.page, candidate.top] > 1 or (count == 1 and value == 1):
            found[candidate.page, candidate.place] = NUMBER
    return found


def _number_of(text: str) -> int | None:
    match = _NUMBER.match(text)
    if match is None:
        return None
    digits = match.group(1).lower()
    if digits.isdecimal():
        return int(digits)
    values = [_ROMAN[char] for char in digits]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
