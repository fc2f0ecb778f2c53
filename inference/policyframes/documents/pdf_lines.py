"""From words to lines in reading order: segments, columns, rows. Knows nothing of paragraphs."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.documents.pdf_words import PageWords, Word

# In ems: a wider gap ends a segment; a wider one yet within a row parts two cells.
_SEGMENT_GAP = 1.2
_CELL_GAP = 1.8
_SAME_ROW = 0.35
_RAISED_SIZE = 0.8
_COLUMN_LINES = 5
_COLUMN_FILL = 0.55
_CROSSING_SHARE = 0.3
_GUTTER_STEP = 2.0
_GUTTER_RANGE = (0.2, 0.8)


@dataclass(frozen=True, slots=True)
class Segment:
    """Words side by side on one baseline."""

    words: tuple[Word, ...]

    @property
    def x0(self) -> float:
        """Return the left edge in points."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Return the right edge in points."""
        return max(word.x1 for word in self.words)

    @property
    def y(self) -> float:
        """Return the baseline in points."""
        return max(self.words, key=lambda word: (word.size, len(word.text))).y

    @property
    def size(self) -> float:
        """Return the size of most characters in points."""
        return _weighted_mode(self.words)

    @property
    def text(self) -> str:
        """Return the words, apart as the page shows them."""
        return join_words(self.words)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one column.

    Attributes:
        cells: segments from left to right; more than one where gaps part them as in a table.
        page: number of the page, from 1.
        column: number of the column stream within the page.
        x0: left edge in points.
        x1: right edge.
        y: baseline.
        size: size of most characters.
        bold: whether all its letters are bold; where it has none, all its characters.
        first_width: width of the first word.
    """

    cells: tuple[tuple[Word, ...], ...]
    page: int
    column: int
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    first_width: float

    @property
    def text(self) -> str:
        """Return the line's text, cells apart by a space."""
        return " ".join(join_words(cell) for cell in self.cells)

    @property
    def words(self) -> tuple[Word, ...]:
        """Return all words."""
        return tuple(word for cell in self.cells for word in cell)


def join_words(words: Sequence[Word]) -> str:
    """Return the words as text, with a space where the page has one."""
    parts: list[str] = []
    for word in words:
        if parts and word.spaced:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def is_raised(word: Word, size: float, baseline: float) -> bool:
    """Tell whether a word is set small and high, as note marks are, in a line of the size and baseline."""
    return word.size < _RAISED_SIZE * size and word.y > baseline + 0.1 * size


def cut_segments(page: PageWords) -> list[Segment]:
    """Return the segments of a page in the file's order."""
    segments: list[list[Word]] = []
    for word in page.words:
        if segments and _continues(segments[-1], word):
            segments[-1].append(word)
        else:
            segments.append([word])
    return [Segment(tuple(words)) for words in segments]


def _continues(words: list[Word], word: Word) -> bool:
    last = words[-1]
    size = max(last.size, word.size)
    anchor = max(words, key=lambda other: other.size)
    off_row = min(abs(word.y - last.y), abs(word.y - anchor.y))
    allowed = _SAME_ROW if abs(word.size - anchor.size) < 0.2 * size else 0.6
    gap = word.x0 - last.x1
    return off_row <= allowed * size and -0.6 * size < gap < _SEGMENT_GAP * size


def order_lines(segments: Sequence[Segment], page: int) -> list[Line]:
    """Return the lines of a page in reading order, column by column.

    A gutter is an abscissa that few segments cross while those beside it fill their columns; the segments that
    cross it part the page into bands, and each band is read left column first. Columns are looked for again
    within columns, so that three are found as well.
    """
    counter = _Counter()
    lines: list[Line] = []
    for column, members in _split_columns(list(segments), counter, 0):
        lines += _build_rows(members, page, column)
    return lines


@dataclass
class _Counter:
    """Hands out numbers of column streams."""

    last: int = 0

    def take(self) -> int:
        self.last += 1
        return self.last


def _split_columns(segments: list[Segment], counter: _Counter, depth: int) -> list[tuple[int, list[Segment]]]:
    gutter = _find_gutter(segments) if depth < 2 else None  # noqa: PLR2004 - up to four columns
    if gutter is None:
        return [(counter.take(), segments)]
    result: list[tuple[int, list[Segment]]] = []
    band: list[Segment] = []
    spanning: list[Segment] = []
    for segment in sorted(segments, key=lambda item: (-item.y, item.x0)):
        if _crosses(segment, gutter):
            result += _split_band(band, gutter, counter, depth)
            band = []
            spanning.append(segment)
            continue
        if spanning:
            result.append((counter.take(), spanning))
            spanning = []
        band.append(segment)
    if spanning:
        result.append((counter.take(), spanning))
    return result + _split_band(band, gutter, counter, depth)


def _split_band(band: list[Segment], gutter: float, counter: _Counter, depth: int) -> list[tuple[int, list[Segment]]]:
    left = [segment for segment in band if segment.x1 <= gutter + _GUTTER_STEP]
    right = [segment for segment in band if segment.x1 > gutter + _GUTTER_STEP]
    result: list[tuple[int, list[Segment]]] = []
    for side in (left, right):
        if side:
            result += _split_columns(side, counter, depth + 1)
    return result


def _crosses(segment: Segment, gutter: float) -> bool:
    return segment.x0 < gutter - _GUTTER_STEP and segment.x1 > gutter + _GUTTER_STEP


def _find_gutter(segments: list[Segment]) -> float | None:
    if len(segments) < 2 * _COLUMN_LINES:
        return None
    spans = [(segment.x0, segment.x1) for segment in segments]
    left, right = min(x0 for x0, _ in spans), max(x1 for _, x1 in spans)
    low, high = (left + share * (right - left) for share in _GUTTER_RANGE)
    places = [low + step * _GUTTER_STEP for step in range(int((high - low) / _GUTTER_STEP) + 1)]
    crossing = [sum(x0 < x - _GUTTER_STEP and x1 > x + _GUTTER_STEP for x0, x1 in spans) for x in places]
    least = min(crossing)
    if least > _CROSSING_SHARE * len(spans):
        return None
    gutter = _middle_of_longest_run(places, [count == least for count in crossing])
    sides = (
        [x1 - x0 for x0, x1 in spans if x1 <= gutter + _GUTTER_STEP],
        [x1 - x0 for x0, x1 in spans if x0 >= gutter - _GUTTER_STEP],
    )
    rooms = (gutter - left, right - gutter)
    fit = all(
        len(widths) >= _COLUMN_LINES and statistics.median(widths) >= _COLUMN_FILL * room
        for widths, room in zip(sides, rooms, strict=True)
    )
    return gutter if fit else None


def _middle_of_longest_run(places: list[float], flags: list[bool]) -> float:
    best, start = (0, 0), None
    for index, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            best = max(best, (index - start, -start))
            start = None
    length, first = best[0], -best[1]
    return (places[first] + places[first + length - 1]) / 2


def _build_rows(segments: list[Segment], page: int, column: int) -> list[Line]:
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda item: -item.y):
        anchor = rows[-1][0] if rows else None
        if anchor and abs(anchor.y - segment.y) <= _SAME_ROW * max(anchor.size, segment.size):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [_build_line(sorted(row, key=lambda item: item.x0), page, column) for row in rows]


def _build_line(row: list[Segment], page: int, column: int) -> Line:
    cells: list[list[Word]] = [list(row[0].words)]
    right = row[0].x1
    for segment in row[1:]:
        if segment.x0 - right > _CELL_GAP * segment.size:
            cells.append(list(segment.words))
        else:
            cells[-1] += segment.words
        right = max(right, segment.x1)
    words = [word for cell in cells for word in cell]
    letters = [word for word in words if any(char.isalpha() for char in word.text)]
    return Line(
        cells=tuple(tuple(cell) for cell in cells),
        page=page,
        column=column,
        x0=words[0].x0,
        x1=right,
        y=max(row, key=lambda item: len(item.words)).y,
        size=_weighted_mode(words),
        bold=all(word.bold for word in letters or words),
        first_width=words[0].x1 - words[0].x0,
    )


def _weighted_mode(words: Sequence[Word]) -> float:
    weights = Counter[float]()
    for word in words:
        weights[round(word.size, 1)] += len(word.text)
    return max(weights, key=lambda size: (weights[size], size))
