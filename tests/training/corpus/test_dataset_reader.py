"""Labelled files of every documented kind read alike; what cannot be read is refused with its line."""

from __future__ import annotations

import json

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

from policyframes.errors import LabelsError
from policyframes_training.corpus.dataset_reader import is_dataset, read_tables

_TEXTS = ("Tolls rise, and drivers pay", 'The mayor said "no" twice', "Zoë löst den Streit")


def _cells(path):
    return [row.cells for table in read_tables(path) for row in table.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_of_any_delimiter_encoding_and_line_end_gives_the_same_cells(tmp_path, delimiter, encoding, end):
    quoted = [text.replace('"', '""') for text in _TEXTS]
    lines = [f" Text {delimiter}ID", *(f'"{text}"{delimiter}{number}' for number, text in enumerate(quoted))]
    (tmp_path / "data.csv").write_bytes(end.join(lines).encode(encoding))

    assert _cells(tmp_path / "data.csv") == [{"text": text, "id": str(number)} for number, text in enumerate(_TEXTS)]


def test_csv_that_a_spreadsheet_saved_in_windows_1252_is_read_and_the_reader_told(tmp_path):
    (tmp_path / "data.csv").write_bytes("text;framings\nDie Brücke – gesperrt;cost\n".encode("cp1252"))
    (table,) = read_tables(tmp_path / "data.csv")

    assert table.rows[0].cells["text"] == "Die Brücke – gesperrt"
    assert "no UTF-8 (line 2): read as Windows-1252" in table.notes[0]


def test_place_is_the_line_on_which_a_row_begins(tmp_path):
    (tmp_path / "data.csv").write_text('text,framings\n"one\ntwo\nthree",a\n\nfour,b\n', encoding="utf-8")
    (table,) = read_tables(tmp_path / "data.csv")

    assert [row.place for row in table.rows] == ["data.csv:2", "data.csv:6"]


def test_jsonl_keeps_its_types_and_skips_blank_lines(tmp_path):
    (tmp_path / "data.jsonl").write_text('{"text": "a", "framings": ["x"]}\n\n{"text": "b", "doubt": 1}\n')
    (table,) = read_tables(tmp_path / "data.jsonl")

    assert [(row.place, row.cells) for row in table.rows] == [
        ("data.jsonl:1", {"text": "a", "framings": ["x"]}),
        ("data.jsonl:3", {"text": "b", "doubt": 1}),
    ]
    assert table.columns == ("text", "framings", "doubt")


def test_folder_of_files_named_after_the_splits_gives_each_its_side(tmp_path):
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.csv").write_text(f"text,framings\nof {name},a\n", encoding="utf-8")
    (tmp_path / "notes.csv").write_text("other\n1\n", encoding="utf-8")

    assert {table.side: table.rows[0].cells["text"] for table in read_tables(tmp_path)} == {
        "train": "of train",
        "validation": "of dev",
        "test": "of test",
    }


def test_saved_dataset_gives_names_for_classes_and_sides_for_splits(tmp_path):
    features = Features({"text": Value("string"), "framings": Sequence(ClassLabel(names=["cost", "safety"]))})
    rows = Dataset.from_list([{"text": "Fares rise", "framings": [1, 0]}], features=features)
    DatasetDict({"train": rows, "validation": rows}).save_to_disk(str(tmp_path / "saved"))
    tables = read_tables(tmp_path / "saved")

    assert [table.side for table in tables] == ["train", "validation"]
    assert tables[0].rows[0].cells == {"text": "Fares rise", "framings": ["safety", "cost"]}


def test_saved_dataset_without_splits_has_no_side(tmp_path):
    Dataset.from_list([{"text": "Fares rise", "framings": ["cost"]}]).save_to_disk(str(tmp_path / "saved"))
    (table,) = read_tables(tmp_path / "saved")

    assert (table.side, table.rows[0].place) == (None, "dataset row 1")


def test_saved_dataset_with_another_split_is_refused(tmp_path):
    rows = Dataset.from_list([{"text": "Fares rise"}])
    DatasetDict({"holdout": rows}).save_to_disk(str(tmp_path / "saved"))

    with pytest.raises(LabelsError, match="the split 'holdout'"):
        read_tables(tmp_path / "saved")


def test_damaged_saved_dataset_is_refused(tmp_path):
    Dataset.from_list([{"text": "Fares rise"}]).save_to_disk(str(tmp_path / "saved"))
    next((tmp_path / "saved").glob("*.arrow")).write_bytes(b"no arrow")

    with pytest.raises(LabelsError, match="a saved dataset that cannot be read"):
        read_tables(tmp_path / "saved")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data.csv", b"text,framings\none,a,b\n", r"data\.csv:2: 3 cells under 2 columns"),
        ("data.csv", b'text,framings\none,a\n"two,b\nthree,c\n', r"data\.csv:3: no CSV"),
        ("data.csv", b"text,Text\none,a\n", "a column twice among text, text"),
        ("data.csv", b"text,framings\n", "no row"),
        ("data.csv", b"", "no row"),
        ("data.csv", b"text\n\x00\xff\n", r"data\.csv:2: bytes that are no text"),
        ("data.jsonl", b'{"text": "a"}\n{"text": \n', r"data\.jsonl:2: no JSON"),
        ("data.jsonl", b'["a"]\n', r"data\.jsonl:1: no JSON object"),
        ("data.jsonl", b'{"text": "\xff"}\n', r"data\.jsonl:1: bytes that are no text"),
        ("data.xlsx", b"PK", r"a file \.xlsx"),
        ("data", b"text", "a file without a suffix"),
    ],
)
def test_file_that_is_no_labelled_data_is_refused_with_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(LabelsError, match=message):
        read_tables(tmp_path / name)


def test_missing_file_and_folder_without_data_are_refused(tmp_path):
    with pytest.raises(LabelsError, match="no such file or folder"):
        read_tables(tmp_path / "absent.csv")
    with pytest.raises(LabelsError, match="a folder without labelled data"):
        read_tables(tmp_path)


def test_folder_of_labels_is_no_dataset_even_where_files_are_missing(tiny, tmp_path):
    (tmp_path / "splits.json").write_text(json.dumps({}), encoding="utf-8")

    assert not is_dataset(tiny.labels)
    assert not is_dataset(tmp_path)
    assert is_dataset(tmp_path / "data.csv")
