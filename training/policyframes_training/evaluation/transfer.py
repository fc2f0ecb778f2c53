"""What is lost on documents of a sort that training has not seen: an administration left out, strategies -> news.

Fits anew, by a recipe that it is given. It measures on passages of every split, because none of them has trained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from policyframes.errors import UsageError
from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.corpus.learnable import read_extra
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.refits import Refit, join_sides, pick_documents
from policyframes_training.evaluation.resampling import Decisions, Floats, draw_f1, draw_weights, summarise
from policyframes_training.evaluation.slices import FEWEST_DOCUMENTS, FEWEST_POSITIVES
from policyframes_training.labels.coded import ADMINISTRATIONS, CatalogueEntry

# An administration with fewer coded spans says little.
FEWEST_SPANS = 100
# Parts of the tested documents that the baseline holds out in turn.
FOLDS = 5
STRATEGIES = frozenset({"nss", "nds"})
NEWS = frozenset({"news"})

Names = frozenset[str]


@dataclass(frozen=True)
class Shift:
    """Which documents train, calibrate and test.

    Attributes:
        name: such as `without Obama -> Obama`.
        learnt: of the train split.
        validated: of the validation split.
        tested: of any split.
    """

    name: str
    learnt: Names
    validated: Names
    tested: Names


@dataclass(frozen=True)
class Transfer:
    """What a shift costs, measured on the same passages twice.

    Attributes:
        name: of the shift.
        learnt: number of passages that trained, in both fits.
        passages: number of passages that were tested.
        documents: number of documents that they stem from.
        f1: by framing, after the shift; None where fewer than `FEWEST_POSITIVES` carry it.
        macro_f1: mean of those that there are.
        baseline_f1: `macro_f1` of the same number of training passages without the shift; None where the tested
            documents are all linked, all are in one document, or none was asked for.
        loss: `baseline_f1` less `macro_f1`, paired.
    """

    name: str
    learnt: int
    passages: int
    documents: int
    f1: dict[str, Estimate | None]
    macro_f1: Estimate | None
    baseline_f1: Estimate | None
    loss: Estimate | None


@dataclass(frozen=True)
class Ground:
    """What all shifts share.

    Attributes:
        passages: of all splits.
        learnable: the same and the further passages, which are learned from and not tested.
        sides: by split, its documents.
        linked: by document, those that must stay on its side, itself among them.
    """

    passages: PassageSet
    learnable: PassageSet
    sides: Mapping[str, Names]
    linked: Mapping[str, Names]

    def spread(self, documents: Names) -> Names:
        """Return the documents with all that are linked to them."""
        return frozenset().union(*(self.linked.get(document, {document}) for document in documents))


def lay_ground(corpus: Corpus, groups: Iterable[Sequence[str]], *, seed: int = 0) -> Ground:
    """Return what the shifts of a corpus share.

    Args:
        corpus: from `read_corpus`.
        groups: documents that must stay together, such as those of `splits.json`.
        seed: of the names in the further passages.
    """
    linked = {document: frozenset(group) for group in groups for document in group}
    sides = {side: frozenset(rows["document"]) for side, rows in corpus.splits.items()}
    passages = join_sides(corpus)
    return Ground(passages, passages + read_extra(corpus, seed=seed), sides, linked)


def list_shifts(ground: Ground, catalogue: Mapping[str, CatalogueEntry]) -> tuple[Shift, ...]:
    """Return the shifts: each administration with `FEWEST_SPANS` spans left out, then strategies or all else -> news.

    Documents linked to a tested one neither train nor calibrate.
    """
    passages = ground.passages
    of_span = dict(zip(passages.ids, passages.documents, strict=True))
    spans = Counter(catalogue[name].administration for name in of_span.values() if name in catalogue)
    documents = frozenset(of_span.values()).intersection(catalogue)
    shifts = []
    for administration in ADMINISTRATIONS:
        tested = frozenset(name for name in documents if catalogue[name].administration == administration)
        if spans[administration] >= FEWEST_SPANS:
            shifts.append(_shift(ground, f"all others -> {administration}", tested, documents))
    news = frozenset(name for name in documents if catalogue[name].kind in NEWS)
    strategies = frozenset(name for name in documents if catalogue[name].kind in STRATEGIES)
    if news:
        shifts.append(_shift(ground, "all others -> news", news, documents))
    if news and strategies & ground.sides["train"] and strategies & ground.sides["validation"]:
        shifts.append(_shift(ground, "strategies -> news", news, strategies))
    return tuple(shifts)


def choose_shifts(shifts: Sequence[Shift], part: str) -> tuple[Shift, ...]:
    """Return the shifts whose names hold this part.

    Raises:
        UsageError: there are shifts, and none is of that name.
    """
    chosen = tuple(shift for shift in shifts if part.lower() in shift.name.lower())
    if shifts and not chosen:
        raise UsageError(
            where="--shift",
            found=repr(part),
            allowed="a part of one of these: " + ", ".join(shift.name for shift in shifts),
            remedy="Correct it, or leave it out to measure all.",
        )
    return chosen


def measure_transfer(
    ground: Ground,
    shift: Shift,
    refit: Refit,
    *,
    seed: int,
    resamples: int,
    parts: int = FOLDS,
) -> Transfer:
    """Measure one shift and what it loses against training without it.

    The baseline is the ordinary procedure: it calibrates on the whole validation split and trains on as many passages,
    drawn by document from the train split and the tested documents. Of these, one in so many parts at a time is held
    out and scored, with all that is linked to it, so that shift and baseline are measured on the same passages.

    Args:
        ground: from `lay_ground`.
        shift: from `list_shifts`.
        refit: the recipe.
        seed: of the baseline's draws and of the resampling.
        resamples: number of resamples of the tested documents.
        parts: of the tested documents that the baseline holds out in turn; 0 for no baseline.

    Raises:
        TrainingError: a framing is present in all passages that train or calibrate, or in none.
    """
    tested = pick_documents(ground.passages, shift.tested)
    learnt = pick_documents(ground.learnable, shift.learnt)
    decisions = refit(learnt, pick_documents(ground.passages, shift.validated), tested)
    counts = tested.targets.sum(axis=0)
    enough = counts >= FEWEST_POSITIVES
    documents = len(set(tested.documents))
    weights = draw_weights(tested.documents, seed=seed, resamples=resamples if documents >= FEWEST_DOCUMENTS else 0)
    drawn = draw_f1(decisions.present, tested.targets, weights=weights)
    folds = _fold(ground, shift.tested, parts)
    baseline = _decide_without(ground, shift, folds, refit, size=len(learnt), seed=seed) if len(folds) > 1 else None
    reached = _mean(draw_f1(baseline.present, tested.targets, weights=weights), enough) if baseline else None
    macro = _mean(drawn, enough)
    return Transfer(
        name=shift.name,
        learnt=len(learnt),
        passages=len(tested),
        documents=documents,
        f1={
            framing: summarise(draws) if is_enough else None
            for framing, draws, is_enough in zip(tested.framings, drawn, enough, strict=True)
        },
        macro_f1=summarise(macro) if macro is not None else None,
        baseline_f1=summarise(reached) if reached is not None else None,
        loss=summarise(reached - macro) if reached is not None and macro is not None else None,
    )


def draw_documents(passages: PassageSet, documents: Names, *, size: int, seed: int) -> PassageSet:
    """Return so many passages, whole documents in random order but for the last one."""
    order = np.random.default_rng(seed).permutation(sorted(documents))
    place = {name: rank for rank, name in enumerate(order.tolist())}
    ranks = np.array([place.get(document, len(place)) for document in passages.documents])
    chosen = [row for row in np.argsort(ranks, kind="stable") if ranks[row] < len(place)][:size]
    return passages.select(np.isin(np.arange(len(passages)), chosen))


def _shift(ground: Ground, name: str, tested: Names, others: Names) -> Shift:
    barred = ground.spread(tested)
    return Shift(
        name=name,
        learnt=(others & ground.sides["train"]) - barred,
        validated=(others & ground.sides["validation"]) - barred,
        tested=tested,
    )


def _decide_without(
    ground: Ground, shift: Shift, folds: Sequence[Names], refit: Refit, *, size: int, seed: int
) -> Decisions:
    tested = pick_documents(ground.passages, shift.tested)
    probabilities = np.zeros(tested.targets.shape)
    present = np.zeros(tested.targets.shape, dtype=np.bool_)
    for number, fold in enumerate(folds):
        barred = ground.spread(fold)
        validated = ground.sides["validation"] - barred
        pool = ((ground.sides["train"] | shift.tested) - validated) - barred
        drawn = draw_documents(ground.learnable, pool, size=size, seed=seed + number)
        rows = np.array([document in fold for document in tested.documents], dtype=np.bool_)
        part = refit(drawn, pick_documents(ground.passages, validated), tested.select(rows))
        probabilities[rows], present[rows] = part.probabilities, part.present
    return Decisions(probabilities, present, np.ones_like(present))


def _fold(ground: Ground, documents: Names, parts: int) -> tuple[Names, ...]:
    """Cut documents into at most so many parts of about as many passages, linked ones together."""
    sizes = Counter(ground.passages.documents)
    groups = {ground.linked.get(name, frozenset({name})) & documents for name in documents}
    folds: list[set[str]] = [set() for _ in range(parts)]
    if not folds:
        return ()
    for group in sorted(groups, key=lambda names: (-sum(sizes[name] for name in names), min(names))):
        min(folds, key=lambda fold: sum(sizes[name] for name in fold)).update(group)
    return tuple(frozenset(fold) for fold in folds if fold)


def _mean(drawn: Floats, enough: Sequence[bool]) -> Floats | None:
    return np.asarray(drawn[np.array(enough)].mean(axis=0)) if any(enough) else None
