"""Makes the frozen split of labels/: documents in train, validation and test, groups kept together.

The split is made once. Reading it is `load_splits`; an existing splits.json is never overwritten unasked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.errors import LabelsError, RefusedError
from policyframes_training.labels.anchors import resolve_spans
from policyframes_training.labels.coded import SIDES, CodedPassage, Labels, Side, Span, Splits, load_splits
from policyframes_training.labels.linkage import (
    STRATEGY_KINDS,
    Link,
    LinkSettings,
    group_documents,
    link_copies,
    link_events,
    link_families,
    link_passages,
)
from policyframes_training.labels.nearness import SHINGLE_WORDS
from policyframes_training.labels.replacement import replace_file

__all__ = ["SplitSettings", "build_splits", "load_splits", "read_settings", "write_splits"]

FORMAT_VERSION = 1
_Counts = npt.NDArray[np.float64]
_Sides = npt.NDArray[np.intp]


@dataclass(frozen=True)
class SplitSettings:
    """How a split is made.

    Attributes:
        seed: of the search for a balanced split.
        frozen: date that the file states, ISO 8601.
        shares: wanted shares of the coded passages, in the order of `SIDES`.
        restarts: random starts of the search.
        train_subkinds: documents of these go to train with their groups.
        test_kinds: kinds that the test side must hold, besides one whole family of strategies.
        links: thresholds for what must stay together.
    """

    seed: int = 20261121
    frozen: str = "2026-11-21"
    shares: tuple[float, float, float] = (0.7, 0.1, 0.2)
    restarts: int = 24
    train_subkinds: tuple[str, ...] = ("project-document",)
    test_kinds: tuple[str, ...] = ("news", "eo", "foreign", "crs")
    links: LinkSettings = field(default_factory=LinkSettings)


def build_splits(labels: Labels, texts: Mapping[str, str], settings: SplitSettings | None = None) -> Splits:
    """Return a new split of the catalogue's documents.

    Args:
        labels: the labels; an existing split in them is not looked at.
        texts: canonical text by document id.
        settings: thresholds, shares and seed.

    Raises:
        LabelsError: a coded document is not in the catalogue, or no split meets what test must hold.
    """
    settings = settings or SplitSettings()
    groups = group_documents(labels.catalogue, find_links(labels, texts, settings.links))
    counts, weights = _count_features(labels, groups)
    pinned = np.array(
        [any(labels.catalogue[name].subkind in settings.train_subkinds for name in group) for group in groups]
    )
    required = _required_in_test(labels, groups, settings)
    sides = _search_sides(counts, weights, pinned=pinned, required=required, settings=settings)
    documents = {
        side: tuple(sorted(name for group, at in zip(groups, sides, strict=True) if at == number for name in group))
        for number, side in enumerate(SIDES)
    }
    return Splits(
        version=FORMAT_VERSION,
        frozen=settings.frozen,
        method=_describe_method(settings),
        train=documents["train"],
        validation=documents["validation"],
        test=documents["test"],
        groups=tuple(group for group in groups if len(group) > 1),
    )


def read_settings(splits: Splits) -> SplitSettings:
    """Return the settings that a split was made with, so that it can be made again.

    Raises:
        LabelsError: the split's method holds other names.
    """
    method = dict(splits.method)
    try:
        method.pop("near_shingle_words")
        links = LinkSettings(**method.pop("links"), near_threshold=method.pop("near_threshold"))
        lists: dict[str, Any] = {name: tuple(method.pop(name)) for name in ("shares", "train_subkinds", "test_kinds")}
        return SplitSettings(frozen=splits.frozen, links=links, **lists, **method)
    except (KeyError, TypeError) as error:
        raise _refusal(Path("splits.json"), f"another method ({error})") from error


def find_links(labels: Labels, texts: Mapping[str, str], settings: LinkSettings) -> list[Link]:
    """Return every link between documents of the catalogue.

    Raises:
        LabelsError: a coded document is not in the catalogue.
    """
    coded = _coded_documents(labels)
    if missing := sorted(coded - set(labels.catalogue)):
        raise _refusal(labels.folder, f"coded documents that are not catalogued: {', '.join(missing[:5])}")
    passages = [(passage.document, passage.text) for passage in labels.passages]
    anchors = {span.id: span.anchor for span in labels.spans}
    for place in resolve_spans(anchors.values(), texts).resolved:
        document = anchors[place.id].document
        passages.append((document, texts[document][place.start : place.end]))
    known = {name: text for name, text in texts.items() if name in labels.catalogue}
    return [
        *link_copies(known, settings),
        *link_passages(passages, settings),
        *link_families(labels.catalogue),
        *(link_events(labels.catalogue, known, settings) if len(known) > 1 else []),
    ]


def refuse_overwrite(path: Path, *, refreeze: bool) -> None:
    """Refuse to replace a frozen split unasked.

    Raises:
        RefusedError: the file exists and `refreeze` was not asked for.
    """
    if path.exists() and not refreeze:
        raise RefusedError(
            where=str(path),
            found="a frozen split",
            allowed="a new file, or --refreeze",
            remedy="Results on the old test documents are not comparable with those on new ones: refreeze only "
            "with a new version of the labels.",
        )


def write_splits(splits: Splits, path: Path, *, refreeze: bool = False) -> None:
    """Write splits.json, one document id a line so that a change shows as the lines it touches.

    Raises:
        RefusedError: the file exists and `refreeze` was not asked for.
        OutputError: the file cannot be written.
    """
    refuse_overwrite(path, refreeze=refreeze)
    data: dict[str, Any] = {
        "version": splits.version,
        "frozen": splits.frozen,
        "method": splits.method,
        "documents": {side: list(splits.of_side(side)) for side in SIDES},
        "groups": [list(group) for group in splits.groups],
    }
    replace_file(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def measure_shares(labels: Labels, splits: Splits) -> dict[Side, Counter[str]]:
    """Return for each side how many documents, passages and spans it holds, in all and by kind."""
    side_of = splits.by_document()
    counts: dict[Side, Counter[str]] = {side: Counter(documents=len(splits.of_side(side))) for side in SIDES}
    for name, items in _coded_items(labels).items():
        for item in items:
            kind = labels.catalogue[item.document].kind
            counts[side_of[item.document]].update([name, f"{name} {kind}"])
    return counts


def _describe_method(settings: SplitSettings) -> dict[str, Any]:
    method = asdict(settings)
    del method["frozen"]
    method["near_threshold"] = method["links"].pop("near_threshold")
    method["near_shingle_words"] = SHINGLE_WORDS
    # Through JSON, so that what is built is equal to what is read back.
    described: dict[str, Any] = json.loads(json.dumps(method))
    return described


def _coded_items(labels: Labels) -> dict[str, tuple[CodedPassage | Span, ...]]:
    return {"passages": labels.passages, "spans": labels.spans}


def _coded_documents(labels: Labels) -> set[str]:
    return {item.document for items in _coded_items(labels).values() for item in items}


def _count_features(labels: Labels, groups: Sequence[tuple[str, ...]]) -> tuple[_Counts, _Counts]:
    """Return what is to be balanced: counts, shape (groups, features), and weights, shape (features,)."""
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    rows: list[Counter[str]] = [Counter(documents=len(group)) for group in groups]
    for name, items in _coded_items(labels).items():
        for item in items:
            entry = labels.catalogue[item.document]
            row = rows[group_of[item.document]]
            row.update([name, f"{name} kind {entry.kind}", f"{name} form {entry.subkind}"])
            row[f"{name} administration {entry.administration}"] += 1
            row.update(f"{name} framing {framing}" for framing in item.codes.framings or ("none",))
    names = sorted({name for row in rows for name in row})
    counts = np.array([[row[name] for name in names] for row in rows], dtype=np.float64)
    totals = counts.sum(axis=0)
    shares = counts / totals
    # What is rare or lies mostly in one group cannot be balanced; it must not outweigh what can.
    weights = np.array([_weigh(name) for name in names]) * np.minimum(1.0, totals / 150) * (1.0 - shares.max(axis=0))
    return shares, weights


def _weigh(name: str) -> float:
    if name in {"passages", "spans"}:
        return 20.0
    weights = {"framing": 6.0, "kind": 4.0, "administration": 2.0, "form": 0.5}
    return next((weight for part, weight in weights.items() if f" {part} " in name), 1.0)


def _required_in_test(
    labels: Labels, groups: Sequence[tuple[str, ...]], settings: SplitSettings
) -> npt.NDArray[np.bool_]:
    """Return which group helps to meet which demand on the test side, shape (demands, groups).

    A demand is met when any of its groups is in test: one for each kind, and one for a family of strategies
    (families are groups already, so one is whole wherever it is).
    """
    coded = _coded_documents(labels)
    present = {labels.catalogue[name].kind for name in coded}
    demands = [{kind} for kind in settings.test_kinds if kind in present]
    if present & set(STRATEGY_KINDS):
        demands.append(set(STRATEGY_KINDS))
    held = [{labels.catalogue[name].kind for name in group if name in coded} for group in groups]
    return np.array([[bool(kinds & demand) for kinds in held] for demand in demands], dtype=bool).reshape(
        -1, len(groups)
    )


def _search_sides(
    counts: _Counts,
    weights: _Counts,
    *,
    pinned: npt.NDArray[np.bool_],
    required: npt.NDArray[np.bool_],
    settings: SplitSettings,
) -> _Sides:
    """Return the side of each group: the best of many descents from random starts."""
    best: tuple[float, _Sides] | None = None
    for restart in range(settings.restarts):
        rng = np.random.default_rng([settings.seed, restart])
        sides = rng.choice(len(SIDES), size=len(counts), p=settings.shares)
        sides[pinned] = 0
        loss = _descend(sides, counts, weights, pinned=pinned, shares=np.array(settings.shares), rng=rng)
        met = all((sides[demand] == SIDES.index("test")).any() for demand in required)
        if met and (best is None or loss < best[0]):
            best = loss, sides
    if best is None:
        raise _refusal(Path("splits.json"), "no assignment in which test holds all that it must")
    return best[1]


def _descend(
    sides: _Sides,
    counts: _Counts,
    weights: _Counts,
    *,
    pinned: npt.NDArray[np.bool_],
    shares: _Counts,
    rng: np.random.Generator,
) -> float:
    """Move one group at a time to its best side, in place, until nothing improves; return the loss."""
    held = np.stack([counts[sides == side].sum(axis=0) for side in range(len(shares))])
    scale = weights / shares[:, None]

    def measure(totals: _Counts) -> float:
        return float((scale * (totals - shares[:, None]) ** 2).sum())

    loss = measure(held)
    moved = True
    while moved:
        moved = False
        for group in rng.permutation(np.flatnonzero(~pinned)):
            without = held.copy()
            without[sides[group]] -= counts[group]
            for side in range(len(shares)):
                trial = without.copy()
                trial[side] += counts[group]
                trial_loss = measure(trial)
                if trial_loss < loss - 1e-12:
                    loss, held, moved = trial_loss, trial, True
                    sides[group] = side
    return loss


def _refusal(where: Path, found: str) -> LabelsError:
    return LabelsError(
        where=str(where),
        found=found,
        allowed="a catalogue that holds every coded document, and enough documents of each kind",
        remedy="Complete documents.csv or relax the settings of the split.",
    )
