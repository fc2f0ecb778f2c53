"""A split that the data do not bring: whole documents, near texts together, the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from policyframes.errors import TrainingError
from policyframes_training.corpus.dataset_rows import CodedRow
from policyframes_training.corpus.dataset_split import split_rows

_WORDS = "toll lane bridge ferry signal queue bus tram kerb slope".split()
_FRAMINGS = ("cost", "safety")


def _row(number, *, document="", text="", side=None, framings=None):
    marks = (
        framings
        if framings is not None
        else [f for f, every in zip(_FRAMINGS, (3, 5), strict=True) if number % every == 0]
    )
    words = " ".join(f"{_WORDS[(number * step) % 10]}{number}" for step in (1, 3, 7))
    return CodedRow(
        place=f"data.csv:{number}",
        id=f"r{number:04}",
        text=text or words,
        framings=tuple(marks),
        primary=None,
        voice=None,
        doubt=0,
        document=document or f"r{number:04}",
        origin="rewrite",
        side=side,
    )


def _split(rows, seed=0):
    return split_rows(rows, _FRAMINGS, seed=seed, where="data.csv")


def _sides(split):
    return {row.id: row.side for row in split.rows}


def test_shares_of_passages_and_of_each_framing_are_near_70_10_20():
    split = _split([_row(number) for number in range(300)])
    sizes = Counter(row.side for row in split.rows)
    marks = Counter((framing, row.side) for row in split.rows for framing in row.framings)

    assert {side: sizes[side] for side in ("train", "validation", "test")} == pytest.approx(
        {"train": 210, "validation": 30, "test": 60}, abs=3
    )
    assert marks["cost", "test"] == pytest.approx(20, abs=4)
    assert marks["safety", "validation"] == pytest.approx(6, abs=3)


def test_same_seed_gives_the_same_split_whatever_the_order_and_another_seed_another():
    rows = [_row(number) for number in range(80)]

    assert _sides(_split(rows)) == _sides(_split(rows[::-1]))
    assert _sides(_split(rows)) != _sides(_split(rows, seed=1))


def test_no_document_is_cut():
    split = _split([_row(number, document=f"d{number % 20}") for number in range(200)])
    sides: dict[str, set] = {}
    for row in split.rows:
        sides.setdefault(row.document, set()).add(row.side)

    assert {len(found) for found in sides.values()} == {1}


def test_nearly_equal_texts_stay_together_and_their_documents_are_a_group():
    rows = [_row(number) for number in range(60)]
    near = [
        _row(number, text=f"The old bridge is closed for repairs until May, says office {number}")
        for number in (60, 61)
    ]
    split = _split(rows + near)

    assert split.groups == (("r0060", "r0061"),)
    assert _sides(split)["r0060"] == _sides(split)["r0061"]


def test_formula_that_all_texts_share_does_not_chain_them_into_one_group():
    text = "The council of the city has met and the council of the city has found that"
    split = _split([_row(number, text=f"{text} {_row(number).text} {_row(number + 500).text}") for number in range(60)])

    assert split.groups == ()
    assert "overlap by 30%" not in split.notes[0]


def test_split_of_the_data_is_left_as_it_is_and_its_leaks_are_told():
    rows = [_row(number, side=("train", "validation", "test")[number % 3]) for number in range(9)]
    rows.append(_row(9, text=rows[0].text.upper(), document="r0001", side="test"))
    split = _split(rows)

    assert split.rows == tuple(rows)
    assert split.notes == (
        "1 documents on more than one side of the data's own split",
        "1 equal texts on more than one side of the data's own split",
    )


def test_missing_validation_is_taken_from_train_alone():
    rows = [_row(number, side="test" if number >= 80 else "train") for number in range(100)]
    split = _split(rows)
    sizes = Counter(row.side for row in split.rows)

    assert (sizes["train"], sizes["validation"], sizes["test"]) == (70, 10, 20)
    assert all(row.side == "test" for row in split.rows if row.id >= "r0080")
    assert split.notes[0].startswith("no validation in the data: drawn with seed 0")


def test_split_without_train_is_refused():
    with pytest.raises(TrainingError, match="passages in test alone"):
        _split([_row(number, side="test") for number in range(9)])


def test_fewer_documents_than_sides_are_refused():
    with pytest.raises(TrainingError, match="2 documents, or groups"):
        _split([_row(number, document=f"d{number % 2}") for number in range(20)])


def test_three_documents_give_each_side_one():
    split = _split([_row(number, document=f"d{number % 3}") for number in range(30)])

    assert {row.side for row in split.rows} == {"train", "validation", "test"}
