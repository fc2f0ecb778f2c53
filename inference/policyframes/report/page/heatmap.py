"""The table aspect x group: in each cell the leading framing with its share, and the passages that stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.profiles import PlacedPassage, Profile, Share
from policyframes.report.page.outline import Group, Kind, Outline, find_share
from policyframes.report.page.wording import say_count, say_interval, say_percent, shorten
from policyframes.report.rows import format_probability

# More columns than this do not fit on a printed page.
_COLUMNS = 6
_STRONGEST = 3
_EXCERPT = 260
_LONGEST_TITLE = 72
_STEPS = 5


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        profile: what it shows.
        kind: the framing with the largest share; None where there is no share to state, or none is above 0.
        step: how strong its colour is, 1 to 5 by the share; 0 for none.
        percent: the share.
        interval: its interval.
        count: the number of passages.
        note: what a reader should know: too few passages, or which other framing is as large for all that is known.
        behind: id of the part of the page with its passages; empty where there are none.
    """

    profile: Profile
    kind: Kind | None
    step: int
    percent: str
    interval: str
    count: str
    note: str
    behind: str


@dataclass(frozen=True)
class HeatRow:
    """The cells of an aspect."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class HeatTable:
    """As many groups as fit beside each other."""

    groups: tuple[Group, ...]
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True)
class Quote:
    """A passage that stands behind a number, shortened, with its place and probability."""

    text: str
    href: str
    place: str
    probability: str


@dataclass(frozen=True)
class Behind:
    """The strongest passages of a cell."""

    anchor: str
    group: Group
    kind: Kind
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class BehindRow:
    """What stands behind the cells of an aspect."""

    label: str
    cells: tuple[Behind, ...]


def build_heat_tables(outline: Outline) -> tuple[HeatTable, ...]:
    """Return the table, cut into as many tables as it needs; none where no aspects were looked for."""
    if len(outline.comparison.aspects) < 2:  # noqa: PLR2004  (all passages alone are no table)
        return ()
    groups = outline.groups
    count = -(-len(groups) // _COLUMNS) or 1
    length = -(-len(groups) // count)
    return tuple(_build_table(outline, groups[start : start + length]) for start in range(0, len(groups), length or 1))


def build_behind(outline: Outline) -> tuple[BehindRow, ...]:
    """Return the passages behind each aspect's cells; those of all passages have a part of the page of their own."""
    rows = []
    for aspect in outline.comparison.aspects[1:]:
        cells = [_build_behind(outline, aspect, group) for group in outline.groups]
        rows.append(BehindRow(outline.name_aspect(aspect), tuple(cell for cell in cells if cell is not None)))
    return tuple(rows)


def find_lead(outline: Outline, profile: Profile) -> tuple[Kind, Share] | None:
    """Return the framing with the largest stated share; None where no share is stated or none is above 0."""
    if profile.is_too_small or profile.dominant is None:
        return None
    share = find_share(profile, profile.dominant)
    return (outline.kind(profile.dominant), share) if share is not None else None


def find_tied(outline: Outline, profile: Profile) -> tuple[Kind, ...]:
    """Return the framings that share the largest stated share: one, unless there is a tie; none without a lead."""
    lead = find_lead(outline, profile)
    if lead is None:
        return ()
    shares = [(kind, find_share(profile, kind.id)) for kind in outline.framings]
    return tuple(kind for kind, share in shares if share is not None and share.value == lead[1].value)


def quote_strongest(outline: Outline, profile: Profile, framing: str, length: int | None = None) -> tuple[Quote, ...]:
    """Return the passages of a profile that carry a framing most probably; whole ones without a length."""
    return tuple(
        _quote(outline, item, framing, length if length is not None else len(item.passage.text))
        for item in profile.rank(framing, _STRONGEST)
    )


def _build_table(outline: Outline, groups: Sequence[Group]) -> HeatTable:
    aspects = outline.comparison.aspects
    return HeatTable(
        groups=tuple(groups),
        rows=tuple(
            HeatRow(outline.name_aspect(aspect), tuple(_build_cell(outline, aspect, group) for group in groups))
            for aspect in aspects
        ),
    )


def _build_cell(outline: Outline, aspect: str | None, group: Group) -> Cell:
    profile = outline.comparison.profiles[aspect, group.name]
    total = len(profile.passages)
    lead = find_lead(outline, profile)
    behind = _name_behind(outline, aspect, group) if _find_framing(profile) is not None else ""
    count = say_count(total, "passage")
    if lead is None:
        note = "" if not total else "too few" if profile.is_too_small else "no framing above 0 %"
        return Cell(profile, None, 0, "", "", count if total else "no passages", note, behind)
    kind, share = lead
    value = share.value or 0.0
    interval = say_interval(share.low, share.high) if share.low is not None and share.high is not None else ""
    return Cell(
        profile=profile,
        kind=kind,
        step=min(_STEPS, 1 + int(value * _STEPS)),
        percent=say_percent(value),
        interval=interval,
        count=count,
        note=_name_rival(outline, profile, share),
        behind=behind,
    )


def _name_rival(outline: Outline, profile: Profile, lead: Share) -> str:
    """Return the largest other framing whose interval overlaps that of the leading one."""
    shares = [(kind, find_share(profile, kind.id)) for kind in outline.framings if kind.id != lead.kind]
    close = [
        (share.value or 0.0, -number, kind)
        for number, (kind, share) in enumerate(shares)
        if share is not None and (share.high or 0.0) >= (lead.low or 0.0)
    ]
    if not close:
        return ""
    value, _, kind = max(close)
    return f"close: {kind.name} {say_percent(value)}"


def _name_behind(outline: Outline, aspect: str | None, group: Group) -> str:
    if aspect is None:
        return f"strongest-{group.anchor}"
    return f"a{outline.comparison.aspects.index(aspect)}{group.anchor}"


def _find_framing(profile: Profile) -> str | None:
    """Return the framing whose passages stand behind a cell: the leading one, else the one decided most often."""
    if profile.dominant is not None:
        return profile.dominant
    counts = {name: profile.shares[name].count for name in profile.framings}
    best = max(counts, key=counts.__getitem__, default=None)
    return best if best is not None and counts[best] else None


def _build_behind(outline: Outline, aspect: str | None, group: Group) -> Behind | None:
    profile = outline.comparison.profiles[aspect, group.name]
    framing = _find_framing(profile)
    if framing is None:
        return None
    quotes = quote_strongest(outline, profile, framing, _EXCERPT)
    return Behind(_name_behind(outline, aspect, group), group, outline.kind(framing), quotes)


def _quote(outline: Outline, item: PlacedPassage, framing: str, length: int) -> Quote:
    passage = item.passage
    page = f", page {passage.page}" if passage.page else ""
    title = outline.titles[item.document]
    # Long titles tell themselves apart by their ends; a shortened one would not.
    prefix = f"{title if len(title) <= _LONGEST_TITLE else item.document}, " if len(outline.titles) > 1 else ""
    return Quote(
        text=passage.text if length >= len(passage.text) else shorten(passage.text, length),
        href=outline.link(item),
        place=f"{prefix}passage {passage.number}{page}",
        probability=format_probability(item.score.probabilities[framing]),
    )
