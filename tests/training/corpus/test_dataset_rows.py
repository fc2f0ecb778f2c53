"""The documented columns: what a row may say, what is assumed, and all bad rows named at once."""

from __future__ import annotations

import pytest

from policyframes.errors import LabelsError
from policyframes.taxonomy import load_taxonomy
from policyframes_training.corpus.dataset_reader import Row, Table
from policyframes_training.corpus.dataset_rows import MOST_NAMED, name_framing, read_rows

_TAXONOMY = """\
version: "1"
framings:
  - {id: safety, label: Public safety, definition: Harm to people.}
  - {id: cost, label: Cost, definition: What it costs.}
  - {id: beauty, label: Красота, definition: How it looks.}
aspects:
  - {id: roads, label: Roads, definition: Roads., terms: [road]}
"""


def _read(*cells, taxonomy=None, side=None):
    columns = tuple(dict.fromkeys(name for row in cells for name in row))
    rows = tuple(Row(f"data.csv:{number}", row) for number, row in enumerate(cells, 2))
    return read_rows([Table(columns, rows, side)], taxonomy, where="data.csv")


@pytest.fixture
def taxonomy(tmp_path):
    (tmp_path / "taxonomy.yaml").write_text(_TAXONOMY, encoding="utf-8")
    return load_taxonomy(tmp_path / "taxonomy.yaml")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Public opinion", "public-opinion"),
        ("gun_control/regulation", "gun-control-regulation"),
        ("Économie", "economie"),
        ("2nd Amendment", "framing-2nd-amendment"),
        ("политика", ""),
    ],
)
def test_labels_become_ids_in_lower_case_with_hyphens(label, name):
    assert name_framing(label) == name


@pytest.mark.parametrize("value", ["Cost; Public Safety", ["cost", "public-safety"], '["Cost", "Public safety"]'])
def test_lists_are_read_in_every_spelling(value):
    read = _read({"text": "Fares rise", "framings": value}, {"text": "It rains", "framings": ""})

    assert read.framings == ("cost", "public-safety")
    assert [row.framings for row in read.rows] == [("cost", "public-safety"), ()]


@pytest.mark.parametrize(("on", "off"), [("1", "0"), (1, 0), (1.0, 0.0), ("true", "False"), (True, None), ("1.0", "")])
def test_columns_of_0_and_1_are_read_in_every_spelling(on, off):
    read = _read({"text": "Fares rise", "Cost": on, "safety": off}, {"text": "A crash", "Cost": off, "safety": on})

    assert [row.framings for row in read.rows] == [("cost",), ("safety",)]


def test_list_goes_before_columns_and_the_rest_is_named():
    read = _read({"text": "Fares rise", "framings": "cost", "cost": 0, "city": "Ulm"})

    assert read.rows[0].framings == ("cost",)
    assert "columns that are not read: city, cost" in read.notes


def test_column_of_other_values_is_no_framing():
    read = _read({"text": "Fares rise", "cost": 1, "year": 2020}, {"text": "It rains", "cost": 0, "year": 1})

    assert read.framings == ("cost",)
    assert "columns that are not read: year" in read.notes


def test_taxonomy_gives_ids_and_order_and_its_labels_are_understood(taxonomy):
    read = _read({"text": "Fares rise", "framings": "красота;Cost;PUBLIC SAFETY"}, taxonomy=taxonomy)

    assert read.framings == ("safety", "cost", "beauty")
    assert read.rows[0].framings == ("safety", "cost", "beauty")


def test_taxonomy_without_a_column_for_a_framing_is_refused(taxonomy):
    with pytest.raises(LabelsError, match="no column for cost, beauty"):
        _read({"text": "A crash", "safety": 1}, taxonomy=taxonomy)


def test_what_the_data_do_not_say_has_a_default():
    row = _read({"text": "Fares rise", "framings": "cost"}).rows[0]

    assert (row.primary, row.voice, row.doubt, row.origin, row.side) == (None, None, 0, "rewrite", None)
    assert row.id == row.document != ""


def test_what_the_data_say_is_kept():
    cells = {
        "id": 7,
        "document": "law-3",
        "text": "Fares rise",
        "framings": "cost",
        "primary": "Cost",
        "voice": "Reported",
        "doubt": "2.0",
        "origin": "original",
        "split": "DEV",
    }
    row = _read(cells).rows[0]

    assert (row.id, row.document, row.primary, row.voice) == ("7", "law-3", "cost", "reported")
    assert (row.doubt, row.origin, row.side) == (2, "original", "validation")


def test_ids_from_texts_do_not_depend_on_the_order_of_rows():
    cells = [{"text": text, "framings": label} for text, label in (("One", "a"), ("Two", "b"), ("One", "b"))]
    forward, backward = _read(*cells), _read(*reversed(cells))

    assert {(row.id, row.framings) for row in forward.rows} == {(row.id, row.framings) for row in backward.rows}
    assert len({row.id for row in forward.rows}) == 3


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"text": " ", "framings": "cost"}, r"1 bad row. data\.csv:3: no text"),
        ({"text": None, "framings": "cost"}, r"data\.csv:3: no text"),
        ({"text": "- ?", "framings": "cost"}, r"data\.csv:3: the text '- \?'"),
        ({"text": "\ud800 x", "framings": "cost"}, "half a character"),
        ({"text": "x", "framings": "[cost"}, r"data\.csv:3: framings '\[cost'"),
        ({"text": "x", "framings": ["cost", 3]}, r"framings \['cost', 3\]"),
        ({"text": "x"}, "no 'framings'"),
        ({"text": "x", "framings": "политика"}, "the framing 'политика'"),
        ({"text": "x", "framings": "cost", "split": "holdout"}, "split 'holdout'"),
        ({"text": "x", "framings": "cost", "doubt": 3}, "doubt 3. Allowed: 0, 1, 2 in 'doubt'"),
        ({"text": "x", "framings": "cost", "voice": "mine"}, "voice 'mine'. Allowed: own, reported in 'voice'"),
        ({"text": "x", "framings": "cost", "primary": "safety"}, "primary 'safety'"),
        ({"text": "x", "framings": "cost", "origin": "copy"}, "origin 'copy'"),
        ({"text": "x", "framings": "cost", "id": "first"}, r"the id 'first' again, first in data\.csv:2"),
    ],
)
def test_bad_row_is_refused_with_its_line(cells, message):
    with pytest.raises(LabelsError, match=message):
        _read({"text": "Fares rise", "framings": "cost", "id": "first"}, cells)


def test_value_that_is_no_flag_in_a_framings_column_is_refused():
    rows = [{"text": f"text {number}", "cost": number % 2} for number in range(4)]

    with pytest.raises(LabelsError, match=r"data\.csv:6: cost 'yes'. Allowed: 0, 1 or nothing"):
        _read(*rows, {"text": "Fares rise", "cost": "yes"})


def test_label_that_the_taxonomy_lacks_is_refused_with_those_it_has(taxonomy):
    with pytest.raises(LabelsError, match=r"the framing 'speed'\. Allowed: of the framings safety, cost, beauty"):
        _read({"text": "Fares rise", "framings": "cost;speed"}, taxonomy=taxonomy)


def test_row_without_a_split_among_rows_with_one_is_refused():
    with pytest.raises(LabelsError, match=r"data\.csv:3: no split"):
        _read({"text": "a", "framings": "x", "split": "train"}, {"text": "b", "framings": "x", "split": ""})


def test_all_bad_rows_are_named_together_up_to_a_number():
    rows = [{"text": "", "framings": "cost"} for _ in range(MOST_NAMED + 5)]

    with pytest.raises(LabelsError, match="25 bad rows") as caught:
        _read({"text": "Fares rise", "framings": "cost"}, *rows)
    assert str(caught.value).count("no text") == MOST_NAMED
    assert "and 5 faults more" in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"headline": "x", "framings": "a"}, "no column 'text' among framings, headline"),
        ({"text": "x", "label": "a"}, "no label column among label, text"),
        ({"text": "x", "framings": ""}, "no label in any row"),
        ({"text": "x", "framings": "Voice"}, "a framing of the name 'voice'"),
    ],
)
def test_data_without_the_needed_columns_are_refused(cells, message):
    with pytest.raises(LabelsError, match=message):
        _read(cells)


def test_row_with_an_unknown_split_is_named_once():
    with pytest.raises(LabelsError, match=r"1 bad row\. .*'holdout'") as caught:
        _read({"text": "a", "framings": "x", "split": "train"}, {"text": "b", "framings": "x", "split": "holdout"})
    assert "no split" not in str(caught.value)
