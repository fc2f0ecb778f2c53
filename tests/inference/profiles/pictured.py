"""Builders of comparisons whose shares, intervals and changes are given, so that a picture can be checked by number."""

from __future__ import annotations

from dataclasses import replace

from policyframes.profiles import Change, Comparison, Profile, Share, compare
from policyframes.taxonomy import Aspect
from tests.inference.scored import make_collection

RIVER = Aspect("river", "River", "Rivers.", ("river",))
SHARES = {
    "1999": {"securitized": 0.2, "governance": 0.6, "partnership": 0.3, "none": 0.1, "uncertain": 0.4},
    "2001": {"securitized": 0.5, "governance": 0.3, "partnership": 0.2, "none": 0.05, "uncertain": 0.45},
    "2017": {"securitized": 0.7, "governance": 0.2, "partnership": 0.1, "none": 0.0, "uncertain": 0.5},
}
METADATA = {
    "a": {"year": "1999", "administration": "Marrenby", "title": "On $rivers$ and <b>roads</b>"},
    "b": {"year": "2001", "administration": "Marrenby"},
    "c": {"year": "2017", "administration": "Dastrell"},
}
CHANGES = (
    Change(None, "securitized", "1999", "2001", 0.3, 0.1, 0.5, 0.001, 0.01, is_significant=True),
    Change(None, "none", "1999", "2001", -0.05, -0.15, 0.05, 0.3, 0.9, is_significant=False),
    Change(None, "securitized", "2001", "2017", None, None, None, None, None, is_significant=False),
)


def make_share(kind: str, value: float | None, passages: int, method: str = "adjusted") -> Share:
    """Return a share whose interval reaches a tenth to both sides."""
    ends = (None, None) if value is None else (max(0.0, value - 0.1), min(1.0, value + 0.1))
    return Share(kind, round((value or 0) * passages), passages, value, *ends, method)


def set_shares(profile: Profile, values: dict[str, float]) -> Profile:
    total = len(profile.passages)
    shares = {
        kind: make_share(kind, value if total >= 10 else None, total, "counted" if kind == "uncertain" else "adjusted")
        for kind, value in values.items()
    }
    return replace(profile, shares=shares)


def make_comparison(by: str = "year", kinds: dict[str, str] | None = None) -> Comparison:
    """Return three documents of three years; the aspect `river` has one passage of the first year alone."""
    collection = make_collection(kinds or {"a": "s" * 20, "b": "g" * 20, "c": "p" * 20}, METADATA, aspects=(RIVER,))
    comparison = compare(collection, by, ["river"])
    values = dict(zip(comparison.groups, SHARES.values(), strict=False))
    profiles = {
        (aspect, group): set_shares(profile, values[group]) for (aspect, group), profile in comparison.profiles.items()
    }
    return replace(comparison, profiles=profiles, changes=CHANGES if by == "year" else ())
