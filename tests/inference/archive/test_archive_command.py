"""The command line over archives: what it says, where, and with which exit code."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console
from rich.live import Live

from policyframes import extras
from policyframes.archive.ledger import Entry
from policyframes.cli import main
from policyframes.cli import progress as progress_module
from policyframes.cli.progress import Progress, format_seconds, open_progress
from tests.inference.archive.archives import make_rows, read_documents, write_rows


@pytest.fixture
def run(monkeypatch, capsys, bundle_folder):
    def call(*arguments):
        command = ["policyframes", "archive", "score", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", [*command, "--bundle", str(bundle_folder), "--workers", "1"])
        with pytest.raises(SystemExit) as stop:
            main.run()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return stop.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture
def good(tmp_path):
    return write_rows(tmp_path / "good.jsonl", make_rows(20, bad=False))


def test_an_archive_without_a_bad_row_ends_well_and_says_so_on_stderr(run, good, tmp_path):
    code, out, err = run(good, "-o", tmp_path / "out")

    assert (code, out) == (0, "")
    assert "20 rows in = 20 scored + 0 quarantined" in err
    assert "text 'text', id 'id', date 'date', 1 carried through" in err
    assert len(read_documents(tmp_path / "out")) == 20


def test_quarantined_rows_are_counted_by_code_and_end_with_3(run, source, tmp_path):
    code, _, err = run(source, "-o", tmp_path / "out")

    assert code == 3
    assert "50 rows in = 43 scored + 7 quarantined" in err
    assert "x null_text" in err


def test_where_no_row_could_be_scored_the_commonest_reason_is_said_with_what_to_do(run, tmp_path):
    rows = [{"id": "a", "text": None}, *({"id": f"b{n}", "text": {"en": "The court decides."}} for n in range(3))]
    write_rows(tmp_path / "odd.jsonl", rows)
    code, _, err = run(tmp_path / "odd.jsonl", "-o", tmp_path / "out", "--text-col", "text")

    assert code == 3
    assert "No row could be scored; 3 x wrong_type: The text must be a string; name another column" in err
    assert "passages:" not in err


def test_html_that_was_taken_out_is_told(run, good, tmp_path):
    page = {"id": "a", "date": "", "outlet": "A", "text": "<p>" + "The court will hear the partner. " * 9 + "</p>"}
    write_rows(good, [*make_rows(5, bad=False), page])
    code, _, err = run(good, "-o", tmp_path / "out")

    assert code == 0
    assert "1 article held HTML in its text, which was taken out before scoring" in err


def test_the_same_command_again_ends_as_the_first(run, source, tmp_path):
    first, again = (run(source, "-o", tmp_path / "out") for _ in range(2))

    assert first[0] == again[0] == 3
    assert "Going on: 1 of 1 shards are done" in again[2]


def test_quiet_says_nothing(run, good, tmp_path):
    assert run(good, "-o", tmp_path / "out", "--quiet") == (0, "", "")


def test_every_option_reaches_the_results(run, tmp_path):
    rows = [{"key": n, "body": {"en": "The court decides."}, "when": "1999", "x": 1, "y": 2} for n in range(3)]
    write_rows(tmp_path / "odd.jsonl", rows)
    options = ("--text-col", "body.en", "--id-col", "key", "--date-col", "when", "--keep", "x", "--shard-rows", 2)
    code, _, _ = run(tmp_path / "odd.jsonl", "-o", tmp_path / "out", *options, "--format", "jsonl", "--passages")
    parts = sorted((tmp_path / "out" / "documents.jsonl").iterdir())
    first = json.loads(parts[0].read_text().splitlines()[0])

    assert code == 0
    assert len(parts) == 2
    assert (first["document"], first["date"], first["x"]) == ("0", "1999", "1")
    assert "y" not in first
    assert (tmp_path / "out" / "passages.jsonl" / "part-00001.jsonl").exists()


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("nothing.jsonl",), (1, "PF-7003: nothing.jsonl: there is no such file or folder")),
        (("thesis.docx",), (2, "a kind of file that is no archive")),
        (("good.jsonl", "good.jsonl"), (2, "given twice")),
        (("good.jsonl", "--text-col", "body"), (2, "Allowed: id, date, outlet, text")),
        (("good.jsonl", "--keep", "rank"), (2, "--keep rank: no such column")),
        (("page.json", "--records", "artikel"), (2, "--records artikel: no list of objects there")),
        (("page.json",), (2, "name that list: --records articles")),
        (("table.csv", "--records", "articles"), (2, "--records")),
        (("empty",), (2, "nothing to score")),
    ],
)
def test_what_makes_no_sense_is_said(run, tmp_path, monkeypatch, arguments, answer):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "thesis.docx").write_text("x")
    (tmp_path / "page.json").write_text('{"articles": [{"id": "a", "text": "The court decides."}], "status": "ok"}')
    write_rows(tmp_path / "table.csv", make_rows(3))
    code, _, err = run(*arguments, "-o", tmp_path / "out")

    assert code == answer[0]
    assert answer[1] in err


def test_an_output_of_something_else_is_refused_with_4(run, good, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("x")
    code, _, err = run(good, "-o", tmp_path / "out")

    assert code == 4
    assert "PF-1004" in err


def test_another_setting_is_refused_with_4(run, good, tmp_path):
    run(good, "-o", tmp_path / "out")
    code, _, err = run(good, "-o", tmp_path / "out", "--passages")

    assert code == 4
    assert "settings.passages: false before, true now" in err


def test_a_missing_library_is_named_with_what_to_type(run, good, tmp_path, monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", refuse)
    code, _, err = run(good, "-o", tmp_path / "out")

    assert code == 1
    assert "pip install '.[archive]'" in err


def test_help_costs_no_arrow():
    code = "import sys; from policyframes.cli.main import build_app; build_app(); print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("seconds", "said"), [(5, "5 s"), (59.4, "59 s"), (60, "1 min"), (7260, "2 h 1 min")])
def test_times_are_told_in_few_words(seconds, said):
    assert format_seconds(seconds) == said


def make_entry(rows, quarantined):
    return Entry(0, rows, rows - quarantined, quarantined, 0, {}, {}, "", "")


def test_off_a_terminal_there_is_a_line_a_minute(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    with open_progress(quiet=False) as observer:
        observer.begin(1000, 100)
        for now[0] in (10.0, 50.0, 61.0, 70.0):
            observer.advance(make_entry(100, 1))

    assert capsys.readouterr().err == "400 of 1000 rows, 5 a second, 2 min left, 3 quarantined\n"


def test_on_a_terminal_the_line_stands_and_counts():
    screen = io.StringIO()
    with Live(console=Console(file=screen, force_terminal=True, width=100), auto_refresh=False) as live:
        observer = Progress(live, quiet=False)
        observer.begin(-1, 0)
        observer.advance(make_entry(7, 2))
        observer.say("A sentence")
        live.refresh()

    assert "7 rows" in screen.getvalue()
    assert "2 quarantined" in screen.getvalue()
    assert "A sentence" in screen.getvalue()
