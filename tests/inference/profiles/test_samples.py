from __future__ import annotations

import re

import pytest

from policyframes.errors import SampleError, TableError
from policyframes.profiles.samples import read_sample
from policyframes.sampling import Candidate, draw_sample, hash_text, sample_columns, sample_rows
from policyframes.spreadsheet import format_csv

FRAMINGS = ("securitized", "governance", "partnership")
CANDIDATES = [Candidate(d, n, "", f"Text {n} of {d}.", d) for d in ("a", "b") for n in range(1, 51)]
PASSAGES = {(item.document, item.passage): item.text for item in CANDIDATES}


@pytest.fixture
def write(tmp_path):
    def call(rows, columns=None, delimiter=",", encoding="utf-8"):
        names = columns or sample_columns(FRAMINGS)
        text = format_csv(rows, names).replace(",", delimiter)
        (tmp_path / "coded.csv").write_bytes(text.encode(encoding))
        return tmp_path / "coded.csv"

    return call


def code(*codes, by="", start=0):
    drawn = CANDIDATES[start : start + len(codes)]
    names = [f"coded_{name}" for name in FRAMINGS]
    return [
        row | dict(zip(names, cells, strict=True)) for row, cells in zip(sample_rows(drawn, by), codes, strict=True)
    ]


def test_a_sample_is_drawn_without_repetition_and_again_the_same():
    first, again = (draw_sample(CANDIDATES, 20, 7) for _ in range(2))

    assert first == again
    assert len(set(first)) == 40
    assert draw_sample(CANDIDATES, 20, 8) != first


def test_each_stratum_gives_as_many_and_one_that_is_small_gives_all():
    drawn = draw_sample([*CANDIDATES, Candidate("c", 1, "", "x", "c")], 20, 0)

    assert [sum(item.stratum == name for item in drawn) for name in "abc"] == [20, 20, 1]


def test_a_larger_sample_holds_the_smaller_in_the_same_order():
    small, large = draw_sample(CANDIDATES, 5, 0), draw_sample(CANDIDATES, 30, 0)

    assert [item for item in large if item in small] == small


def test_every_passage_is_as_likely_to_be_drawn():
    one = [Candidate("a", number, "", "x") for number in range(1, 11)]
    counts = dict.fromkeys(range(1, 11), 0)
    for seed in range(600):
        for item in draw_sample(one, 3, seed):
            counts[item.passage] += 1

    # 180 are expected of each; the standard deviation is 11.
    assert all(140 < count < 220 for count in counts.values())


def test_the_hash_is_no_number_for_a_spreadsheet_and_white_space_does_not_change_it():
    assert re.fullmatch(r"h[0-9a-f]{12}", hash_text("a  b"))
    assert hash_text("a\nb ") == hash_text("a b") != hash_text("a c")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("yes", ["1", "TRUE", "x", "X", "WAHR", "yes", "1.0"])
@pytest.mark.parametrize("no", ["0", "FALSE", "no", "FALSCH"])
def test_codes_are_read_as_spreadsheets_write_them(write, delimiter, yes, no):
    path = write(code((yes, no, yes), (no, no, no)), delimiter=delimiter, encoding="utf-8-sig")
    read = read_sample(path, PASSAGES, FRAMINGS, "year")

    assert read.sample.framings == {("a", 1): frozenset({"securitized", "partnership"}), ("a", 2): frozenset()}
    assert read.warnings == ()


def test_rows_that_are_coded_in_part_or_not_at_all_are_told_and_not_used(write):
    read = read_sample(write(code((1, 0, ""), (1, 0, 0), ("", "", ""))), PASSAGES, FRAMINGS, "year")

    assert list(read.sample.framings) == [("a", 2)]
    assert [warning.partition(": ")[2] for warning in read.warnings] == [
        "1 row is coded in part and not used: lines 2. Write 0 for what is absent.",
        "1 row is not coded yet.",
    ]


@pytest.mark.parametrize(
    ("documents", "rows", "found"),
    [
        ({"b"}, [(1, 0, 0)], "what is coded, 1 of its rows, is of documents that are not compared"),
        ({"a", "b"}, [(1, "", ""), ("", 1, "")], "no row is coded in full; coded in part: 2"),
        ({"a", "b"}, [("", "", "")], r"no row is coded\."),
    ],
)
def test_a_sample_of_which_nothing_can_be_used_says_why(write, documents, rows, found):
    passages = {key: text for key, text in PASSAGES.items() if key[0] in documents}
    with pytest.raises(SampleError, match=found):
        read_sample(write(code(*rows)), passages, FRAMINGS, "year")


def test_rows_of_documents_that_are_not_compared_are_told(write):
    only_a = {key: text for key, text in PASSAGES.items() if key[0] == "a"}
    read = read_sample(write(code((1, 0, 0), (1, 0, 0), start=49)), only_a, FRAMINGS, "year")

    assert list(read.sample.framings) == [("a", 50)]
    assert "1 row is of documents that are not compared" in read.warnings[0]


def test_the_text_stands_in_for_a_hash_that_was_deleted(write):
    columns = [name for name in sample_columns(FRAMINGS) if name != "text_hash"]

    assert len(read_sample(write(code((1, 0, 0)), columns), PASSAGES, FRAMINGS, "").sample.framings) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"passage": 99}, r"line 2: a has no passage '99'"),
        ({"passage": "one"}, r"a has no passage 'one'"),
        ({"text_hash": "h000000000000"}, r"passage 1 of a has another text"),
        ({"coded_governance": "maybe"}, r"line 2 holds the code 'maybe'"),
        ({"drawn_voice": "own"}, r"drawn from passages in own voice, and the comparison takes all"),
        ({"drawn_by": "issuer"}, r"as many passages of each issuer, and the comparison is by year"),
        (dict.fromkeys(("coded_securitized", "coded_governance", "coded_partnership"), ""), r"no row is coded"),
    ],
)
def test_a_row_that_does_not_fit_is_a_named_error(write, change, message):
    with pytest.raises(SampleError, match=message):
        read_sample(write([code((1, 0, 0))[0] | change]), PASSAGES, FRAMINGS, "year")


def test_a_passage_that_is_coded_twice_must_be_coded_alike(write):
    alike = [*code((1, 0, 0)), *code((1, 0, 0))]
    assert len(read_sample(write(alike), PASSAGES, FRAMINGS, "").sample.framings) == 1

    with pytest.raises(SampleError, match="line 3: passage 1 of a is coded twice, and differently"):
        read_sample(write([*code((1, 0, 0)), *code((0, 0, 0))]), PASSAGES, FRAMINGS, "")


def test_a_sample_drawn_by_the_groups_of_the_comparison_is_read(write):
    assert read_sample(write(code((1, 0, 0), by="year")), PASSAGES, FRAMINGS, "year").sample.framings


def test_a_sample_of_own_voice_or_of_all_is_one_of_own_voice(write):
    for voice in ("own", ""):
        row = code((1, 0, 0))[0] | {"drawn_voice": voice}
        assert read_sample(write([row]), PASSAGES, FRAMINGS, "", voice="own").sample.framings


@pytest.mark.parametrize("column", ["document", "passage", "coded_governance"])
def test_a_missing_column_is_named(write, column):
    columns = [name for name in sample_columns(FRAMINGS) if name != column]
    with pytest.raises(SampleError, match=f"no column {column}"):
        read_sample(write(code((1, 0, 0)), columns), PASSAGES, FRAMINGS, "")


def test_a_file_that_is_no_table_is_a_named_error(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_sample(tmp_path / "none.csv", PASSAGES, FRAMINGS, "")
