"""What peers.py measured -> F1, ratios, the table and the check list. Runs nothing and reads no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]

# The texts that F1 is taken on; the first is the one that ratios and targets go by.
TEXTS = ("both", "rewrites", "originals")
_MEGABYTE = 1e6


@dataclass
class Record:
    """What is known of one contender; empty where it was not measured.

    Attributes:
        name: see `peer_entries.Entry`, as for title and kind.
        title: what it is.
        kind: `ours`, `peer` or `same weights`.
        rates: passages a second of each round, by `one` and `all` (cores).
        cold: seconds from the start of a process to its first score, of each round.
        peak: bytes of memory at its peak; None where unknown.
        size: bytes on disk.
        f1: macro-F1 by thresholds (`public`: 0.5; `chosen`: on validation) and texts (`TEXTS`).
        trained: seconds of training, `wall` and `cpu`.
        versions: of its libraries.
        missing: why there is nothing, or not all.
    """

    name: str
    title: str
    kind: str
    rates: dict[str, list[float]] = field(default_factory=dict)
    cold: list[float] = field(default_factory=list)
    peak: int | None = None
    size: int | None = None
    f1: dict[str, dict[str, float]] = field(default_factory=dict)
    trained: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    missing: str = ""

    @property
    def rate(self) -> float | None:
        """Return the higher of the median rates on one core and on all: each contender as fast as it gets."""
        return max((median(values) for values in self.rates.values() if values), default=None)

    @property
    def score(self) -> float | None:
        """Return the F1 that ratios and targets go by: all texts, thresholds chosen on validation."""
        return self.f1.get("chosen", {}).get(TEXTS[0])


@dataclass(frozen=True)
class Target:
    """One thing that is wanted, and whether it is there.

    Attributes:
        wanted: in words.
        met: None where it was not measured.
        found: the numbers.
    """

    wanted: str
    met: bool | None
    found: str

    @property
    def verdict(self) -> str:
        """Return `met`, `not met` or `not measured`."""
        return {True: "met", False: "not met", None: "not measured"}[self.met]


def macro_f1(decided: Flags, present: Flags) -> float:
    """Return the mean over the framings of the positive class's F1; both of shape (n, L)."""
    hits = (decided & present).sum(axis=0)
    total = decided.sum(axis=0) + present.sum(axis=0)
    return float(np.mean(2 * hits / np.maximum(total, 1)))


def score_texts(decided: Flags, present: Flags, is_original: Flags) -> dict[str, float]:
    """Return macro-F1 on all texts and on each kind that is there; arrays of shape (n, L), (n, L), (n,)."""
    kinds = {"both": np.ones_like(is_original), "rewrites": ~is_original, "originals": is_original}
    return {name: macro_f1(decided[kind], present[kind]) for name, kind in kinds.items() if kind.any()}


def check_targets(records: Iterable[Record]) -> list[Target]:
    """Return the check list; the numbers behind it are medians.

    Where `encoder-v4` does not take part, the larger encoder stands in its place, but not beside the cascade, whose
    part it is not.
    """
    by_name = {record.name: record for record in records}
    small, large = ("encoder-v4", "encoder-openvino"), ("encoder-large-v1", "encoder-large-openvino")
    names = large if by_name.keys().isdisjoint(small) else small
    fast, own, encoder, openvino = (by_name.get(name) for name in ("fast-v3", "encoder-v4", *names))
    cascade, torch = by_name.get("cascade-balanced"), by_name.get("torch-sorted")
    pipelines = [by_name[name] for name in ("pipeline", "pipeline-32") if name in by_name and by_name[name].rate]
    pipeline = max(pipelines, key=lambda record: record.rate or 0.0, default=None)
    cold = median(fast.cold) if fast and fast.cold else None
    peak = fast.peak / _MEGABYTE if fast and fast.peak else None
    return [
        _check_ratio("fast >= 1.5 x the fastest peer of equal or lower F1", fast, find_rival(by_name.values()), 1.5),
        _check_ratio("encoder >= 6 x the transformers pipeline (its faster batch)", encoder, pipeline, 6.0),
        _check_ratio("the same by OpenVINO", openvino, pipeline, 6.0),
        _check_ratio("encoder >= 4 x torch fp32 sorted by length", encoder, torch, 4.0),
        _check_ratio("the same by OpenVINO", openvino, torch, 4.0),
        _check_loss("encoder's F1 within 0.5 point of its weights in fp32", encoder, torch, 0.5),
        _check_loss("the same by OpenVINO", openvino, torch, 0.5),
        _check_loss("cascade (balanced) within 1 point of the encoder's F1", cascade, own, 1.0),
        _check_ratio("cascade (balanced) >= 5 x the encoder's speed", cascade, own, 5.0),
        Target(
            "fast: first score of a fresh process within 0.5 s",
            None if cold is None else cold <= 0.5,  # noqa: PLR2004  (the target itself)
            "" if cold is None else f"{cold:.2f} s",
        ),
        Target(
            "fast: at most 300 MB of memory",
            None if peak is None else peak <= 300,  # noqa: PLR2004  (the target itself)
            "" if peak is None else f"{peak:.0f} MB",
        ),
    ]


def find_rival(records: Iterable[Record]) -> Record | None:
    """Return the fastest peer whose F1 is no higher than that of our fast tier."""
    known = list(records)
    ours = next((record for record in known if record.name == "fast-v3"), None)
    if ours is None or ours.score is None:
        return None
    limit = ours.score
    rivals = [r for r in known if r.kind == "peer" and r.rate and r.score is not None and r.score <= limit]
    return max(rivals, key=lambda record: record.rate or 0.0, default=None)


def tabulate_ratios(records: Sequence[Record]) -> str:
    """Return how many times as fast each of ours is as each of the others, with the difference of F1 in points."""
    ours = [record for record in records if record.kind == "ours" and record.rate]
    others = [record for record in records if record.kind != "ours" and record.rate]
    rows = [["ours / theirs", *(record.name for record in ours)]]
    for other in others:
        cells = []
        for mine in ours:
            points = "" if None in (mine.score, other.score) else f" ({100 * (mine.score - other.score):+.1f})"  # type: ignore[operator]  # none is None here
            cells.append(f"{(mine.rate or 0) / (other.rate or 1):.2f}x{points}")
        rows.append([other.name, *cells])
    return align(rows)


def tabulate_measures(records: Sequence[Record]) -> str:
    """Return the measured values, one line per contender."""
    rows = [["", "p/s one core", "p/s all cores", "cold s", "peak MB", "disk MB", "F1 at 0.5", "F1 chosen", "by texts"]]
    for record in records:
        if not record.rates and not record.f1 and record.missing:
            continue
        public, chosen = record.f1.get("public", {}), record.f1.get("chosen", {})
        rows.append(
            [
                record.name,
                show_range(record.rates.get("one", []), ",.0f"),
                show_range(record.rates.get("all", []), ",.0f"),
                show_range(record.cold, ".2f"),
                "-" if record.peak is None else f"{record.peak / _MEGABYTE:,.0f}",
                "-" if record.size is None else f"{record.size / _MEGABYTE:,.2f}",
                f"{public[TEXTS[0]]:.3f}" if public else "-",
                f"{chosen[TEXTS[0]]:.3f}" if chosen else "-",
                " ".join(f"{name} {chosen[name]:.3f}" for name in TEXTS[1:] if name in chosen) or "-",
            ]
        )
    return align(rows)


def list_targets(targets: Iterable[Target]) -> str:
    """Return the check list, one line per target."""
    return align([[target.verdict, target.wanted, target.found] for target in targets])


def show_range(values: Sequence[float], form: str) -> str:
    """Return median, lowest and highest."""
    if not values:
        return "-"
    return f"{median(values):{form}} [{min(values):{form}}, {max(values):{form}}]"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with columns of one width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def summarise(record: Record) -> Mapping[str, object]:
    """Return a record as JSON takes it."""
    return {**vars(record), "rate": record.rate, "score": record.score}


def _check_ratio(wanted: str, mine: Record | None, other: Record | None, least: float) -> Target:
    if mine is None or other is None or mine.rate is None or other.rate is None:
        return Target(wanted, None, "")
    ratio = mine.rate / other.rate
    return Target(wanted, ratio >= least, f"{ratio:.2f} x ({mine.rate:,.0f} / {other.rate:,.0f} {other.name})")


def _check_loss(wanted: str, mine: Record | None, other: Record | None, most: float) -> Target:
    if mine is None or other is None or mine.score is None or other.score is None:
        return Target(wanted, None, "")
    points = 100 * (mine.score - other.score)
    # Rounded, so that a difference of exactly the limit does not fail by the last bit of a double.
    return Target(
        wanted, round(-points, 6) <= most, f"{points:+.2f} points ({mine.score:.4f} - {other.score:.4f} {other.name})"
    )
