"""`--texts`: metadata without texts and a table of texts become one archive; nothing is matched or lost in silence."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
import sys

import pyarrow as pa
import pyarrow.parquet
import pytest

from policyframes.archive.forecast.forecast import forecast_job
from policyframes.archive.job import Means, SilentObserver, score_archive
from policyframes.archive.settings import Settings
from policyframes.archive.sources.text_index import TextIndex, build_index, normalise_address
from policyframes.cli import main
from policyframes.errors import ArchiveChangedError, ArchiveInputError, ArchiveOutputError, UsageError
from tests.inference.archive.archives import read_documents, read_quarantine, read_tree
from tests.inference.archive.exports import TEXT

NAMES = ["stories_id", "publish_date", "title", "url", "media_name"]


class Listener(SilentObserver):
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


def make_story(number):
    address = f"https://gazette.example/{number}"
    return dict(zip(NAMES, [str(number), "2024-03-04", f"Talks {number}", address, "The Gazette"], strict=True))


def make_text(number, **changes):
    return {"url": f"https://gazette.example/{number}", "text": f"{TEXT} Week {number}.", **changes}


def write_table(path, rows):
    kind = path.name.partition(".")[2]
    if kind == "parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    else:
        data = json.dumps(rows) if kind == "json" else "".join(json.dumps(row) + "\n" for row in rows)
        path.write_bytes(gzip.compress(data.encode()) if kind.endswith("gz") else data.encode())
    return path


def read_passages(folder):
    """Return the text of each document."""
    found = {}
    for row in pyarrow.parquet.read_table(folder / "passages.parquet").to_pylist():
        found[row["document"]] = found.get(row["document"], "") + row["text"]
    return found


def run(stories, texts, output, bundle, *, source="mediacloud", means=None, **changes):
    settings = Settings(bundle=str(bundle), source=source, texts=str(texts), **{"shard_rows": 2, **changes})
    return score_archive([str(stories)], output, settings, means or Means())


@pytest.mark.parametrize("kind", ["csv", "jsonl", "jsonl.gz", "json", "parquet"])
def test_texts_of_any_table_are_joined_to_stories_of_any_table(tmp_path, bundle_folder, kind):
    stories = write_table(tmp_path / f"stories.{kind}", [make_story(number) for number in range(5)])
    texts = write_table(tmp_path / f"texts.{kind}", [make_text(number) for number in (4, 3, 2, 1, 0)])

    summary = run(stories, texts, tmp_path / "out", bundle_folder, passages=True)

    rows = read_documents(tmp_path / "out")
    assert (summary.rows, summary.scored) == (5, 5)
    assert [row["document"] for row in rows] == ["0", "1", "2", "3", "4"]
    # The columns of Parquet files keep their names.
    outlet = rows[3]["media_name" if kind == "parquet" else "outlet"]
    assert (rows[3]["url"], outlet) == ("https://gazette.example/3", "The Gazette")
    assert "Week 3." in read_passages(tmp_path / "out")["3"]


def test_rows_without_a_text_are_in_quarantine_and_texts_without_a_row_are_counted_and_named(tmp_path, bundle_folder):
    stories = [make_story(number) for number in range(4)]
    stories[3]["url"] = ""
    texts = [make_text(0), make_text(2, text=None), make_text(8), make_text(9), make_text(0, text=f"{TEXT} Later.")]
    listener = Listener()

    summary = run(
        write_table(tmp_path / "stories.csv", stories),
        write_table(tmp_path / "texts.jsonl", texts),
        tmp_path / "out",
        bundle_folder,
        means=Means(observer=listener),
    )

    entries = read_quarantine(tmp_path / "out")
    assert (summary.scored, summary.faults) == (1, {"null_text": 1, "text_not_given": 2})
    assert [(entry["id"], entry["code"]) for entry in entries] == [
        ("1", "text_not_given"),
        ("2", "null_text"),
        ("3", "text_not_given"),
    ]
    assert entries[0]["value"] == "https://gazette.example/1"
    assert "texts.jsonl has no text" in entries[0]["message"]
    said = "\n".join(listener.said)
    assert "1 of 4 rows have a text; 2 texts have no row" in said
    assert "https://gazette.example/8, https://gazette.example/9" in said
    assert "1 addresses occur more than once, the first text of each counts: https://gazette.example/0" in said
    assert "row 2, no text" in said
    matches = json.loads((tmp_path / "out/run.json").read_text())["matches"]
    assert (matches["rows_with_text"], matches["texts_without_row"]) == (1, 2)


def test_the_first_of_several_texts_of_an_address_is_scored(tmp_path, bundle_folder):
    texts = [make_text(1, text=f"{TEXT} First."), make_text(1, text=f"{TEXT} Second.")]

    run(
        write_table(tmp_path / "stories.csv", [make_story(1)]),
        write_table(tmp_path / "texts.csv", texts),
        tmp_path / "out",
        bundle_folder,
        passages=True,
    )

    passages = read_passages(tmp_path / "out")["1"]
    assert "First." in passages
    assert "Second." not in passages


def test_texts_are_joined_by_id_where_they_have_no_address(tmp_path, bundle_folder):
    texts = [{"stories_id": number, "text": f"{TEXT} Week {number}."} for number in (1, 0)]

    summary = run(
        write_table(tmp_path / "stories.csv", [make_story(0), make_story(1)]),
        write_table(tmp_path / "texts.jsonl", texts),
        tmp_path / "out",
        bundle_folder,
    )

    assert summary.scored == 2
    assert json.loads((tmp_path / "out/run.json").read_text())["texts"]["joined"]["by"] == "id"


def test_an_article_behind_several_events_of_gdelt_is_scored_once(tmp_path, bundle_folder):
    events = [{"GLOBALEVENTID": str(n), "SQLDATE": "20240304", "SOURCEURL": make_text(n // 2)["url"]} for n in range(4)]

    summary = run(
        write_table(tmp_path / "events.csv", events),
        write_table(tmp_path / "texts.csv", [make_text(0), make_text(1)]),
        tmp_path / "out",
        bundle_folder,
        source="gdelt",
    )

    assert (summary.scored, summary.faults) == (2, {"duplicate_id": 2})
    assert read_documents(tmp_path / "out")[0]["date"] == "2024-03-04"


@pytest.mark.parametrize(
    "spelling",
    [
        "http://www.gazette.example/a?b=1",
        "HTTPS://Gazette.example:443/a?b=1#top",
        " https://gazette.example/a?b=1&utm_source=letter",
    ],
)
def test_an_address_is_the_same_in_other_spellings(spelling):
    assert normalise_address(spelling) == normalise_address("https://gazette.example/a?b=1")


@pytest.mark.parametrize(
    "other", ["https://gazette.example/A?b=1", "https://gazette.example/a?b=2", "https://x.example"]
)
def test_another_address_is_not_the_same(other):
    assert normalise_address(other) != normalise_address("https://gazette.example/a?b=1")


def test_what_is_no_address_at_all_is_compared_as_it_is():
    assert normalise_address("https://[broken/") == "[broken"


def test_results_are_the_same_with_more_workers_and_after_parts_and_the_index_were_lost(tmp_path, bundle_folder):
    stories = write_table(tmp_path / "stories.csv", [make_story(number) for number in range(6)])
    texts = write_table(tmp_path / "texts.csv", [make_text(number) for number in range(1, 6)])
    run(stories, texts, tmp_path / "one", bundle_folder)
    whole = read_tree(tmp_path / "one")

    run(stories, texts, tmp_path / "two", bundle_folder, means=Means(workers=2))
    (tmp_path / "one/_work/texts.sqlite").write_bytes(b"torn")
    (tmp_path / "one/documents.parquet/part-00001.parquet").write_bytes(b"torn")
    run(stories, texts, tmp_path / "one", bundle_folder)

    assert read_tree(tmp_path / "one") == whole
    assert read_tree(tmp_path / "two") == whole


def test_going_on_with_other_texts_or_without_any_is_refused(tmp_path, bundle_folder):
    stories = write_table(tmp_path / "stories.csv", [make_story(1)])
    texts = write_table(tmp_path / "texts.csv", [make_text(1)])
    run(stories, texts, tmp_path / "out", bundle_folder)

    write_table(texts, [make_text(1, text=f"{TEXT} Changed.")])

    with pytest.raises(ArchiveChangedError, match=r"texts\.sha256"):
        run(stories, texts, tmp_path / "out", bundle_folder)
    with pytest.raises(ArchiveChangedError, match="texts"):
        run(stories, "", tmp_path / "out", bundle_folder)


def type_command(monkeypatch, capsys, *arguments):
    """Return the exit code of a command, what it printed and what it said."""
    monkeypatch.setattr(sys, "argv", ["policyframes", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main.run()
    told = capsys.readouterr()
    return stop.value.code, told.out, " ".join(told.err.split())


def test_the_command_line_joins_and_says_how_many_rows_have_a_text(tmp_path, bundle_folder, monkeypatch, capsys):
    stories = write_table(tmp_path / "stories.csv", [make_story(number) for number in range(3)])
    texts = write_table(tmp_path / "texts.csv", [make_text(0), make_text(1)])
    command = ["archive", "score", stories, "--source", "mediacloud", "--texts", texts, "-o", tmp_path / "out"]

    code, _, said = type_command(monkeypatch, capsys, *command, "--bundle", bundle_folder, "--workers", 1)

    assert code == 3
    assert "texts.csv: 2 of 3 rows have a text" in said
    assert "1 x text_not_given" in said


@pytest.mark.parametrize("source", ["", "newsapi", "nexis"])
def test_texts_are_refused_where_the_archive_has_its_own(tmp_path, bundle_folder, source):
    stories = write_table(tmp_path / "stories.csv", [make_story(1)])
    texts = write_table(tmp_path / "texts.csv", [make_text(1)])

    with pytest.raises(UsageError, match="--texts with --source mediacloud or gdelt"):
        run(stories, texts, tmp_path / "out", bundle_folder, source=source)


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("texts.csv", [{"text": TEXT, "headline": "x"}], "nothing to join by"),
        ("texts.csv", [{"url": "https://gazette.example/1", "headline": "x"}], "no column of a usual name"),
        ("texts.txt", [make_text(1)], "no archive"),
        ("texts.warc", [make_text(1)], "no table"),
    ],
)
def test_a_table_that_cannot_be_joined_is_refused_by_name(tmp_path, bundle_folder, name, rows, message):
    stories = write_table(tmp_path / "stories.csv", [make_story(1)])

    with pytest.raises(UsageError, match=message):
        run(stories, write_table(tmp_path / name, rows), tmp_path / "out", bundle_folder)


def test_the_same_file_cannot_be_both(tmp_path, bundle_folder):
    stories = write_table(tmp_path / "stories.csv", [{**make_story(1), "text": TEXT}])

    with pytest.raises(UsageError, match="one of the inputs too"):
        run(stories, stories, tmp_path / "out", bundle_folder)


def test_rows_of_the_texts_that_cannot_be_read_are_named_and_the_others_count(tmp_path, bundle_folder):
    texts = write_table(tmp_path / "texts.jsonl", [make_text(0), make_text(1)])
    texts.write_text(texts.read_text() + '{"url": "https://gazette.example/2", "text\n{"text": "No address."}\n')
    listener = Listener()

    summary = run(
        write_table(tmp_path / "stories.csv", [make_story(number) for number in range(3)]),
        texts,
        tmp_path / "out",
        bundle_folder,
        means=Means(observer=listener),
    )

    assert (summary.scored, summary.faults) == (2, {"text_not_given": 1})
    assert any("2 rows give no text to any article: row 3, no JSON" in said for said in listener.said)


def test_a_copy_of_the_texts_that_is_damaged_while_it_is_read_is_a_named_error(tmp_path):
    path = tmp_path / "texts.sqlite"
    path.write_bytes(b"no database" * 100)
    index = TextIndex(path)

    with pytest.raises(ArchiveInputError, match="Delete this file"):
        index.find([b"key"])
    index.close()


def test_a_full_disk_leaves_no_half_of_the_copy(tmp_path):
    def fail():
        yield b"key", "name", "text"
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(ArchiveOutputError, match="disk is full"):
        build_index(tmp_path / "texts.sqlite", fail(), {})
    assert not (tmp_path / "texts.sqlite").exists()


def test_the_plan_of_a_job_joins_the_texts_and_leaves_nothing_behind(tmp_path, bundle_folder, monkeypatch):
    stories = write_table(tmp_path / "stories.csv", [make_story(number) for number in range(60)])
    texts = write_table(tmp_path / "texts.jsonl", [make_text(number) for number in range(45)])
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    before = sorted(tmp_path.iterdir())

    settings = Settings(bundle=str(bundle_folder), source="mediacloud", texts=str(texts))
    found = forecast_job([str(stories)], settings, workers=1)
    summary = run(stories, texts, tmp_path / "out", bundle_folder)

    assert (found.rows, found.is_exact) == (60, True)
    assert found.quarantined == summary.quarantined == 15
    assert found.passages == summary.passages
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "out"])
    assert not list((tmp_path / "scratch").iterdir())


def test_the_command_that_plans_takes_texts(tmp_path, bundle_folder, monkeypatch, capsys):
    stories = write_table(tmp_path / "stories.csv", [make_story(number) for number in range(4)])
    texts = write_table(tmp_path / "texts.csv", [make_text(number) for number in range(4)])
    command = ["archive", "plan", stories, "--texts", texts, "--bundle", bundle_folder, "--workers", 1, "--json"]

    code, printed, _ = type_command(monkeypatch, capsys, *command, "--source", "mediacloud")
    assert (code, json.loads(printed)["rows"]) == (0, 4)
    code, _, said = type_command(monkeypatch, capsys, *command)
    assert code == 2
    assert "--texts with --source" in said
