"""What people read in pictures and tables: the names of kinds, aspects and groups, and shares in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from policyframes.profiles.collection import Collection
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.errors import NONE
from policyframes.profiles.shares import UNCERTAIN, Share
from policyframes.taxonomy import load_taxonomy

_METHODS = {
    "adjusted": "adjusted for the classifier's errors",
    "coded": "corrected by the hand-coded sample",
    "counted": "counted as the classifier decided",
}


def name_kind(kind: str) -> str:
    """Return what people call a kind: the label of the framing, `No framing`, or `Uncertain`."""
    known = {framing.id: framing.label for framing in load_taxonomy().framings}
    known |= {NONE: "No framing", UNCERTAIN: "Uncertain"}
    return known.get(kind, kind)


def name_aspect(aspect: str | None, collection: Collection | None = None) -> str:
    """Return what people call an aspect; of None, that all passages are meant."""
    if aspect is None:
        return "All passages"
    aspects = collection.aspects if collection is not None else load_taxonomy().aspects
    return {item.id: item.label for item in aspects}.get(aspect, aspect)


def name_groups(comparison: Comparison, letters: int) -> list[str]:
    """Return what people call the groups, in order and in at most so many letters each.

    A document is called by its title; where two would be called the same, by its id, which may be longer.
    """
    titles = {document.id: document.title for document in comparison.collection.documents}
    full = [titles.get(group, group) if comparison.by == "document" else group for group in comparison.groups]
    short = [shorten(name, letters) for name in full]
    return [
        name if short.count(name) == 1 else " ".join(group.split())
        for name, group in zip(short, comparison.groups, strict=True)
    ]


def name_grouping(comparison: Comparison) -> str:
    """Return what the groups are, for the label of an axis: `Document`, `Year`, `Administration`."""
    return comparison.by.replace("_", " ").capitalize()


def wrap(text: str, letters: int) -> str:
    """Return a name in lines of about so many letters; no word is broken."""
    return textwrap.fill(text, letters, break_long_words=False)


def shorten(text: str, letters: int) -> str:
    """Return a name in at most so many letters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= letters else line[: letters - 1].rstrip() + "…"


def format_share(value: float) -> str:
    """Return a share in whole percent; one that is not exactly 0 or 1 is never said to be."""
    if 0 < value < 0.005:  # noqa: PLR2004  (what rounds to 0 %)
        return "<1 %"
    if 0.995 <= value < 1:  # noqa: PLR2004  (what rounds to 100 %)
        return ">99 %"
    return f"{100 * value:.0f} %"


def format_interval(share: Share) -> str:
    """Return a share and its interval: `31 % (24 to 38)`; without a value, that there are too few passages."""
    if share.value is None or share.low is None or share.high is None:
        return "too few passages" if share.passages else "no passages"
    return f"{format_share(share.value)} ({100 * share.low:.0f} to {100 * share.high:.0f})"


def describe_method(shares: Iterable[Share]) -> str:
    """Return one sentence on how the shares and their intervals were had, for below a picture or a table."""
    known = [share for share in shares if share.value is not None]
    main = {share.method for share in known if share.kind != UNCERTAIN}
    if not main:
        return "Too few passages to state a share."
    stated = " or ".join(_METHODS[method] for method in _METHODS if method in main)
    others = {share.method for share in known if share.kind == UNCERTAIN} - main
    tail = f"; Uncertain is {_METHODS[others.pop()]}" if others else ""
    warning = ", which leaves its errors out of the interval" if main == {"counted"} else ""
    return f"Lines are 95 % intervals; shares are {stated}{warning}{tail}."
