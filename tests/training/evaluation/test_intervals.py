"""Whether intervals keep their word: the draws, what is counted, and what the command writes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.errors import UsageError
from policyframes.profiles.errors import ErrorTable, KindErrors
from policyframes.profiles.shares import measure_clustering
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.evaluation.change_rates import HALVES, measure_changes
from policyframes_training.evaluation.coded_coverage import AS_IT_IS, SHIFTED, measure_coded
from policyframes_training.evaluation.examination import Subject, examine_intervals
from policyframes_training.evaluation.interval_coverage import (
    DOCUMENTS,
    PASSAGES,
    TILTED_DOCUMENTS,
    TILTED_PASSAGES,
    TILTS,
    draw_documents,
    make_pools,
    measure_clusterings,
    measure_intervals,
    tilt_passages,
)
from policyframes_training.evaluation.interval_tables import (
    summarise_intervals,
    tabulate_changes,
    tabulate_coded,
    tabulate_intervals,
)
from policyframes_training.evaluation.resampling import Decisions

DRAWS = 200
MEANS = (0.25, 0.7)
SPREAD = 0.1


def make_passages(documents: int = 120, each: int = 5, share: float = 0.4, seed: int = 0):
    """Return decisions and passages of one framing; scores lie about one of two means and documents are all alike."""
    generator = np.random.default_rng(seed)
    n = documents * each
    coded = generator.random(n) < share
    scores = np.clip(np.where(coded, MEANS[1], MEANS[0]) + generator.normal(0, SPREAD, n), 0.01, 0.99)
    present = scores >= 0.5
    passages = PassageSet(
        framings=("cost",),
        ids=tuple(map(str, range(n))),
        texts=("",) * n,
        documents=tuple(f"d{number % documents}" for number in range(n)),
        targets=coded[:, None],
        doubt=np.zeros(n, dtype=np.int64),
        is_original=np.zeros(n, dtype=np.bool_),
    )
    return Decisions(scores[:, None], present[:, None], np.ones((n, 1), dtype=np.bool_)), passages


def make_table(**changes) -> ErrorTable:
    """Return what is true of the scores of `make_passages`."""
    separation = MEANS[1] - MEANS[0]
    numbers = {
        "share": 0.4,
        "score": MEANS[0] + 0.4 * separation,
        "slope": separation,
        "separation": separation,
        "variance_present": SPREAD**2,
        "variance_absent": SPREAD**2,
        "score_variance": 0.0,
        "slope_variance": 0.0,
        "document_variance": 0.0,
    }
    return ErrorTable(1, 1, {"cost": KindErrors(**{**numbers, **changes})})


@pytest.fixture(scope="module")
def measured():
    return measure_intervals(*make_passages(), make_table(), seed=0, draws=DRAWS)


def test_intervals_from_true_errors_hold_as_often_as_they_promise(measured):
    held = [entry.aim for entry in measured if entry.scheme in {PASSAGES, TILTED_PASSAGES}]

    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
    assert min(held) > 0.88


def test_intervals_from_false_errors_do_not():
    found = measure_intervals(*make_passages(), make_table(score=0.6), seed=0, draws=DRAWS)

    assert min(entry.aim for entry in found if entry.scheme == PASSAGES) < 0.2


def test_every_way_and_size_is_measured(measured):
    ways = {(entry.scheme, entry.size) for entry in measured}

    assert ways == {
        (scheme, size)
        for scheme in (PASSAGES, DOCUMENTS, TILTED_PASSAGES, TILTED_DOCUMENTS)
        for size in (10, 30, 100, 300)
    }
    assert sum(entry.scheme == TILTED_PASSAGES for entry in measured) == 4 * len(TILTS)


def test_tilted_pools_have_the_shares_that_are_asked_for(measured):
    for scheme in (TILTED_PASSAGES, TILTED_DOCUMENTS):
        shares = [entry.share for entry in measured if (entry.scheme, entry.size) == (scheme, 30)]
        assert shares == pytest.approx(TILTS, abs=1e-6)


def test_the_same_seed_measures_the_same(measured):
    assert measure_intervals(*make_passages(), make_table(), seed=0, draws=DRAWS) == measured


def test_whole_documents_are_taken_whole_and_once():
    pool = make_pools(*make_passages())["cost"]
    rows = draw_documents(pool, 12, 50, np.random.default_rng(0)).rows

    for row in rows:
        assert len(set(row.tolist())) == 12
        assert sorted(np.unique(pool.documents[row], return_counts=True)[1]) == [2, 5, 5]


def test_tilted_weights_sum_to_one():
    pool = make_pools(*make_passages())["cost"]

    assert tilt_passages(pool, 0.7).sum() == pytest.approx(1.0)
    assert tilt_passages(pool, 0.7) @ pool.coded == pytest.approx(0.7)


def test_clustering_is_that_of_the_estimates():
    documents = np.array([[0, 0, 1, 2], [1, 1, 1, 1], [0, 1, 2, 3]])

    assert measure_clusterings(documents, 4) == pytest.approx(
        [measure_clustering([2, 1, 1]), measure_clustering([4]), measure_clustering([1, 1, 1, 1])]
    )


def test_false_alarms_are_few_and_power_grows_with_passages_and_difference():
    rates = measure_changes(*make_passages(), make_table(), seed=0, draws=DRAWS)
    by_case = {(rate.scheme, rate.size, rate.difference): rate.rate for rate in rates}

    assert max(rate.rate for rate in rates if rate.difference == 0) < 0.1
    assert by_case[PASSAGES, 30, 0.3] < by_case[PASSAGES, 100, 0.3]
    assert by_case[PASSAGES, 100, 0.1] < by_case[PASSAGES, 100, 0.3]
    assert by_case[HALVES, None, 0.0] < 0.1


def test_a_coded_sample_removes_the_bias_of_a_model_that_errs():
    found = measure_coded(*make_passages(), make_table(), seed=0, draws=DRAWS)
    shifted = [entry for entry in found if entry.model == SHIFTED]

    assert {entry.coded for entry in found} == {20, 50, 100}
    for entry in shifted:
        assert abs(entry.bias_before) > 0.2
        assert abs(entry.bias) < 0.02
        assert entry.coverage_before < 0.1
        assert entry.coverage > 0.9


def test_a_model_that_helps_makes_the_interval_narrower_than_codes_alone():
    found = measure_coded(*make_passages(), make_table(), seed=0, draws=DRAWS)

    assert all(entry.width < entry.width_codes for entry in found if entry.model == AS_IT_IS)


def test_the_tables_say_what_was_measured(measured):
    summary = summarise_intervals({"rewrites": measured}, DRAWS)
    row = next(row for row in summary.rows if (row["drawn"], row["passages"]) == (TILTED_PASSAGES, 100))
    chosen = [entry for entry in measured if (entry.scheme, entry.size) == (TILTED_PASSAGES, 100)]

    assert row["least"] == min(entry.aim for entry in chosen)
    assert row["held"] == pytest.approx(np.mean([entry.aim for entry in chosen]))
    assert len(tabulate_intervals({"rewrites": measured}).rows) == len(measured)


def test_rows_without_a_kind_are_empty_and_not_left_out():
    rates = measure_changes(*make_passages(), make_table(), seed=0, draws=20)
    section = tabulate_changes(rates, "both")

    assert {"drawn", "passages", "difference", "cost", "pairs"} == set(section.rows[0])
    assert tabulate_coded(measure_coded(*make_passages(), make_table(), seed=0, draws=20), "both").rows


@pytest.fixture
def subject(trained, tiny):
    return Subject(
        bundle=trained.bundle, quality=None, corpus=trained.corpus, folder=tiny.labels, seed=0, resamples=100
    )


def test_an_evaluation_measures_them_on_every_part_of_test(subject):
    sections = {section.name: section for section in examine_intervals(subject, draws=20)}

    assert list(sections) == ["intervals-summary", "intervals", "changes", "coded-samples"]
    assert {row["part"] for row in sections["intervals"].rows} == {"rewrites", "originals", "both"}


def test_a_bundle_that_does_not_state_its_errors_is_refused(subject):
    with pytest.raises(UsageError, match="does not state how it errs"):
        examine_intervals(replace(subject, bundle=replace(subject.bundle, errors={})))
