"""Results as small tables of HTML for notebooks: no script, no outside file, readable on light and dark ground.

The tree builder escapes every text; nothing here joins markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from policyframes.profiles.collection import Collection
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.errors import NONE
from policyframes.profiles.names import (
    describe_method,
    format_share,
    name_aspect,
    name_grouping,
    name_groups,
    name_kind,
    shorten,
)
from policyframes.profiles.plots.theme import DEFAULT_THEME
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import UNCERTAIN, Share, count_kinds
from policyframes.scorer import Score, ScoredDocument

_CELL = "text-align:left;padding:.2em .7em;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.4)"
_NUMBER = _CELL.replace("left", "right")
_LONGEST = 90
_MOST_ROWS = 30
_DECIMAL_ENDS = (0.01, 0.99)


def draw_score(score: Score) -> str:
    """Return a score as a table: probability and decision by framing."""
    table = _Table("Score of one passage", ["Framing", "Probability", "", "Decision"])
    for framing, probability in score.probabilities.items():
        decision = "present" if framing in score.framings else "absent"
        doubt = " (uncertain)" if framing in score.uncertain else ""
        primary = ", primary" if framing == score.primary and len(score.framings) > 1 else ""
        row = table.add_row(name_kind(framing))
        table.write(row, _format_probability(probability), number=True)
        table.draw_bar(row, framing, probability)
        table.write(row, f"{decision}{primary}{doubt}")
    return table.render("Uncertain: the probability lies where the promised precision is not met.")


def draw_document(scored: ScoredDocument) -> str:
    """Return a scored document as a table: how many passages are of each kind."""
    total = len(scored.passages)
    title = shorten(scored.document.title or scored.document.id, _LONGEST)
    table = _Table(f"{title}: {_count(total)}", ["Kind", "Passages", "Part", ""])
    framings = tuple(scored.passages[0].score.probabilities) if scored.passages else ()
    for kind, count in count_kinds([item.score for item in scored.passages], framings).items():
        row = table.add_row(name_kind(kind))
        table.write(row, str(count), number=True)
        table.write(row, format_share(count / total) if total else "", number=True)
        table.draw_bar(row, kind, count / total if total else None)
    return table.render("Counted as the classifier decided; a passage may carry several framings.", *scored.warnings)


def draw_profile(profile: Profile) -> str:
    """Return a profile as a table: the share of each kind with its interval."""
    about = "" if profile.aspect is None else f", on {name_aspect(profile.aspect)}"
    caption = f"{shorten(profile.group, _LONGEST)}{about}: {_count(len(profile.passages))}"
    table = _Table(caption, ["Kind", "Share", "95 % interval", "", "Decided"])
    for share in profile.shares.values():
        row = table.add_row(name_kind(share.kind))
        few = "too few passages" if share.passages else "no passages"
        known = share.value is not None
        table.write(row, few if share.value is None else format_share(share.value), number=known)
        table.write(row, _format_ends(share), number=True)
        table.draw_bar(row, share.kind, share.value, (share.low, share.high))
        table.write(row, f"{share.count} of {share.passages}", number=True)
    return table.render(describe_method(profile.shares.values()).replace("Lines are 95 % intervals; shares", "Shares"))


def draw_comparison(comparison: Comparison) -> str:
    """Return a comparison as a table of aspects by groups: the dominant framing, its share and interval, and n."""
    names = name_groups(comparison, 40)
    caption = f"Dominant framing by {name_grouping(comparison).lower()}"
    table = _Table(caption, ["Aspect", *names])
    for aspect in comparison.aspects[:_MOST_ROWS]:
        row = table.add_row(name_aspect(aspect, comparison.collection))
        for group in comparison.groups:
            _write_cell(table, row, comparison.profiles[aspect, group])
    shares = [
        share
        for profile in comparison.profiles.values()
        for share in profile.shares.values()
        if share.kind != UNCERTAIN
    ]
    changed = sum(change.is_significant for change in comparison.changes)
    tested = sum(change.p_value is not None for change in comparison.changes)
    return table.render(
        "A question mark: the interval overlaps that of another framing.",
        describe_method(shares).replace("Lines are 95 % intervals; shares", "In brackets 95 % intervals; shares"),
        f"{changed} of {tested} tested changes between groups are significant." if tested else "",
        _tell_rest(len(comparison.aspects), "aspects"),
    )


def draw_collection(collection: Collection) -> str:
    """Return a collection as a table: its documents with year, administration and issuer, and their passages."""
    columns = [column for column in ("year", "administration", "issuer") if column in collection.columns]
    kinds = (*collection.framings, NONE, UNCERTAIN)
    heads = ["Document", *(column.capitalize() for column in columns), "Passages", *(name_kind(kind) for kind in kinds)]
    table = _Table(f"{len(collection.documents)} document{'' if len(collection.documents) == 1 else 's'}", heads)
    for document in collection.documents[:_MOST_ROWS]:
        row = table.add_row(shorten(document.title, _LONGEST))
        for column in columns:
            table.write(row, shorten(document.metadata.get(column, ""), _LONGEST))
        table.write(row, str(len(document.passages)), number=True)
        for count in count_kinds([item.score for item in document.passages], collection.framings).values():
            table.write(row, str(count), number=True)
    searched = ", ".join(aspect.label for aspect in collection.aspects)
    return table.render(
        "Passages of each kind, counted as the classifier decided.",
        f"Aspects: {searched}." if searched else "",
        _tell_rest(len(collection.documents), "documents"),
    )


class _Table:
    """A table under construction."""

    def __init__(self, caption: str, heads: Sequence[str]) -> None:
        self._root = Element("div", {"style": "overflow-x:auto;max-width:100%"})
        table = SubElement(self._root, "table", {"style": "border-collapse:collapse;font-size:.95em;margin:.3em 0"})
        style = "caption-side:top;text-align:left;font-weight:bold;padding:.2em 0"
        SubElement(table, "caption", {"style": style}).text = caption
        row = SubElement(SubElement(table, "thead"), "tr")
        for head in heads:
            if head:
                SubElement(row, "th", {"scope": "col", "style": _CELL}).text = head
            else:
                SubElement(row, "td", {"style": _CELL})
        self._body = SubElement(table, "tbody")

    def add_row(self, name: str) -> Element:
        """Begin a row with its name and return it."""
        row = SubElement(self._body, "tr")
        SubElement(row, "th", {"scope": "row", "style": f"{_CELL};font-weight:normal"}).text = name
        return row

    def write(self, row: Element, text: str, *, number: bool = False) -> Element:
        """Add a cell to a row."""
        cell = SubElement(row, "td", {"style": _NUMBER if number else _CELL})
        cell.text = text
        return cell

    def draw_bar(
        self, row: Element, kind: str, value: float | None, ends: tuple[float | None, float | None] = (None, None)
    ) -> None:
        """Add a cell with a bar of a value from 0 to 1, and a line from the lower to the upper end of its interval."""
        cell = self.write(row, "")
        if value is None:
            return
        frame = SubElement(
            cell,
            "div",
            {
                "aria-hidden": "true",
                "style": "position:relative;width:9em;height:.9em;border-left:1px solid currentColor;margin:.15em 0",
            },
        )
        # Colour alone says nothing: the bar stands beside its number, under the name of its kind.
        fill = f"height:100%;box-sizing:border-box;background:{DEFAULT_THEME.look(kind).colour}"
        edge = "border:1px solid currentColor;border-left:0"
        SubElement(frame, "div", {"style": f"width:{100 * value:.1f}%;{fill};{edge}"})
        low, high = ends
        if low is not None and high is not None:
            place = f"position:absolute;top:35%;height:30%;left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"
            line = "box-sizing:border-box;background:#fff;border:1px solid #000"
            SubElement(frame, "div", {"style": f"{place};{line}"})

    def render(self, *notes: str) -> str:
        """Return the markup, with a sentence or more below the table."""
        text = " ".join(note for note in notes if note)
        if text:
            SubElement(self._root, "p", {"style": "font-size:.85em;margin:.2em 0;max-width:60em"}).text = text
        return tostring(self._root, encoding="unicode", method="html")


def _write_cell(table: _Table, row: Element, profile: Profile) -> None:
    count = len(profile.passages)
    lines = [SubElement(table.write(row, ""), "div", {"style": "white-space:nowrap"})]
    lines.append(SubElement(row[-1], "div", {"style": "white-space:nowrap;font-size:.9em"}))
    share = None if profile.dominant is None else profile.shares[profile.dominant]
    if profile.is_too_small or share is None or share.value is None:
        lines[0].text = "no framing" if not profile.is_too_small else "too few passages" if count else "no passages"
        lines[1].text = f"n {count}"
        return
    colour = DEFAULT_THEME.look(share.kind, profile.framings).colour
    mark = "display:inline-block;width:.7em;height:.7em;border:1px solid currentColor;margin-right:.35em"
    swatch = SubElement(lines[0], "span", {"aria-hidden": "true", "style": f"{mark};background:{colour}"})
    swatch.tail = f"{name_kind(share.kind)}{'' if profile.is_clear else '?'} {format_share(share.value)}"
    lines[1].text = f"({_format_ends(share)}), n {count}"


def _format_ends(share: Share) -> str:
    return "" if share.low is None or share.high is None else f"{100 * share.low:.0f} to {100 * share.high:.0f}"


def _format_probability(value: float) -> str:
    low, high = _DECIMAL_ENDS
    return f">{high}" if value > high else f"<{low}" if value < low else f"{value:.2f}"


def _count(passages: int) -> str:
    return f"{passages} passage{'' if passages == 1 else 's'}"


def _tell_rest(total: int, noun: str) -> str:
    return f"The first {_MOST_ROWS} of {total} {noun}; to_pandas() has all." if total > _MOST_ROWS else ""
