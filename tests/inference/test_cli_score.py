from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from policyframes.cli import main
from policyframes.cli.scoring import name_documents
from policyframes.report.files import FILE_NAMES

THREAT = "The threat is a threat. " + "The the the the the the the the the the. " * 4
COURT = "The court is a court. " + "The the the the the the the the the the. " * 4


@pytest.fixture
def run(run_command, bundle_folder):
    def call(command, *arguments):
        bundle = ("--bundle", bundle_folder) if command == "score" else ()
        return run_command(command, *arguments, *bundle)

    return call


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "strategy.txt"
    path.write_text(f"{THREAT}\n\n{COURT}\n")
    return path


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_a_pipe_gets_one_json_line_a_passage(run, document):
    code, out, err = run("score", document)
    rows = [json.loads(line) for line in out.splitlines()]

    assert code == 0
    assert err == ""
    assert [row["framings"] for row in rows] == [["securitized"], ["governance"]]
    assert [row["passage"] for row in rows] == [1, 2]
    text = document.read_text()
    assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)


def test_a_terminal_gets_a_table(run, document, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, _ = run("score", document)

    assert code == 0
    assert "Share of passages" in out
    assert "too few" in out
    assert "difference" not in out
    assert "Too few: fewer than 10 passages, of which no share is stated." in out
    assert "{" not in out


def test_a_share_has_its_interval_beside_it(run, tmp_path, monkeypatch):
    (tmp_path / "long.txt").write_text("\n\n".join([THREAT, COURT] * 6))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    _, out, _ = run("score", tmp_path / "long.txt")

    assert re.search(r"long +12 +50 \(25–75\) +50 \(25–75\) +0 \(0–24\)", out)


def test_a_narrow_terminal_leaves_room_for_the_name(run, tmp_path, monkeypatch):
    (tmp_path / "a-strategy-2014.txt").write_text("\n\n".join([THREAT, COURT] * 6))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run("score", tmp_path / "a-strategy-2014.txt")

    assert re.search(r"a-strateg\S* +12 +50 +50 +0 +0 +0", out)
    assert max(map(len, re.sub(r"\x1b\[\d*m", "", out).splitlines())) <= 80


def test_matrix_corpus_and_excel_are_written_when_asked(run, document, tmp_path):
    code, _, _ = run("score", document, "-o", tmp_path / "out", "--matrix", "--quanteda", "--excel")

    assert code == 0
    assert len(read_csv(tmp_path / "out" / "matrix.csv")) == 1
    assert len(read_csv(tmp_path / "out" / "quanteda.csv")) == 2
    assert (tmp_path / "out" / "documents.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_json_is_printed_on_a_terminal_when_asked(run, document, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, out, _ = run("score", document, "--json")

    assert len([json.loads(line) for line in out.splitlines()]) == 2


def test_a_folder_holds_files_that_agree(run, document, tmp_path):
    code, out, _ = run("score", document, "-o", tmp_path / "out")
    folder = tmp_path / "out"
    passages, documents = read_csv(folder / "passages.csv"), read_csv(folder / "documents.csv")
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text(encoding="utf-8").splitlines()]

    assert code == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILE_NAMES)
    assert str(folder / "report.html") in out.replace("\n", "")
    assert [row["text"] for row in passages] == [line["text"] for line in lines]
    assert list(passages[0]) == list(lines[0])
    assert documents[0]["passages"] == "2"
    assert documents[0]["share_securitized"] == "0.5"
    assert documents[0]["status"] == "scored"


def test_every_column_is_explained_in_the_readme(run, document, tmp_path):
    run("score", document, "-o", tmp_path / "out")
    explained = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    for name in ("passages.csv", "documents.csv"):
        header = (tmp_path / "out" / name).read_text(encoding="utf-8").splitlines()[0].split(",")
        generic = ("p_", "share_", "securitized", "governance", "partnership")
        assert all(column in explained for column in header if not column.startswith(generic)), name


def test_scoring_again_replaces_the_files(run, document, tmp_path):
    run("score", document, "-o", tmp_path / "out")
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    run("score", document, "-o", tmp_path / "out")

    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == first


def test_files_of_others_are_not_replaced_and_nothing_is_scored_for_naught(run, document, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("it was scored")

    monkeypatch.setattr("policyframes.cli.scoring.score_all", refuse)
    (tmp_path / "documents.csv").write_text("document,year\nstrategy,2017\n")
    code, _, err = run("score", document, "-o", tmp_path)

    assert code == 4
    assert err.startswith("PF-1004: ")
    assert "documents.csv" in err
    assert (tmp_path / "documents.csv").read_text() == "document,year\nstrategy,2017\n"


def test_one_bad_file_is_a_row_and_code_3(run, document, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.touch()
    code, _, err = run("score", document, empty, "-o", tmp_path / "out")
    rows = read_csv(tmp_path / "out" / "documents.csv")

    assert code == 3
    assert err.startswith("PF-2004: ")
    assert [(row["document"], row["status"], row["error_code"]) for row in rows] == [
        ("strategy", "scored", ""),
        ("empty", "failed", "PF-2004"),
    ]
    assert "PF-2004" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_nothing_scored_is_code_1_and_the_rows_say_why(run, document, tmp_path):
    run("score", document, "-o", tmp_path / "out")
    code, out, err = run("score", tmp_path / "nowhere.txt", "-o", tmp_path / "out")

    assert (code, out) == (1, "")
    assert err.startswith("PF-2001: ")
    assert [row["error_code"] for row in read_csv(tmp_path / "out" / "documents.csv")] == ["PF-2001"]
    assert read_csv(tmp_path / "out" / "passages.csv") == []
    assert "No document could be scored" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_text_without_a_passage_is_a_failure_that_says_what_it_holds(run, tmp_path):
    (tmp_path / "table.txt").write_text("Freight\t12\t14\nPersons\t8\t9\n\n* * *\n")
    code, out, err = run("score", tmp_path / "table.txt")

    assert (code, out) == (1, "")
    assert err.startswith("PF-2012: ")
    assert "table (1), furniture (1)" in err


def test_the_same_text_twice_is_told(run, document, tmp_path):
    (tmp_path / "copy.txt").write_bytes(document.read_bytes())
    code, _, err = run("score", document, tmp_path / "copy.txt", "-o", tmp_path / "out")
    rows = read_csv(tmp_path / "out" / "documents.csv")

    assert code == 0
    told = "The text is the same as that of strategy: a group that holds both counts it twice."
    assert err.endswith(f"copy.txt: {told}\n")
    assert [row["warnings"] for row in rows] == ["", told]


def test_a_folder_is_told_once_and_plainly(run, tmp_path):
    code, _, err = run("score", tmp_path)

    assert code == 1
    assert err.startswith(f"PF-2001: {tmp_path}: a folder. Allowed: ")
    assert err.count("Allowed:") == 1


def test_an_address_is_no_file(run):
    _, _, err = run("score", "https://example.org/strategy.pdf")

    assert err.startswith("PF-2001: https://example.org/strategy.pdf: an address, not a file.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_under_the_output_is_a_named_error(document, bundle_folder):
    command = [sys.executable, "-m", "policyframes", "score", str(document), "--json", "--bundle", str(bundle_folder)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("PF-1003: standard output: No space left")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["score"], ["score", "x.txt", "--max-seconds", "no"], ["unknown"], ["score", "x", "--nope"]]
)
def test_wrong_usage_is_code_2(run, arguments):
    code, out, err = run(*arguments)

    assert code == 2
    assert "Usage" in err
    assert out == ""


def test_an_unknown_format_is_code_2(run, document):
    code, _, err = run("score", document, "--format", "doc")

    assert code == 2
    assert err.startswith("PF-1001: ")


def test_a_file_in_place_of_the_folder_is_a_named_error(run, document):
    code, _, err = run("score", document, "-o", document)

    assert code == 1
    assert err.startswith("PF-1003: ")


def test_a_missing_bundle_is_a_named_error(run, document, bundle_folder):
    (bundle_folder / "README.md").unlink()
    code, _, err = run("score", document)

    assert code == 1
    assert err.startswith("PF-3002: ")


def test_quiet_with_a_folder_says_nothing(run, document, tmp_path):
    assert run("score", document, "-o", tmp_path / "out", "--quiet") == (0, "", "")


def test_standard_input_is_read(bundle_folder):
    done = subprocess.run(
        [sys.executable, "-m", "policyframes", "score", "-", "--bundle", str(bundle_folder)],
        input=THREAT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["document"] == "stdin"
    assert json.loads(done.stdout)["primary"] == "securitized"


def test_a_reader_that_leaves_early_ends_in_peace(bundle_folder, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text(f"{THREAT}\n\n" * 5_000)
    command = f"{sys.executable} -m policyframes score {path} --bundle {bundle_folder} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["passage"] == 1
    assert done.stderr == ""


def test_the_progress_bar_of_several_files_leaves_the_rows_alone(bundle_folder, document, tmp_path):
    watched, terminal = pty.openpty()
    command = [sys.executable, "-m", "policyframes", "score", document, document, "--bundle", bundle_folder]
    with (tmp_path / "rows.jsonl").open("wb") as rows:
        done = subprocess.run([str(part) for part in command], stdout=rows, stderr=terminal, check=True)
    os.close(terminal)
    seen = os.read(watched, 100_000).decode()
    os.close(watched)

    assert done.returncode == 0
    assert "Scoring" in seen
    assert '"passage"' not in seen
    assert len([json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]) == 4


def test_documents_of_one_name_get_different_ids():
    assert name_documents(["a/nss.pdf", "b/nss.docx", "nss-2.txt", "-"]) == ["nss", "nss-2", "nss-2-2", "stdin"]


def test_the_quality_is_that_of_the_rows_and_the_results(monkeypatch, capsys, cascade_folder, document, tmp_path):
    for quality, tier in (("fast", "fast"), ("best", "encoder")):
        folder = tmp_path / quality
        arguments = ["score", document, "--bundle", cascade_folder, "--quality", quality, "-o", folder]
        monkeypatch.setattr(sys, "argv", ["policyframes", *map(str, arguments)])
        with pytest.raises(SystemExit, match=r"0|None"):
            main.run()

        assert {row["tier"] for row in read_csv(folder / "passages.csv")} == {tier}
        assert [row["quality"] for row in read_csv(folder / "documents.csv")] == [quality]
        assert f"quality {quality}" in (folder / "report.html").read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""


def test_an_unknown_quality_or_one_of_a_single_tier_is_code_2(run, document):
    code, _, err = run("score", document, "--quality", "worst")
    assert (code, "worst" in err) == (2, True)

    code, _, err = run("score", document, "--quality", "best")
    assert code == 2
    assert err.startswith("PF-1001: quality best: tiny-v1 is no cascade.")


def test_the_version_names_package_bundle_and_format(run):
    code, out, _ = run("--version")

    assert code == 0
    assert out.startswith("policyframes 0.")
    assert "bundle format 2" in out
