"""How groups of articles differ: what `compare` finds of the same passages, and no more false alarms than promised."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from policyframes.archive.contrasts import ALL, OTHERS, Contrast, contrast_groups
from policyframes.archive.gathering import Pool
from policyframes.archive.groups import MOST_TESTED, estimate_shares, measure_archive
from policyframes.profiles import shares as profile_shares
from policyframes.profiles.change import SIGNIFICANT, adjust_changes, measure_changes
from tests.inference.archive.archives import make_rows, read_documents, run_job, write_rows
from tests.inference.archive.test_report import read_passages
from tests.inference.scored import FRAMINGS, TABLE

KINDS = (*FRAMINGS, "none", "uncertain")


def make_pool(sizes, means, counts=None):
    sizes = np.array(sizes, dtype=float)
    means = np.broadcast_to(np.array(means, dtype=float), sizes.shape)
    counts = np.rint(means * sizes) if counts is None else np.array(counts, dtype=float)
    return Pool(sizes, dict.fromkeys(KINDS[:-1], means), dict.fromkeys(KINDS, counts))


def contrast(pools, errors=TABLE, *, is_timed=False):
    shares = {name: estimate_shares(pool, KINDS, errors).shares for name, pool in pools.items()}
    plan = Contrast("desk", ALL, is_timed, tuple(pools))
    return contrast_groups(
        plan, pools, shares, errors, estimate=lambda pool: estimate_shares(pool, KINDS, errors).shares
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contrasts")
    rows = make_rows(90, bad=False)
    for number, row in enumerate(rows):
        row["date"] = f"2024-0{1 + number % 3}-05"
        row["outlet"] = "ABC"[number % 7 % 3]
        row["text"] = " ".join([row["text"]] * (1 + number % 5 * 9))
    write_rows(folder / "news.jsonl", rows)
    return folder


@pytest.mark.parametrize("errors", [TABLE, None], ids=["corrected", "counted"])
def test_periods_differ_as_compare_says_of_the_same_passages(finished, bundle_folder, errors, tmp_path):
    run_job(finished / "news.jsonl", tmp_path / "out", bundle_folder)
    found = measure_archive(tmp_path / "out", ["month"], errors)
    months = {row["document"]: row["date"][:7] for row in read_documents(tmp_path / "out")}
    profiles = {}
    for month in set(months.values()):
        own = [item for item in read_passages(tmp_path / "out") if months[item.document] == month]
        shares = profile_shares.estimate_shares(own, FRAMINGS, errors)
        profiles[month] = SimpleNamespace(group=month, aspect=None, passages=own, shares=shares)

    assert len(found.changes) == 2 * 4
    for change in found.changes:
        expected = measure_changes(profiles[change.before], profiles[change.after], errors)
        [wanted] = [item for item in expected if item.kind == change.kind]
        assert change.difference == pytest.approx(wanted.difference, abs=1e-3)
        if errors:
            assert (change.low, change.high, change.p_value) == pytest.approx(
                (wanted.low, wanted.high, wanted.p_value), abs=2e-3
            )
        else:
            # Counts of compare know nothing of the likeness of a document's passages; those of an archive do.
            assert change.low <= wanted.low
            assert wanted.high <= change.high


def test_all_groupings_of_a_report_share_one_adjustment(finished, bundle_folder, tmp_path):
    run_job(finished / "news.jsonl", tmp_path / "out", bundle_folder)
    found = measure_archive(tmp_path / "out", ["month", "outlet", "month,outlet"], TABLE)
    tested = [change for change in found.changes if change.p_value is not None]
    lowest = min(tested, key=lambda change: change.p_value)

    assert {change.by for change in tested} == {"month", "outlet", "month,outlet"}
    assert lowest.adjusted_p_value == pytest.approx(min(1.0, lowest.p_value * len(tested)))


@pytest.mark.parametrize("errors", [TABLE, None], ids=["corrected", "counted"])
def test_passages_of_few_articles_say_less_than_as_many_of_many(errors):
    many = {"a": make_pool([1] * 300, [0.9] * 120 + [0.1] * 180), "b": make_pool([1] * 300, [0.9] * 180 + [0.1] * 120)}
    few = {name: make_pool([20] * 15, [0.9] * number + [0.1] * (15 - number)) for name, number in (("a", 6), ("b", 9))}
    p_many, p_few = (contrast(pools, errors)[0].p_value for pools in (many, few))

    assert p_many < 0.01
    assert p_few > 0.2


def test_a_group_is_set_against_all_other_articles():
    pools = {name: make_pool([4] * 20, mean) for name, mean in (("a", 0.2), ("b", 0.4), ("c", 0.8))}
    changes = [change for change in contrast(pools) if change.kind == "none"]
    rest = contrast({"rest": make_pool([4] * 40, [0.2] * 20 + [0.4] * 20), "z": pools["c"]})

    assert [(change.before, change.after) for change in changes] == [(OTHERS, "a"), (OTHERS, "b"), (OTHERS, "c")]
    [wanted] = [change for change in rest if change.kind == "none"]
    assert (changes[2].difference, changes[2].p_value) == pytest.approx((wanted.difference, wanted.p_value))
    assert changes[2].articles == (40, 20)


@pytest.mark.parametrize("errors", [TABLE, None], ids=["corrected", "counted"])
def test_fewer_than_five_articles_on_a_side_are_not_tested(errors):
    for count, is_tested in ((4, False), (5, True)):
        pools = {"a": make_pool([5] * count, 0.1), "b": make_pool([5] * 30, 0.9)}

        assert {change.p_value is not None for change in contrast(pools, errors)} == {is_tested}


def test_one_group_is_set_against_nothing():
    assert contrast({"a": make_pool([4] * 20, 0.2)}) == []


def test_of_very_many_groups_the_largest_are_tested(bundle_folder, tmp_path):
    count = MOST_TESTED + 3
    rows = [
        {"id": f"a{n}", "desk": f"d{n % count}", "text": row["text"] * (2 if n % count < 3 else 9)}
        for n, row in enumerate(make_rows(count * 2, bad=False))
    ]
    run_job(write_rows(tmp_path / "news.jsonl", rows), tmp_path / "out", bundle_folder)
    found = measure_archive(tmp_path / "out", ["desk"], TABLE)
    largest = [group.name for group in found.groupings[0].groups[:MOST_TESTED]]

    assert list(dict.fromkeys(change.after for change in found.changes)) == largest


@pytest.mark.parametrize("errors", [TABLE, None], ids=["corrected", "counted"])
def test_groups_dealt_out_at_random_seldom_differ(errors):
    chance = np.random.default_rng(5)
    alarms, tests = 0, 0
    reports = []
    for _ in range(60):
        pools = {}
        for name in "abcd":
            sizes = chance.integers(1, 8, 40)
            # Articles keep to one kind: their passages are much alike.
            means = np.clip(chance.choice([0.1, 0.8], 40) + chance.normal(0, 0.1, 40), 0, 1)
            pools[name] = make_pool(sizes, means)
        changes = contrast(pools, errors, is_timed=True)
        # All kinds have the same scores here, so one stands for all.
        changes = adjust_changes([change for change in changes if change.kind == "none"])
        alarms += sum(change.p_value < SIGNIFICANT for change in changes)
        tests += len(changes)
        reports.append(any(change.is_significant for change in changes))

    # 5 in 100 and three standard errors.
    assert alarms / tests < 0.05 + 3 * (0.05 * 0.95 / tests) ** 0.5
    assert sum(reports) / len(reports) < 0.05 + 3 * (0.05 * 0.95 / len(reports)) ** 0.5
