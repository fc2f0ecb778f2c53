from __future__ import annotations

import csv
import io
import json
import sys

import pytest

from policyframes.cli import main
from policyframes.report.files import FILE_NAMES

FILL = "The the the the the the the the the the. " * 4
TEXTS = {"threat": f"The threat is a threat. {FILL}", "court": f"The court is a court. {FILL}"}
TEXTS["border"] = f"The threat is at the border. {FILL}"


@pytest.fixture
def run(run_command, bundle_folder):
    def call(command, *arguments):
        bundle = ("--bundle", bundle_folder) if command == "compare" else ()
        return run_command(command, *arguments, *bundle)

    return call


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, kind in (("nss-2017", "threat"), ("nss-1999", "court"), ("note-2017", "border")):
        (folder / f"{name}.txt").write_text("\n\n".join([TEXTS[kind]] * 12))
    return sorted(folder.iterdir())


@pytest.fixture
def metadata(tmp_path):
    path = tmp_path / "meta.csv"
    path.write_text("document;issuer\nnss-2017;House\nnss-1999;House\nnote-2017;Press\n")
    return path


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_a_pipe_gets_one_json_line_an_aspect_group_and_kind(run, documents):
    code, out, err = run("compare", *documents, "--by", "year", "--aspects", "border")
    rows = [json.loads(line) for line in out.splitlines()]

    assert (code, err) == (0, "")
    assert [(row["aspect"], row["group"]) for row in rows[::5]] == [
        ("all", "1999"),
        ("all", "2017"),
        ("border", "1999"),
        ("border", "2017"),
    ]
    assert next(row for row in rows if row["kind"] == "securitized" and row["group"] == "2017")["count"] == 24


def test_a_terminal_gets_tables_that_mark_what_is_too_small(run, documents, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, out, _ = run("compare", *documents, "--by", "year", "--aspects", "border,mexico")

    assert "Share of passages with each framing" in out
    assert "no passage" in out
    assert "No passage speaks of: Mexico." in out
    assert "securitized: +" in out
    assert "from 1999 to 2017" in out
    assert "Fewer than 5 documents: 1999, 2017." in out
    assert "Too few: fewer than 10 passages" in out


def test_a_folder_holds_the_tables_and_the_page(run, documents, metadata, tmp_path):
    out = tmp_path / "out"
    code, printed, _ = run(
        *("compare", *documents, "--by", "issuer", "--metadata", metadata, "--aspects", "all"),
        *("-o", out, "--matrix", "--quanteda", "--excel"),
    )

    assert code == 0
    assert {path.name for path in out.iterdir()} == {*FILE_NAMES, "matrix.csv", "quanteda.csv"}
    assert "The report: " in printed
    assert {row["issuer"] for row in read_csv(out / "documents.csv")} == {"House", "Press"}
    assert len(read_csv(out / "quanteda.csv")) == len(read_csv(out / "passages.csv")) == 36
    assert (out / "passages.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "House" in (out / "report.html").read_text(encoding="utf-8")


def test_quiet_with_a_folder_says_nothing(run, documents, metadata, tmp_path):
    arguments = ("--by", "issuer", "--metadata", metadata, "--set", "note-2017.year=2018", "-o", tmp_path / "out", "-q")

    assert run("compare", *documents, *arguments) == (0, "", "")


def test_what_is_missing_is_asked_for_before_anything_is_read(run, documents, tmp_path):
    code, out, err = run(
        "compare", *documents, tmp_path / "nowhere.txt", "--by", "Administration", "-o", tmp_path / "o"
    )

    assert (code, out) == (2, "")
    assert err.startswith("PF-6002: --by administration: no document has 'administration'")
    assert "PF-2001" not in err
    assert not (tmp_path / "o").exists()


def test_a_folder_is_told_and_not_asked_for_its_year(run, documents, tmp_path):
    (tmp_path / "papers").mkdir()
    code, out, err = run("compare", *documents, tmp_path / "papers", "--by", "year")

    assert (code, out) == (1, "")
    assert err.startswith(f"PF-2001: {tmp_path / 'papers'}: a folder.")


def test_a_document_that_fails_is_told_and_the_others_are_compared(run, documents, tmp_path):
    (tmp_path / "empty-2020.txt").touch()
    code, _, err = run("compare", *documents, tmp_path / "empty-2020.txt", "--by", "year", "-o", tmp_path / "out")

    assert code == 3
    assert err.startswith("PF-2004: ")
    assert [row["status"] for row in read_csv(tmp_path / "out" / "documents.csv")] == [*["scored"] * 3, "failed"]
    assert "2020" not in {row["group"] for row in read_csv(tmp_path / "out" / "comparison.csv")}


def test_nothing_scored_is_code_1(run, tmp_path):
    code, out, err = run("compare", tmp_path / "nss-2017.txt", "--by", "year", "-o", tmp_path / "out")

    assert (code, out) == (1, "")
    assert err.startswith("PF-2001: ")
    assert read_csv(tmp_path / "out" / "comparison.csv") == []


def test_one_group_is_told_and_has_its_profile(run, documents, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, _ = run("compare", *documents, "--by", "issuer", "--set", "issuer=House")

    assert code == 0
    assert "There is one group only, issuer House: nothing to compare it with." in out
    assert " House" in out


def test_warnings_on_metadata_are_told(run, documents, metadata):
    metadata.write_text(metadata.read_text() + "other;X\n")
    _, _, err = run("compare", *documents, "--by", "issuer", "--metadata", metadata)

    assert err == f"{metadata}: rows of other documents are not used: other.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--aspects", "atlantis"), 2, "PF-1001: --aspects: there is no aspect 'atlantis'"),
        (("--aspect", "all=x"), 2, "PF-1001: --aspects: an aspect is called 'all'"),
        (("--aspect", "water"), 2, "PF-1001: aspect 'water'"),
        (("--aspects-file", "none.yaml"), 1, "PF-4000: none.yaml"),
        (("--metadata", "none.csv"), 1, "PF-6000: none.csv"),
        (("--set", "x"), 2, "PF-1001: --set x"),
        (("--name-pattern", "x"), 2, "PF-1001: --name-pattern"),
        (("--coded", "none.csv"), 1, "PF-6000: none.csv"),
        (("--voice", "theirs"), 2, "Usage"),
    ],
)
def test_options_that_make_no_sense_are_named_errors(run, documents, arguments, code, message):
    found, out, err = run("compare", *documents, "--by", "year", *arguments)

    assert (found, out) == (code, "")
    assert message in err


def test_an_aspect_of_ones_own_is_compared_without_being_asked_for_twice(run, documents):
    _, out, _ = run("compare", *documents, "--by", "year", "--aspect", "law=court,-court order")
    rows = [json.loads(line) for line in out.splitlines()]

    assert {row["passages"] for row in rows if (row["aspect"], row["group"]) == ("law", "1999")} == {12}
    assert {row["aspect"] for row in rows} == {"all", "law"}


def test_a_hand_coded_sample_goes_out_and_comes_back(run, documents, tmp_path, monkeypatch):
    out, codes = tmp_path / "out", tmp_path / "to-code.csv"
    run("compare", *documents, "--by", "year", "-o", out, "-q")
    code, printed, _ = run("sample", out / "passages.csv", "-n", "11", "--by", "year", "-o", codes)
    rows = read_csv(codes)

    assert code == 0
    assert printed == f"22 of 36 passages are in {codes}.\n"
    assert {row["drawn_by"] for row in rows} == {"year"}
    assert not any(row["coded_securitized"] for row in rows)

    with codes.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        filled = dict.fromkeys(("coded_securitized", "coded_partnership"), "FALSE") | {"coded_governance": "TRUE"}
        writer.writerows(row | filled for row in rows)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, printed, err = run("compare", *documents, "--by", "year", "--coded", codes, "-o", out)
    cells = {(row["group"], row["kind"]): row for row in read_csv(out / "comparison.csv")}

    assert (code, err) == (0, "")
    assert cells["2017", "securitized"]["method"] == "coded"
    assert float(cells["2017", "securitized"]["share"]) < 0.1 < float(cells["2017", "securitized"]["modelled_share"])
    assert float(cells["2017", "securitized"]["bias_removed"]) > 0.8
    assert "What the hand-coded sample changed" in printed


def test_a_sample_that_is_too_small_to_correct_anything_is_told(run, documents, tmp_path):
    out, codes = tmp_path / "out", tmp_path / "to-code.csv"
    run("compare", *documents, "--by", "year", "-o", out, "-q")
    run("sample", out / "passages.csv", "-n", "9", "--by", "year", "-o", codes)
    rows = [row | dict.fromkeys([k for k in row if k.startswith("coded_")], "0") for row in read_csv(codes)]
    with codes.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    code, printed, err = run("compare", *documents, "--by", "year", "--coded", codes)

    assert {json.loads(line)["method"] for line in printed.splitlines()} <= {"adjusted", "counted"}
    assert (code, err) == (0, f"{codes}: no share is corrected, as no group has 10 coded passages or more.\n")


def test_a_sample_of_another_text_is_refused(run, documents, tmp_path):
    out, codes = tmp_path / "out", tmp_path / "to-code.csv"
    run("compare", *documents, "--by", "year", "-o", out, "-q")
    run("sample", out / "passages.csv", "-n", "5", "-o", codes)
    rows = [row | dict.fromkeys([k for k in row if k.startswith("coded_")], "0") for row in read_csv(codes)]
    with codes.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"text_hash": "h000000000000"} for row in rows)
    code, _, err = run("compare", *documents, "--by", "year", "--coded", codes)

    assert code == 1
    assert err.startswith("PF-6003: ")
    assert "has another text" in err


def test_a_sample_never_writes_over_codes(run, documents, tmp_path):
    out, codes = tmp_path / "out", tmp_path / "to-code.csv"
    run("compare", *documents, "--by", "year", "-o", out, "-q")
    codes.write_text("mine")
    code, _, err = run("sample", out / "passages.csv", "-o", codes)

    assert code == 4
    assert err.startswith("PF-1004: ")
    assert codes.read_text() == "mine"


def test_a_sample_of_what_is_no_result_is_a_named_error(run, metadata, tmp_path):
    code, _, err = run("sample", metadata, "-o", tmp_path / "to-code.csv")

    assert code == 1
    assert err.startswith("PF-6003: ")


def test_a_sample_by_a_column_that_the_results_lack_is_a_named_error(run, documents, tmp_path):
    run("compare", *documents, "--by", "year", "-o", tmp_path / "out", "-q")
    code, _, err = run("sample", tmp_path / "out" / "passages.csv", "--by", "issuer", "-o", tmp_path / "x.csv")

    assert code == 2
    assert err.startswith("PF-6002: --by issuer")


def test_fewer_passages_than_asked_for_are_all_taken_and_told(run, documents, tmp_path):
    run("compare", *documents, "--by", "year", "-o", tmp_path / "out", "-q")
    _, printed, err = run("sample", tmp_path / "out" / "passages.csv", "-n", "20", "--by", "year", "-o", tmp_path / "x")

    assert printed.startswith("32 of 36 passages")
    assert err.endswith("There are fewer than 20 of year 1999: all of them were taken.\n")


def test_a_long_name_leaves_room_for_the_numbers(run, documents, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, out, _ = run("compare", *documents, "--by", "issuer", "--set", f"issuer={'T' * 10_000}")

    assert "TTT" in out
    assert len(out.splitlines()) < 40


def test_nothing_that_a_csv_says_steers_the_terminal(run, documents, metadata, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    escape = "\x1b[2J\x07\x9b1m"
    metadata.write_text(f"document,issuer\nnss-2017,Ho{escape}use\nnss-1999,B\nnote-2017,B\nother{escape},C\n")
    _, out, err = run("compare", *documents, "--by", "issuer", "--metadata", metadata)
    assert not {"\x07", "\x9b"} & set(out + err)
    assert "\x1b[2J" not in out + err
    assert "\x1b" not in err

    metadata.write_text(f"document,issuer\nother{escape},C\n")
    _, _, err = run("compare", *documents, "--by", "issuer", "--metadata", metadata)
    assert err.startswith("PF-6001: ")
    assert not {"\x1b", "\x07", "\x9b"} & set(err)


@pytest.mark.shared
@pytest.mark.slow
def test_the_strategies_are_compared_year_by_year(monkeypatch, capsys, shared_folder, tmp_path, checkout):
    strategies = sorted((shared_folder / "documents").glob("nss-*.txt"))
    metadata = checkout / "labels" / "documents.csv"
    arguments = ["--by", "year", "--metadata", metadata, "--aspects", "border,drugs", "-o", tmp_path / "out", "-q"]
    monkeypatch.setattr(sys, "argv", ["policyframes", "compare", *map(str, [*strategies, *arguments])])
    with pytest.raises(SystemExit, match=r"0|None"):
        main.run()
    rows = [row for row in read_csv(tmp_path / "out" / "comparison.csv") if row["kind"] == "securitized"]
    groups = [row["group"] for row in rows if row["aspect"] == "all"]

    assert capsys.readouterr().out == ""
    assert groups == sorted(groups)
    assert len(groups) == len(strategies) == 12
    assert {row["method"] for row in rows if row["aspect"] == "all"} == {"adjusted"}
    assert all(float(row["low"]) < float(row["share"]) < float(row["high"]) for row in rows if row["aspect"] == "all")
    assert {row["share"] for row in rows if row["too_few"] == "1"} == {""}
