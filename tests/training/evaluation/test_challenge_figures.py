"""What the figures on counterfactual pairs count, worked out by hand."""

import json

import numpy as np
import pytest

from policyframes.errors import LabelsError
from policyframes.scorer import Score
from policyframes_training.labels.challenge import Pair, Side, load_challenge, measure_challenge

FRAMINGS = ("securitized", "governance", "partnership")


class Fixed:
    """Gives each text the probabilities written down for it, and decides at 0.5."""

    def __init__(self, by_text):
        self.by_text = by_text

    def score(self, texts):
        rows = [dict(zip(FRAMINGS, self.by_text[text], strict=True)) for text in texts]
        return [Score(row, tuple(f for f in FRAMINGS if row[f] >= 0.5), None, ()) for row in rows]


def pair(name, a, b, *, kind="plain"):
    sides = [Side(f"{name}{side}", tuple(framings)) for side, framings in (("a", a), ("b", b))]
    contrast = "/".join("+".join(side.framings) or "none" for side in sides)
    return Pair(name, "a topic", contrast, kind, *sides, "a note")


def measure(pairs, **probabilities):
    return measure_challenge(Fixed(probabilities), pairs, seed=1, resamples=200)


def test_a_pair_is_right_when_each_differing_framing_is_higher_on_its_side_whatever_the_threshold():
    pairs = [pair("p", ["securitized"], ["governance"])]
    measured = measure(pairs, pa=(0.3, 0.1, 0.9), pb=(0.2, 0.2, 0.1))

    assert measured.overall.pair_accuracy.value == 1.0
    assert measured.overall.both_exact.value == 0.0
    assert measured.failed == ()


def test_one_framing_ranked_wrong_makes_the_pair_wrong():
    pairs = [pair("p", ["securitized"], ["governance"])]
    measured = measure(pairs, pa=(0.9, 0.4, 0.0), pb=(0.1, 0.3, 0.0))

    assert measured.overall.pair_accuracy.value == 0.0
    assert measured.failed == ("p",)
    assert measured.by_framing["securitized"].value == 1.0
    assert measured.by_framing["governance"].value == 0.0


def test_a_tie_is_wrong():
    measured = measure([pair("p", ["partnership"], [])], pa=(0.1, 0.1, 0.7), pb=(0.1, 0.1, 0.7))

    assert measured.overall.pair_accuracy.value == 0.0


def test_a_framing_that_both_sides_carry_is_not_ranked():
    pairs = [pair("p", ["securitized"], ["securitized", "partnership"])]
    measured = measure(pairs, pa=(0.6, 0.0, 0.2), pb=(0.9, 0.0, 0.8))

    assert measured.overall.pair_accuracy.value == 1.0
    assert list(measured.by_framing) == ["partnership"]
    assert measured.overall.both_exact.value == 1.0


def test_set_accuracy_counts_texts_and_both_exact_counts_pairs():
    pairs = [pair("p", ["securitized"], []), pair("q", ["governance"], [])]
    measured = measure(pairs, pa=(0.9, 0.0, 0.0), pb=(0.0, 0.0, 0.0), qa=(0.0, 0.9, 0.0), qb=(0.0, 0.0, 0.6))

    assert measured.overall.set_accuracy.value == 0.75
    assert measured.overall.both_exact.value == 0.5


def test_both_orders_of_a_contrast_are_one_group_and_kinds_are_groups_too():
    pairs = [
        pair("p", ["securitized"], ["governance"]),
        pair("q", ["governance"], ["securitized"], kind="negated"),
        pair("r", [], ["partnership"], kind="none"),
    ]
    row = (0.4, 0.4, 0.4)
    measured = measure(pairs, pa=(0.9, 0.1, 0), pb=(0.1, 0.9, 0), qa=row, qb=row, ra=row, rb=(0.4, 0.4, 0.5))

    assert {name: group.pairs for name, group in measured.by_contrast.items()} == {
        "governance/securitized": 2,
        "partnership/none": 1,
    }
    assert measured.by_contrast["governance/securitized"].pair_accuracy.value == 0.5
    assert measured.by_kind["negated"].pair_accuracy.value == 0.0
    assert measured.by_kind["plain"].pair_accuracy.value == 1.0


def test_intervals_are_those_of_a_binomial_share_and_hang_on_the_seed_alone():
    pairs = [pair(f"p{n}", ["securitized"], []) for n in range(100)]
    rows = {f"p{n}a": (0.9 if n < 80 else 0.1, 0, 0) for n in range(100)} | {f"p{n}b": (0.5, 0, 0) for n in range(100)}
    first = measure_challenge(Fixed(rows), pairs, seed=1).overall.pair_accuracy
    again = measure_challenge(Fixed(rows), pairs, seed=1).overall.pair_accuracy
    other = measure_challenge(Fixed(rows), pairs, seed=2).overall.pair_accuracy

    half_width = 1.96 * np.sqrt(0.8 * 0.2 / 100)
    assert first.value == 0.8
    assert first.low == pytest.approx(0.8 - half_width, abs=0.015)
    assert first.high == pytest.approx(0.8 + half_width, abs=0.015)
    assert first == again
    assert first != other


def test_a_faulty_line_is_named(tmp_path):
    text = " ".join(["word"] * 30)
    row = {
        "id": "c001",
        "topic": "border",
        "contrast": "securitized/none",
        "kind": "plain",
        "a": {"text": text, "framings": ["securitized"]},
        "b": {"text": f"{text} more", "framings": []},
        "note": "a note",
    }
    bad = {**row, "id": "c002", "contrast": "securitized/governance"}
    path = tmp_path / "challenge.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert load_challenge(path, FRAMINGS)[0].differing == ("securitized",)

    path.write_text(json.dumps(row) + "\n" + json.dumps(bad) + "\n", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"challenge\.jsonl:2: contrast 'securitized/governance'"):
        load_challenge(path, FRAMINGS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LabelsError, match=r"challenge\.jsonl:1: it cannot be read"):
        load_challenge(tmp_path / "challenge.jsonl", FRAMINGS)
