"""Geometry of the passage strip: one bar a passage in reading order, one lane a framing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.profiles import CollectedDocument
from policyframes.report.page.outline import Kind, Outline
from policyframes.report.page.wording import say_count
from policyframes.report.rows import format_probability
from policyframes.scorer import Score, ScoredPassage

LANE = 18
_BAR = 14
_HALF = 7
_TICK = 2
# More bars in a row than this are too thin to see on a telephone.
_ROW = 180
_GAP = 0.15


@dataclass(frozen=True)
class Lane:
    """The bars of one kind in a row: paths of what is decided, decided but uncertain, uncertain and not decided."""

    kind: Kind
    y: int
    sure: str
    doubted: str
    perhaps: str


@dataclass(frozen=True)
class Spot:
    """The place of a passage in a row: where it links to, and what a pointer shows."""

    x: int
    href: str
    title: str


@dataclass(frozen=True)
class StripRow:
    """One line of a strip: up to 180 passages."""

    anchor: str
    width: int
    height: int
    description: str
    first: str
    last: str
    lanes: tuple[Lane, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class StripEntry:
    """What stands behind a lane: the passages of one kind, each with its link and whether it is uncertain."""

    kind: Kind
    passages: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True)
class Strip:
    """The strip of a document, and the table behind it."""

    rows: tuple[StripRow, ...]
    entries: tuple[StripEntry, ...]


def build_strip(outline: Outline, document: CollectedDocument) -> Strip:
    """Return the strip of all passages of a document."""
    passages = document.scored.passages
    anchor = outline.anchors[document.id]
    count = max(1, math.ceil(len(passages) / _ROW))
    length = max(1, math.ceil(len(passages) / count))
    chunks = [passages[start : start + length] for start in range(0, len(passages), length)]
    return Strip(
        rows=tuple(_build_row(outline, f"{anchor}s{number}", chunk, length) for number, chunk in enumerate(chunks, 1)),
        entries=tuple(_build_entry(kind, anchor, passages) for kind in outline.decided),
    )


def _build_row(outline: Outline, anchor: str, passages: Sequence[ScoredPassage], width: int) -> StripRow:
    kinds = outline.decided
    counts = ", ".join(f"{kind.name} in {sum(_has(item.score, kind) for item in passages)}" for kind in kinds)
    document = anchor.split("s", 1)[0]
    return StripRow(
        anchor=anchor,
        width=width,
        height=LANE * len(kinds),
        description=f"{say_count(len(passages), 'passage')} in reading order: {counts}.",
        first=_name_place(passages[0]),
        last=_name_place(passages[-1]),
        lanes=tuple(_build_lane(kind, number * LANE, passages) for number, kind in enumerate(kinds)),
        spots=tuple(
            Spot(x, f"{document}p{item.passage.number}", _describe(outline, item)) for x, item in enumerate(passages)
        ),
    )


def _build_lane(kind: Kind, y: int, passages: Sequence[ScoredPassage]) -> Lane:
    sure: list[int] = []
    doubted: list[int] = []
    perhaps: list[int] = []
    for x, item in enumerate(passages):
        score = item.score
        is_doubted = bool(score.uncertain) if kind.id == "none" else kind.id in score.uncertain
        if _has(score, kind):
            (doubted if is_doubted else sure).append(x)
        elif is_doubted and kind.id != "none":
            perhaps.append(x)
    return Lane(kind, y, _draw(sure, y, _BAR), _draw(doubted, y, _HALF), _draw(perhaps, y, _TICK))


def _draw(places: Sequence[int], y: int, height: int) -> str:
    """Return bars that stand on the floor of their lane as one path."""
    width = 1 - 2 * _GAP
    top = y + _BAR + 2 - height
    return "".join(f"M{x + _GAP:g} {top}h{width:g}v{height}h-{width:g}z" for x in places)


def _build_entry(kind: Kind, anchor: str, passages: Sequence[ScoredPassage]) -> StripEntry:
    return StripEntry(
        kind,
        tuple(
            (item.passage.number, f"{anchor}p{item.passage.number}", bool(item.score.uncertain))
            for item in passages
            if _has(item.score, kind)
        ),
    )


def _has(score: Score, kind: Kind) -> bool:
    return score.none if kind.id == "none" else kind.id in score.framings


def _name_place(item: ScoredPassage) -> str:
    page = f", page {item.passage.page}" if item.passage.page else ""
    return f"passage {item.passage.number}{page}"


def _describe(outline: Outline, item: ScoredPassage) -> str:
    score = item.score
    found = [
        f"{kind.name} {format_probability(score.probabilities[kind.id])}"
        for kind in outline.framings
        if kind.id in score.framings
    ]
    doubt = ", uncertain" if score.uncertain else ""
    return f"{_name_place(item).capitalize()}: {', '.join(found) or 'none'}{doubt}"
