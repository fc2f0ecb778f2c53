"""Nearness is symmetric, exact and cheap; rows are read leniently; the strict reader names file and line."""

import json
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.errors import LabelsError
from policyframes_training.labels.coded import load_catalogue, load_labels
from policyframes_training.labels.defects import Defect, locate_documents, read_lines, read_table
from policyframes_training.labels.nearness import find_near_pairs, jaccard, shingle

WORDS = st.lists(st.sampled_from("a b c d e f g h".split()), max_size=12).map(" ".join)


@given(st.lists(WORDS, max_size=12), st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0]))
@settings(max_examples=200, deadline=None)
def test_the_search_finds_exactly_what_comparing_all_pairs_finds(texts, threshold):
    sets = [shingle(text) for text in texts]
    expected = {
        (a, b) for a, b in combinations(range(len(texts)), 2) if sets[a] and jaccard(sets[a], sets[b]) >= threshold
    }
    assert {(a, b) for a, b, _ in find_near_pairs(texts, threshold)} == expected


def test_case_points_and_line_ends_do_not_count():
    assert shingle("The River,\nrose!") == shingle("the river rose") == {"the river", "river rose"}


def test_a_defect_prints_file_line_kind_and_remedy():
    defect = Defect("a.jsonl", 3, "bad-doubt", "doubt 7", "0, 1 or 2", "Correct it.")
    assert str(defect) == "a.jsonl:3: bad-doubt: doubt 7. Allowed: 0, 1 or 2. Correct it."


def test_lines_after_a_broken_one_are_still_read(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{oops\n{"id": 3}\n', encoding="utf-8")
    defects = []
    rows = read_lines(tmp_path / "a.jsonl", defects)
    assert [row.line for row in rows] == [1, 3]
    assert [(defect.kind, defect.line) for defect in defects] == [("bad-json", 2)]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "x\u2028y"}\n', encoding="utf-8")
    assert read_lines(tmp_path / "a.jsonl", [])[0].data == {"id": "x\u2028y"}


def test_a_quoted_line_end_in_a_table_does_not_shift_the_rows(tmp_path):
    (tmp_path / "t.csv").write_text('id,title\na,"one\ntwo"\nb,x\n', encoding="utf-8")
    assert [(row.line, row.data["id"]) for row in read_table(tmp_path / "t.csv", ("id", "title"), [])] == [
        (3, "a"),
        (4, "b"),
    ]


def test_documents_are_located_by_side_and_line():
    data = {"documents": {"train": ["a"], "validation": [], "test": ["b", "c"]}, "groups": [["b", "c"]]}
    located = locate_documents(json.dumps(data, indent=1))
    assert located == [("train", "a", 4), ("test", "b", 8), ("test", "c", 9)]


def test_an_empty_side_does_not_swallow_the_groups():
    data = {"documents": {"train": ["a"], "validation": [], "test": []}, "groups": [["b", "c"]]}
    assert locate_documents(json.dumps(data, indent=1)) == [("train", "a", 4)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"passages\.jsonl:1: no JSON"),
        ("[]", r"passages\.jsonl:1: no JSON object"),
        ('{"id": "x"}', r"passages\.jsonl:1: KeyError.*labels check"),
    ],
)
def test_the_strict_reader_names_file_and_line(tmp_path, line, message):
    (tmp_path / "passages.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(LabelsError, match=message):
        load_labels(tmp_path)


def test_a_catalogue_with_other_columns_or_no_number_is_refused(tmp_path, checkout):
    path = tmp_path / "documents.csv"
    path.write_text("id,title\n", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"documents\.csv:1: the columns"):
        load_catalogue(path)
    header = (checkout / "labels" / "documents.csv").read_text(encoding="utf-8").split("\n")[0]
    path.write_text(f"{header}\na,,,soon,,news,,,,\n", encoding="utf-8")
    with pytest.raises(LabelsError, match=r"documents\.csv:2: .*soon"):
        load_catalogue(path)
