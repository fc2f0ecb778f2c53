"""Takes words with their place, size and weight out of a PDF page. Joins and orders nothing."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2.raw as pdfium

# PDFium writes a hyphen at a line's end as one of these; a soft hyphen means the same.
LINE_HYPHEN = "\u00ad"
_HYPHEN_CODES = frozenset({0x02, 0xAD, 0xFFFE})
_BULLET_CODES = frozenset({0xF0B7, 0xF0A7, 0xF076, 0xF0D8, 0xF0FC})
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_BOLD_FONT = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
_SIZE_JUMP = 0.15
_FONT_NAME_BYTES = 128
_QUARTER = 1.5707963


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space, all of one size.

    Attributes:
        text: the characters.
        x0: left edge in points from the page's left.
        x1: right edge.
        y: baseline in points from the page's bottom.
        size: size of the font in points.
        bold: whether the font is bold.
        spaced: whether a space goes before it.
        turn: quarter turns of its direction, counterclockwise, 0 to 3.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    spaced: bool
    turn: int


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of one page, turned upright.

    Attributes:
        number: number of the page, from 1.
        width: width in points as turned.
        height: height in points as turned.
        words: words in the file's order.
        hidden: words in another direction than most of the page, or beyond its edges.
        unmapped: characters whose font does not tell what they mean.
    """

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    hidden: tuple[Word, ...]
    unmapped: int


@dataclass(slots=True)
class _Run:
    """The characters of a word while it is read."""

    first: int
    last: int
    size: float
    spaced: bool
    codes: list[int]


def read_words(text_page: Any, number: int, *, box: tuple[float, float, float, float]) -> PageWords:  # noqa: ANN401 - pypdfium2 is untyped
    """Return the words of a page.

    Args:
        text_page: text page of pypdfium2.
        number: number of the page, from 1.
        box: left, bottom, right and top of what is seen of the page, in points, before it is turned.
    """
    raw = text_page.raw
    runs, unmapped = _cut_runs(raw)
    words = [_shift(_measure(raw, run), box) for run in runs]
    turns = Counter[int]()
    for word in words:
        turns[word.turn] += len(word.text)
    turn = turns.most_common(1)[0][0] if turns else 0
    width, height = box[2] - box[0], box[3] - box[1]
    turned = [_turn_word(word, turn, width, height) for word in words if word.turn == turn]
    hidden = [word for word in words if word.turn != turn]
    if turn % 2:
        width, height = height, width
    upright: list[Word] = []
    for word in turned:
        seen = word.x1 > 0 and word.x0 < width and 0 < word.y < height
        (upright if seen else hidden).append(word)
    return PageWords(number, width, height, tuple(upright), tuple(hidden), unmapped)


def _shift(word: Word, box: tuple[float, float, float, float]) -> Word:
    along, across = (box[1], box[0]) if word.turn % 2 else (box[0], box[1])
    if not along and not across:
        return word
    return replace(word, x0=word.x0 - along, x1=word.x1 - along, y=word.y - across)


def _cut_runs(raw: Any) -> tuple[list[_Run], int]:  # noqa: ANN401 - as above
    runs: list[_Run] = []
    run: _Run | None = None
    spaced, unmapped = True, 0
    for index in range(pdfium.FPDFText_CountChars(raw)):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if code in _HYPHEN_CODES:
            code = ord(LINE_HYPHEN)
        elif code <= 0x20 or code in {0xA0, 0x2002, 0x2003, 0x2009, 0x3000}:  # noqa: PLR2004 - the space and the controls
            unmapped += code == 0
            run, spaced = None, True
            continue
        size = pdfium.FPDFText_GetFontSize(raw, index)
        if run is None or abs(size - run.size) > _SIZE_JUMP * run.size:
            # Generated characters have no size of their own, and belong to the run that they follow.
            if run is not None and pdfium.FPDFText_IsGenerated(raw, index) == 1:
                run.codes.append(code)
                continue
            run = _Run(index, index, size, spaced, [])
            runs.append(run)
            spaced = False
        run.codes.append(code)
        if pdfium.FPDFText_IsGenerated(raw, index) != 1:
            run.last = index
        if code == ord(LINE_HYPHEN):
            # PDFium leaves out the line's end after it, so that what follows may lie on the next line.
            run = None
    return runs, unmapped


def _measure(raw: Any, run: _Run) -> Word:  # noqa: ANN401 - as above
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(raw, run.first, box)
    left, right = min(box.left, box.right), max(box.left, box.right)
    low, high = min(box.bottom, box.top), max(box.bottom, box.top)
    size = max(high - low, 1.0)
    pdfium.FPDFText_GetLooseCharBox(raw, run.last, box)
    # PDFium counts angles clockwise.
    turn = round(-pdfium.FPDFText_GetCharAngle(raw, run.first) / _QUARTER) % 4
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(raw, run.first, x, y)
    left, right = min(left, box.left, box.right), max(right, box.left, box.right)
    if turn % 2:
        low, high = min(low, box.bottom, box.top), max(high, box.bottom, box.top)
        size = max(right - left, 1.0)
        # Kept as (along, across) of the page until the page is turned.
        return Word(_text_of(run.codes), low, high, x.value, size, _is_bold(raw, run.first), run.spaced, turn)
    return Word(
        _text_of(run.codes),
        left,
        right,
        y.value,
        _font_size(run, size),
        _is_bold(raw, run.first),
        run.spaced,
        turn,
    )


def _font_size(run: _Run, height: float) -> float:
    """Return the size in points: the font's, unless a matrix scales it, which the height of the box shows."""
    if run.size <= 0 or not 0.6 < height / run.size < 2.2:  # noqa: PLR2004 - what ascent and descent of fonts span
        return height / 1.2
    return run.size


def _is_bold(raw: Any, index: int) -> bool:  # noqa: ANN401 - as above
    if pdfium.FPDFText_GetFontWeight(raw, index) >= _BOLD_WEIGHT:
        return True
    name, flags = ctypes.create_string_buffer(_FONT_NAME_BYTES), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(raw, index, name, _FONT_NAME_BYTES, flags)
    return bool(_BOLD_FONT.search(name.value.decode("latin-1")))


def _text_of(codes: list[int]) -> str:
    return "".join(_characters(codes)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _characters(codes: list[int]) -> Iterator[str]:
    for code in codes:
        if code in _BULLET_CODES:
            yield "•"
        elif code in _LIGATURES:
            yield _LIGATURES[code]
        elif code <= 0x10FFFF:  # noqa: PLR2004 - the last code point
            yield chr(code)


def _turn_word(word: Word, turn: int, width: float, height: float) -> Word:
    """Return the word in coordinates in which its direction runs to the right."""
    if turn == 0:
        return word
    if turn == 1:
        return replace(word, y=width - word.y)
    if turn == 2:  # noqa: PLR2004 - upside down
        return replace(word, x0=width - word.x1, x1=width - word.x0, y=height - word.y)
    return replace(word, x0=height - word.x1, x1=height - word.x0)
