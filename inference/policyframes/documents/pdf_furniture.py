"""Tells running heads, running feet and page numbers from the body, by place and repetition together.

A line that occurs on one page alone is never furniture, so that no first line of a body is lost.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.documents.pdf_lines import Segment

_BAND = 0.15
_SAME_PLACE = 5.0
_SAME_ROW = 2.0
_SAME_BASELINE = 1.0
_HEAD_WORDS = 15
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
    size: float

    @property
    def style(self) -> tuple[bool, float]:
        """Return whether it stands on top, and the size rounded to half a point."""
        return self.top, round(self.size * 2) / 2


class _Places:
    """On how many pages something stands at about a height; in steps, so that long documents stay cheap."""

    def __init__(self, members: Sequence[_Candidate], step: float) -> None:
        self._step = step
        self._pages = defaultdict[int, set[int]](set)
        for member in members:
            self._pages[round(member.y / step)].add(member.page)
        self._counts: dict[int, int] = {}

    def count_pages(self, y: float) -> int:
        """Return the number of pages within one step of the height."""
        place = round(y / self._step)
        if place not in self._counts:
            near = (self._pages.get(other, set()) for other in (place - 1, place, place + 1))
            self._counts[place] = len(set[int]().union(*near))
        return self._counts[place]


def find_furniture(pages: Sequence[Sequence[Segment]], heights: Sequence[float]) -> dict[tuple[int, int], str]:
    """Return the furniture: (index of page, index of segment) to `running head` or `page number`.

    A segment in the top or bottom 15 % of the page is a running head when the same text, but for its digits
    and roman numerals, stands at the same height on at least three pages (two in documents of up to five).
    It is a page number when it is a number and its distance to the page's own place in the file is the same on
    at least two pages at the same height, or when the document has one page and it says 1. What stands beside a
    page number, or set alike at the height of running heads of three other pages, is a running head too: so go
    those of chapters of one page.

    Args:
        pages: segments of each page.
        heights: height of each page in points.
    """
    candidates = [
        _Candidate(page, place, segment.y, segment.y > height / 2, " ".join(segment.text.split()), segment.size)
        for page, (segments, height) in enumerate(zip(pages, heights, strict=True))
        for place, segment in enumerate(segments)
        if not _BAND * height <= segment.y <= (1 - _BAND) * height
    ]
    found = _find_running(candidates, len(pages))
    found.update(_find_numbers(candidates, len(pages)))
    found.update(_find_company(candidates, found))
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
        places = _Places(members, _SAME_PLACE)
        for candidate in members:
            if places.count_pages(candidate.y) >= enough:
                found[candidate.page, candidate.place] = RUNNING
    return found


def _find_numbers(candidates: list[_Candidate], count: int) -> dict[tuple[int, int], str]:
    groups = defaultdict[tuple[int, bool], list[_Candidate]](list)
    for candidate in candidates:
        value = _number_of(candidate.text)
        if value is not None:
            groups[value - candidate.page, candidate.top].append(candidate)
    found: dict[tuple[int, int], str] = {}
    for (offset, _), members in groups.items():
        places = _Places(members, _SAME_PLACE)
        for candidate in members:
            if places.count_pages(candidate.y) > 1 or (count == 1 and offset == 1):
                found[candidate.page, candidate.place] = NUMBER
    return found


def _find_company(candidates: list[_Candidate], found: dict[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    """Return the segments that keep company with what was found: in its row, or in its place on other pages."""
    known = [(candidate, found.get((candidate.page, candidate.place))) for candidate in candidates]
    numbers = {(other.page, other.top): other.y for other, reason in known if reason == NUMBER}
    heads = defaultdict[tuple[bool, float], list[_Candidate]](list)
    for other, reason in known:
        if reason == RUNNING:
            heads[other.style].append(other)
    places = {style: _Places(members, _SAME_BASELINE) for style, members in heads.items()}
    company: dict[tuple[int, int], str] = {}
    for candidate, reason in known:
        if reason is not None or len(candidate.text.split()) > _HEAD_WORDS:
            continue
        row = numbers.get((candidate.page, candidate.top))
        beside = row is not None and abs(row - candidate.y) <= _SAME_ROW
        alike = candidate.style in places and places[candidate.style].count_pages(candidate.y) >= _ENOUGH_PAGES
        if beside or alike:
            company[candidate.page, candidate.place] = RUNNING
    return company


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
