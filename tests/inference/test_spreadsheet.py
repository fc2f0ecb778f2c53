from __future__ import annotations

import csv
import io

import pytest

from policyframes.errors import TableError
from policyframes.spreadsheet import BYTE_ORDER_MARK, format_csv, make_inert, read_table, undo_inert

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    " =1",
    "＝1",
    "＋1",
    "－1",
    "＠a",
    '=HYPERLINK("http://x")',
]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(tmp_path, encoding, delimiter):
    text = delimiter.join(["Document ", "ISSUER"]) + "\r\n" + delimiter.join(["a", "Ministère"]) + "\r\n"
    table = read_table(write(tmp_path / "t.csv", text, encoding))

    assert table.columns == ("document", "issuer")
    assert table.rows == {2: {"document": "a", "issuer": "Ministère"}}


def test_lines_are_those_of_the_file(tmp_path):
    table = read_table(write(tmp_path / "t.csv", 'document,title\n"a","two\nlines"\n\nb,x\n'))

    assert table.rows == {2: {"document": "a", "title": "two\nlines"}, 5: {"document": "b", "title": "x"}}


def test_excels_note_of_the_delimiter_is_no_header(tmp_path):
    assert read_table(write(tmp_path / "t.csv", "sep=;\ndocument;year\na;2017\n")).rows == {
        3: {"document": "a", "year": "2017"}
    }


def test_cells_that_a_row_lacks_are_empty_and_empty_columns_at_the_end_are_dropped(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "document,year,,\na\nb,2017,,\n"))

    assert table.columns == ("document", "year")
    assert table.rows == {2: {"document": "a", "year": ""}, 3: {"document": "b", "year": "2017"}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"a,b\n1,2,3\n", "line 2 has 3 cells, and the header 2"),
        (b'a,b\n1,"2\n', "line 2 is no row"),
        (b"a,A\n", "two columns have the name 'a'"),
        (b"a,,b\n", "column 2 has no name"),
        (b"a\0b\n", "it is no text"),
        (b"\x81\x8d\n", "it is no text"),
        (b"PK\x03\x04rest", "it is an Excel workbook"),
    ],
)
def test_what_is_no_table_is_a_named_error(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(TableError, match=message):
        read_table(tmp_path / "t.csv")


def test_a_file_that_is_not_there_is_a_named_error(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_for_excel_begins_a_formula(cell):
    text = format_csv([{cell: cell}], [cell], excel=True)
    rows = list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))

    assert [row[0] for row in rows] == [make_inert(cell.replace("\r", "\n"))] * 2
    assert all(row[0].startswith("'") for row in rows)
    assert undo_inert(make_inert(cell)) == cell


def test_plain_csv_keeps_cells_as_they_are_and_numbers_stay_numbers_for_excel():
    assert format_csv([{"a": "=1", "b": -0.5}], ["a", "b"]) == "a,b\n=1,-0.5\n"
    assert format_csv([{"a": "=1", "b": -0.5}], ["a", "b"], excel=True) == f"{BYTE_ORDER_MARK}a,b\n'=1,-0.5\n"


def test_lists_are_joined_and_what_is_missing_is_empty():
    assert format_csv([{"a": ["x", "y"]}], ["a", "b"]) == "a,b\nx; y,\n"


def test_an_apostrophe_of_the_text_itself_is_kept():
    assert undo_inert("'tis so") == "'tis so"
