from __future__ import annotations

import pytest

from policyframes.errors import MetadataError, MissingMetadataError, UsageError
from policyframes.profiles.metadata import check_column, find_lookalikes, gather_metadata

FILES = {"nss-2014": "in/nss-2014.pdf", "nss-2025": "in/nss-2025.docx"}


@pytest.fixture
def write(tmp_path):
    def call(text, name="meta.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return call


def known(files=FILES, **how):
    return {name: dict(values) for name, values in gather_metadata(files, **how).documents.items()}


def test_four_digits_in_a_name_are_the_year():
    assert known() == {"nss-2014": {"year": "2014"}, "nss-2025": {"year": "2025"}}


@pytest.mark.parametrize(
    ("file", "year"),
    [
        ("nss-20171218.pdf", "2017"),
        ("wh-2021-08-20-note.txt", "2021"),
        ("order-13768.txt", None),
        ("doc-20171399.txt", None),
        ("nds2018.txt", "2018"),
        ("agenda-0999.txt", None),
    ],
)
def test_a_date_in_a_name_gives_its_year_and_other_numbers_do_not(file, year):
    assert known({"d": file})["d"].get("year") == year


def test_two_years_in_a_name_are_none_and_told():
    found = gather_metadata({"d": "nds-2015-2016.txt"})

    assert found.documents == {"d": {}}
    assert found.warnings == ("d: its name holds the years 2015 and 2016, so neither is taken.",)


def test_options_go_before_the_csv_and_this_before_file_names(write):
    path = write("document,year,issuer\nnss-2014,2015,A\nnss-2025,,B\n")
    found = gather_metadata(FILES, table=path, settings=["issuer=C", "nss-2025.issuer=D"])

    assert found.documents == {
        "nss-2014": {"year": "2015", "issuer": "C"},
        "nss-2025": {"year": "2025", "issuer": "D"},
    }
    assert found.warnings == ("nss-2014: its year is 2014 by the file's name and 2015 by meta.csv, which is taken.",)


def test_a_pattern_names_the_parts_of_file_names():
    files = {"nss-us-2017": "nss-us-2017.pdf", "nds-uk-2018": "nds-uk-2018.pdf", "odd": "odd.pdf"}
    found = gather_metadata(files, pattern="{kind}-{Issuer}-{year}")

    assert found.documents["nds-uk-2018"] == {"kind": "nds", "issuer": "uk", "year": "2018"}
    assert found.warnings == ("odd: not of the form {kind}-{Issuer}-{year}, so the file's name says nothing.",)


@pytest.mark.parametrize("pattern", ["", "nss", "{}-{year}", "{year}{year}", "{a b}", "{year", "{document}-{year}"])
def test_a_pattern_that_makes_no_sense_is_told(pattern):
    with pytest.raises(UsageError, match="--name-pattern"):
        gather_metadata(FILES, pattern=pattern)


def test_a_pattern_that_no_name_follows_is_told():
    with pytest.raises(UsageError, match="for instance not 'nss-2014'"):
        gather_metadata(FILES, pattern="{issuer}_{year}")


@pytest.mark.parametrize("header", ["document", "file", "id", "Document"])
@pytest.mark.parametrize("name", ["nss-2014", "nss-2014.pdf", "in/nss-2014.pdf"])
def test_rows_may_name_the_document_or_its_file(write, header, name):
    assert known(table=write(f"{header},issuer\n{name},A\n"))["nss-2014"]["issuer"] == "A"


def test_accents_that_are_written_apart_are_the_same_name(write):
    assert known({"ley-peru\u0301": "ley-peru\u0301.pdf"}, table=write("document,issuer\nley-perú,A\n")) == {
        "ley-peru\u0301": {"issuer": "A"}
    }


def test_a_file_name_that_two_files_have_stands_for_neither(write):
    files = {"nss": "a/nss.pdf", "nss-2": "b/nss.pdf"}

    assert known(files, table=write("document,issuer\nb/nss.pdf,B\nnss,A\n")) == {
        "nss": {"issuer": "A"},
        "nss-2": {"issuer": "B"},
    }


def test_rows_of_other_documents_and_documents_without_a_row_are_told(write):
    found = gather_metadata(FILES, table=write("document,issuer\nnss-2014,A\nother,B\n"))

    assert [warning.partition(": ")[2] for warning in found.warnings] == [
        "rows of other documents are not used: other.",
        "there is no row of nss-2025.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,issuer\nnss-2014,A\n", "its columns are name, issuer"),
        ("document,issuer\nother,A\n", "no row is of a document that was given .*the first names 'other'"),
        ("document,issuer\n", "it has no rows"),
        ("document,issuer\nnss-2014,A\nnss-2014,B\n", "lines 2 and 3 say different things of nss-2014"),
        ("document,year\nnss-2014,'14\n", 'its year is "\'14"'),
    ],
)
def test_a_csv_that_contradicts_is_a_named_error(write, text, message):
    with pytest.raises(MetadataError, match=message):
        gather_metadata(FILES, table=write(text))


def test_the_same_row_twice_is_told(write):
    found = gather_metadata(FILES, table=write("document,issuer\nnss-2014,A\nnss-2014,A\nnss-2025,B\n"))

    assert found.warnings[0].endswith("lines 2 and 3 are the same row of nss-2014.")


@pytest.mark.parametrize(
    ("date", "year"), [("2017-12-18", "2017"), ("18.12.2017", "2017"), ("12/18/2017", "2017"), ("Dec. 18, 2017", None)]
)
def test_a_date_gives_the_year_where_that_is_not_known(write, date, year):
    assert known({"d": "d.pdf"}, table=write(f'document,date\nd,"{date}"\n'))["d"].get("year") == year


@pytest.mark.parametrize("setting", ["year", "=2017", "year=", "nobody.year=2017", "d d=1", "document=x"])
def test_a_setting_that_makes_no_sense_is_told(setting):
    with pytest.raises(UsageError, match="--set"):
        gather_metadata(FILES, settings=[setting])


def test_a_setting_may_name_a_document_with_points_in_its_name():
    assert known({"a.b": "a.b.txt"}, settings=["a.b.year=2017"]) == {"a.b": {"year": "2017"}}


@pytest.mark.parametrize("cell", ["2014", "2014.0", '"2014,0"', "2014.00"])
def test_a_year_that_a_spreadsheet_took_for_a_number_is_a_year_and_no_contradiction(write, cell):
    found = gather_metadata(FILES, table=write(f"file,year\nnss-2014.pdf,{cell}\nnss-2025.docx,2025\n"))

    assert found.documents["nss-2014"] == {"year": "2014"}
    assert found.warnings == ()


@pytest.mark.parametrize("cell", ["2014.5", "14.0", "2014-15", "20140"])
def test_what_is_no_year_stays_refused(write, cell):
    with pytest.raises(MetadataError, match=f"its year is '{cell}'"):
        gather_metadata(FILES, table=write(f"document,year\nnss-2014,{cell}\n"))


@pytest.mark.parametrize(("column", "is_near"), [("administartion", True), ("goverment", False)])
def test_a_column_that_is_misspelt_is_guessed_at(column, is_near):
    found = gather_metadata(FILES, settings=["administration=X"])
    with pytest.raises(MissingMetadataError) as stop:
        check_column(found, column)

    assert ("Did you mean --by administration? If not: Say it in one of" in str(stop.value)) is is_near


def test_what_is_missing_is_asked_for_with_three_ways_and_every_document():
    files = {f"d{number}": f"d{number}.txt" for number in range(12)}
    found = gather_metadata(files, settings=["d3.administration=X"])
    with pytest.raises(MissingMetadataError, match=r"11 of 12 documents have no 'administration'") as stop:
        check_column(found, "administration")

    message = str(stop.value)
    assert all(f"d{number}" in message for number in range(12) if number != 3)
    assert "document,administration\n         d0,..." in message
    assert "--name-pattern '{administration}-{year}'" in message
    assert "--set d0.administration=..." in message
    assert stop.value.exit_code == 2


def test_a_name_with_spaces_is_quoted_for_the_shell():
    with pytest.raises(MissingMetadataError, match=r"--set 'my file.year=2017'"):
        check_column(gather_metadata({"my file": "my file.txt"}), "year")


def test_nothing_is_asked_for_where_all_is_known():
    check_column(gather_metadata(FILES), "year")


def test_groups_that_differ_in_case_only_are_told():
    found = gather_metadata(FILES, settings=["nss-2014.issuer=House", "nss-2025.issuer=house"])

    assert find_lookalikes(found, "issuer") == [
        "issuer: House and house differ in case only, and are groups of their own."
    ]
    assert find_lookalikes(found, "year") == []


def test_white_space_within_a_value_makes_no_second_group(write):
    path = write("document,issuer\nnss-2014,White  House\nnss-2025,White House\n")

    assert {values["issuer"] for values in known(table=path).values()} == {"White House"}
