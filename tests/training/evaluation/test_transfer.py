"""What trains, calibrates and tests in each shift, and what the baseline is allowed to know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.errors import UsageError
from policyframes_training.evaluation.resampling import Decisions
from policyframes_training.evaluation.transfer import (
    Ground,
    Shift,
    choose_shifts,
    draw_documents,
    list_shifts,
    measure_transfer,
)
from policyframes_training.labels.coded import CatalogueEntry
from tests.training.coded import make_passages

# 40 documents of 6 passages: 20 of Obama, 10 of Biden, 10 of Reagan; every fifth is news.
_NAMES = [f"d{i:02}" for i in range(40)]
_ADMINISTRATIONS = ["Obama"] * 20 + ["Biden"] * 10 + ["Reagan"] * 10
_TRAIN = frozenset(name for i, name in enumerate(_NAMES) if i % 4 in {0, 1})
_VALIDATION = frozenset(name for i, name in enumerate(_NAMES) if i % 4 == 2)
_TEST = frozenset(_NAMES) - _TRAIN - _VALIDATION


def _entry(name, administration, kind):
    return CatalogueEntry(name, "Title", "Issuer", 2001, administration, kind, "", "", 100, "")


_CATALOGUE = {
    name: _entry(name, administration, "news" if place % 5 == 0 else "nss")
    for place, (name, administration) in enumerate(zip(_NAMES, _ADMINISTRATIONS, strict=True))
}


def _ground(linked=None) -> Ground:
    documents = [name for name in _NAMES for _ in range(6)]
    targets = np.random.default_rng(0).random((len(documents), 3)) < 0.5
    sides = {"train": _TRAIN, "validation": _VALIDATION, "test": _TEST}
    passages = make_passages(documents, targets)
    return Ground(passages, passages, sides, linked or {})


class _Memory:
    """A recipe that remembers what it was given and decides at random, better where it knows more documents."""

    def __init__(self):
        self.calls = []

    def __call__(self, train, validation, scored):
        self.calls.append((train, frozenset(validation.documents), frozenset(scored.documents)))
        flipped = np.random.default_rng(len(self.calls)).random(scored.targets.shape) < 0.3
        present = scored.targets ^ flipped
        return Decisions(np.where(present, 0.8, 0.2), present, np.ones_like(present))


def _shift(administration="Biden") -> Shift:
    tested = frozenset(name for name in _NAMES if _CATALOGUE[name].administration == administration)
    return Shift("shift", _TRAIN - tested, _VALIDATION - tested, tested)


def test_shifts_are_chosen_by_a_part_of_their_names():
    shifts = list_shifts(_ground(), _CATALOGUE)

    assert [shift.name for shift in choose_shifts(shifts, "News")] == ["all others -> news", "strategies -> news"]
    assert choose_shifts(shifts, "") == shifts
    assert choose_shifts((), "Biden") == ()
    with pytest.raises(UsageError, match="one of these: all others -> Obama, all others -> news"):
        choose_shifts(shifts, "Lincoln")


def test_without_parts_there_is_no_baseline():
    refit = _Memory()
    measured = measure_transfer(_ground(), _shift(), refit, seed=0, resamples=50, parts=0)

    assert len(refit.calls) == 1
    assert measured.macro_f1 is not None
    assert measured.baseline_f1 is measured.loss is None


def test_an_administration_needs_a_hundred_spans_to_be_left_out():
    names = [shift.name for shift in list_shifts(_ground(), _CATALOGUE)]

    assert names == ["all others -> Obama", "all others -> news", "strategies -> news"]


def test_what_is_tested_neither_trains_nor_calibrates():
    for shift in list_shifts(_ground(), _CATALOGUE):
        assert shift.tested
        assert shift.learnt
        assert shift.learnt <= _TRAIN - shift.tested
        assert shift.validated <= _VALIDATION - shift.tested


def test_strategies_alone_train_for_news():
    shift = list_shifts(_ground(), _CATALOGUE)[-1]

    assert {_CATALOGUE[name].kind for name in shift.learnt | shift.validated} == {"nss"}
    assert {_CATALOGUE[name].kind for name in shift.tested} == {"news"}


def test_what_is_linked_to_a_tested_document_does_not_train_either():
    # d24 of Biden trains; d00 is Obama's.
    pair = frozenset({"d00", "d24"})
    shift = list_shifts(_ground({"d00": pair, "d24": pair}), _CATALOGUE)[0]

    assert shift.name.endswith("Obama")
    assert "d24" in list_shifts(_ground(), _CATALOGUE)[0].learnt
    assert "d24" not in shift.learnt


def test_all_passages_of_the_tested_documents_are_tested_whatever_their_split():
    refit, shift = _Memory(), _shift()
    measured = measure_transfer(_ground(), shift, refit, seed=0, resamples=50)

    assert measured.passages == 60
    assert measured.documents == 10
    assert refit.calls[0][2] == shift.tested
    assert {bool(shift.tested & side) for side in (_TRAIN, _VALIDATION, _TEST)} == {True}


def test_further_passages_are_learned_from_and_not_tested():
    ground, shift = _ground(), _shift()
    learnt = sorted(shift.learnt)[:1]
    extra = make_passages(learnt * 4, np.zeros((4, 3), dtype=np.bool_))
    more = replace(ground, learnable=ground.passages + extra)
    plain, extended = (measure_transfer(one, shift, _Memory(), seed=0, resamples=50) for one in (ground, more))

    assert extended.learnt == plain.learnt + 4
    assert extended.passages == plain.passages


def test_the_baseline_learns_from_as_many_passages_and_never_from_what_it_scores():
    refit, shift = _Memory(), _shift()
    measured = measure_transfer(_ground(), shift, refit, seed=0, resamples=50)
    folds = refit.calls[1:]

    assert frozenset().union(*(scored for _, _, scored in folds)) == shift.tested
    assert sum(len(scored) for _, _, scored in folds) == len(shift.tested)
    for train, validated, scored in folds:
        learnt = frozenset(train.documents)
        assert len(train) == measured.learnt
        assert not learnt & scored
        assert not validated & (scored | learnt)
        # It may know other documents of the administration; that is what the shift takes away.
        assert learnt & shift.tested


def test_the_loss_is_the_baseline_less_the_shift_on_the_same_passages():
    measured = measure_transfer(_ground(), _shift(), _Memory(), seed=0, resamples=200)

    assert measured.loss.value == pytest.approx(measured.baseline_f1.value - measured.macro_f1.value)
    assert measured.loss.low <= measured.loss.value <= measured.loss.high
    assert np.mean([estimate.value for estimate in measured.f1.values()]) == pytest.approx(measured.macro_f1.value)


def test_documents_that_are_all_linked_have_no_baseline():
    shift = _shift()
    measured = measure_transfer(
        _ground(dict.fromkeys(shift.tested, shift.tested)), shift, _Memory(), seed=0, resamples=50
    )

    assert measured.macro_f1 is not None
    assert measured.baseline_f1 is None
    assert measured.loss is None


def test_same_seed_gives_the_same_result():
    once, again, other = (
        measure_transfer(_ground(), _shift(), _Memory(), seed=seed, resamples=50) for seed in (1, 1, 2)
    )

    assert once == again
    assert once != other


def test_documents_are_drawn_whole_but_for_the_last():
    ground = _ground()
    drawn = draw_documents(ground.passages, _TRAIN, size=20, seed=3)
    counts = sorted(drawn.documents.count(name) for name in set(drawn.documents))

    assert len(drawn) == 20
    assert counts == [2, 6, 6, 6]
    assert frozenset(drawn.documents) <= _TRAIN
    assert set(draw_documents(ground.passages, _TRAIN, size=20, seed=4).documents) != set(drawn.documents)
