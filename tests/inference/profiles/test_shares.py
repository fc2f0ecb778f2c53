"""Shares and their intervals: what they say of passages, and how a bundle states its errors."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.bundle import load_bundle, save_bundle
from policyframes.errors import BundleDamagedError
from policyframes.profiles.errors import ErrorTable, KindErrors, find_errors, measure_kind
from policyframes.profiles.profile import build_profile
from policyframes.profiles.shares import (
    MIN_PASSAGES,
    STRETCH,
    Sample,
    bound_proportion,
    bound_share,
    estimate_shares,
    expand_variance,
    measure_clustering,
)
from tests.inference.builders import make_bundle
from tests.inference.bundle_edits import rewrite_manifest
from tests.inference.scored import ERRORS, FRAMINGS, TABLE, make_collection, make_score

# Of a bundle that never errs, on endless passages of one share after another.
FLAWLESS = KindErrors(0.5, 0.5, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)

means = st.floats(0, 1)
counts = st.integers(1, 2_000)
clusterings = st.floats(0, 0.99)


def describe(**changes) -> dict:
    return {"all": {"passages": 500, "documents": 90, "kinds": {"securitized": asdict(replace(ERRORS, **changes))}}}


def estimate(letters: str, table: ErrorTable | None = TABLE):
    passages = make_collection({"a": letters}).documents[0].passages
    return estimate_shares(passages, FRAMINGS, table)


@given(means, counts, clusterings)
def test_an_interval_holds_its_estimate_and_stays_on_the_scale(mean, n, clustering):
    value, low, high = bound_share(Sample(mean, n, clustering), ERRORS)

    assert 0 <= low <= value <= high <= 1


@given(means, counts, clusterings)
def test_the_ends_are_where_the_mean_is_as_far_off_as_it_may_be(mean, n, clustering):
    sample = Sample(mean, n, clustering)
    _, low, high = bound_share(sample, ERRORS)
    squared, linear, constant = expand_variance(sample, ERRORS)
    seen = min(max(mean, 0.42 - 0.7 * 0.4), 0.42 + 0.7 * 0.6)

    for end in {low, high} - {0.0, 1.0}:
        deviation = np.sqrt(squared * end**2 + linear * end + constant)
        assert abs(seen - 0.42 - 0.7 * (end - 0.4)) / deviation == pytest.approx(1.959964, abs=1e-4)


def test_a_bundle_that_never_errs_has_the_interval_of_wilson():
    value, low, high = bound_share(Sample(0.3, 50, 0.0), FLAWLESS)

    assert (value, low, high) == pytest.approx((0.3, *bound_proportion(15, 50)))


def test_the_mean_score_of_the_held_out_share_is_that_share():
    assert bound_share(Sample(0.42, 100, 0.0), ERRORS)[0] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("name", "value"), [("score_variance", 0.01), ("slope_variance", 0.1), ("document_variance", 0.05)]
)
def test_each_thing_that_is_not_known_makes_the_interval_wider(name, value):
    sample = Sample(0.6, 100, 0.2)
    _, low, high = bound_share(sample, ERRORS)
    _, lower, higher = bound_share(sample, replace(ERRORS, **{name: value}))

    assert lower < low < high < higher


def test_scores_that_say_nothing_leave_the_whole_scale():
    assert bound_share(Sample(0.4, 20, 0.0), replace(ERRORS, slope=0.06, slope_variance=0.5))[1:] == (0.0, 1.0)


def test_passages_of_one_document_say_less_than_those_of_many():
    assert measure_clustering([1] * 30) == pytest.approx(0.0)
    assert measure_clustering([STRETCH]) == pytest.approx(1 - 1 / STRETCH)
    assert measure_clustering([10, 10]) == pytest.approx(0.5 - 1 / 20)


def test_a_long_document_counts_as_several_stretches():
    assert measure_clustering([10 * STRETCH]) == pytest.approx(measure_clustering([STRETCH] * 10))


def test_shares_are_of_every_kind_in_order_and_uncertain_is_counted():
    shares = estimate("ssssssgggp--")

    assert list(shares) == [*FRAMINGS, "none", "uncertain"]
    assert {kind: share.method for kind, share in shares.items()} == {
        **dict.fromkeys((*FRAMINGS, "none"), "adjusted"),
        "uncertain": "counted",
    }
    assert shares["securitized"].count == 6
    assert shares["securitized"].counted == 0.5
    # Half of the scores are 0.9, half 0.1.
    assert shares["securitized"].value == pytest.approx(0.4 + (0.5 - 0.42) / 0.7)


def test_a_kind_that_the_table_does_not_know_is_counted():
    shares = estimate("s" * 12, ErrorTable(500, 90, {"securitized": ERRORS}))

    assert shares["securitized"].method == "adjusted"
    assert {shares[kind].method for kind in ("governance", "partnership", "none")} == {"counted"}
    assert shares["governance"].high == pytest.approx(bound_proportion(0, 12)[1])


def test_without_a_table_all_is_counted():
    shares = estimate("ssssss------", None)

    assert (shares["securitized"].value, shares["securitized"].low) == pytest.approx((0.5, bound_proportion(6, 12)[0]))
    assert {share.method for share in shares.values()} == {"counted"}


@pytest.mark.parametrize("table", [TABLE, None])
def test_too_few_passages_have_counts_and_no_values(table):
    shares = estimate("s" * (MIN_PASSAGES - 1), table)

    assert shares["securitized"].count == MIN_PASSAGES - 1
    assert {(share.value, share.low, share.high) for share in shares.values()} == {(None, None, None)}


def test_no_passages_at_all_are_too_few():
    assert estimate_shares((), FRAMINGS, TABLE)["none"].value is None


def test_the_score_of_none_is_the_chance_that_no_framing_is_there():
    assert measure_kind(make_score("securitized"), "none") == pytest.approx(0.1 * 0.9 * 0.9)
    assert measure_kind(make_score("securitized"), "securitized") == 0.9


def test_a_profile_takes_the_errors_of_its_bundle():
    bundle = make_bundle(errors=describe())
    profile = build_profile(make_collection({"a": "s" * 12}, bundle=bundle), group="a")

    assert profile.shares["securitized"].method == "adjusted"
    assert profile.shares["governance"].method == "counted"


def test_errors_come_back_as_they_were_saved(tmp_path):
    save_bundle(make_bundle(errors=describe()), tmp_path / "tiny-v1")

    found = find_errors(load_bundle(tmp_path / "tiny-v1"))

    assert found == ErrorTable(500, 90, {"securitized": ERRORS})


def test_a_bundle_without_errors_is_as_it_was(tmp_path):
    save_bundle(make_bundle(), tmp_path / "tiny-v1")

    assert '"errors"' not in (tmp_path / "tiny-v1" / "bundle.json").read_text()
    assert find_errors(load_bundle(tmp_path / "tiny-v1")) is None


def test_errors_of_another_quality_are_none():
    assert find_errors(make_bundle(errors=describe()), "best") is None


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        ([], "no mapping"),
        ({"best": {}}, "other qualities"),
        ({"all": {"kinds": {}}}, "not passages, documents, kinds"),
        ({"all": {"passages": 0, "documents": 1, "kinds": {}}}, "how many"),
        ({"all": {"passages": True, "documents": 1, "kinds": {}}}, "how many"),
        ({"all": {"passages": 1, "documents": 1, "kinds": {"cost": {}}}}, "other framings"),
        ({"all": {"passages": 1, "documents": 1, "kinds": {"none": {"share": 1}}}}, "for 'none' are not"),
        (describe(share=2), "share"),
        (describe(slope=0), "slope"),
        (describe(slope=float("nan")), "finite"),
        (describe(separation=-2), "separation"),
        (describe(document_variance=-0.1), "variance"),
        (describe(score="high"), "finite"),
    ],
)
def test_hostile_errors_are_refused(tmp_path, errors, found):
    save_bundle(make_bundle(), tmp_path / "tiny-v1")
    rewrite_manifest(tmp_path / "tiny-v1", errors=errors)

    with pytest.raises(BundleDamagedError, match=found):
        load_bundle(tmp_path / "tiny-v1")


@pytest.mark.parametrize("total", range(1, 120))
def test_intervals_of_counts_hold_the_share_to_the_last_digit(total):
    for count in (0, 1, total - 1, total):
        low, high = bound_proportion(count, total)
        assert 0 <= low <= count / total <= high <= 1
