"""What somebody meets who tries an archive for the first time: empty days, stray files, links, what is left out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from policyframes.archive.inputs import describe_ignored, find_inputs
from policyframes.archive.job import Means, SilentObserver, score_archive
from policyframes.archive.manifest import part_differences
from policyframes.archive.settings import Settings
from policyframes.errors import ArchiveChangedError, UsageError
from tests.inference.archive.archives import QuickDisk, make_rows, read_documents, read_tree, run_job, write_rows

pd = pytest.importorskip("pandas", reason="pandas, as readers of the tables use it, is not installed")

_TEXT = "The court will hear the partner on the plan for the border and the harbour before the week ends."
EMPTY = {
    "a.jsonl": b"",
    "blank.jsonl": b"\n \n",
    "b.jsonl.gz": gzip.compress(b"", mtime=0),
    "c.json": b"[]",
    "d.csv": b"id,text,date\n",
    "e.csv": b"",
    "f.tsv": b"id\ttext\n",
    "g.warc": b"",
}


class Listener(SilentObserver):
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


def listen(paths, output, bundle, **changes):
    listener = Listener()
    settings = Settings(bundle=str(bundle), **changes)
    summary = score_archive([str(path) for path in paths], output, settings, Means(disk=QuickDisk(), observer=listener))
    return summary, listener.said


@pytest.mark.parametrize("name", EMPTY)
def test_a_day_without_articles_ends_well_with_a_table_without_rows(tmp_path, bundle_folder, name):
    source = tmp_path / name
    source.write_bytes(EMPTY[name])
    summary = run_job(source, tmp_path / "out", bundle_folder, dedupe=False)
    table = pd.read_parquet(tmp_path / "out" / "documents.parquet")

    assert (summary.rows, summary.scored, summary.quarantined) == (0, 0, 0)
    assert len(table) == 0
    assert {"document", "date", "source", "row", "passages", "share_none", "primary", "version"} <= set(table.columns)
    assert len(pd.read_parquet(tmp_path / "out" / "passages.parquet")) == 0
    assert (tmp_path / "out" / "quarantine.jsonl").read_bytes() == b""
    tree = read_tree(tmp_path / "out")
    run_job(source, tmp_path / "out", bundle_folder, dedupe=False)
    assert read_tree(tmp_path / "out") == tree


def test_an_empty_day_bears_the_options_of_all_days(tmp_path, bundle_folder):
    (tmp_path / "a.jsonl").write_bytes(b"")
    changes = {"text_column": "body", "id_column": "key", "keep": ("outlet", "row"), "dedupe": True}
    run_job(tmp_path / "a.jsonl", tmp_path / "out", bundle_folder, **changes)
    names = pq.read_table(tmp_path / "out" / "documents.parquet").schema.names

    assert names[:6] == ["document", "date", "source", "row", "outlet", "row_kept"]
    assert names[-2:] == ["cluster", "is_duplicate"]


def test_an_empty_table_of_parquet_ends_well(tmp_path, bundle_folder):
    source = write_rows(tmp_path / "full.parquet", make_rows(3, bad=False))
    pq.write_table(pq.read_table(source).slice(0, 0), tmp_path / "a.parquet")
    summary = run_job(tmp_path / "a.parquet", tmp_path / "out", bundle_folder)

    assert summary.rows == 0
    assert "outlet" in pd.read_parquet(tmp_path / "out" / "documents.parquet").columns


def test_rows_that_are_none_are_no_empty_day(tmp_path, bundle_folder):
    (tmp_path / "a.jsonl").write_bytes(b"no json\n")
    with pytest.raises(UsageError, match="no row with columns"):
        run_job(tmp_path / "a.jsonl", tmp_path / "out", bundle_folder)


@pytest.mark.parametrize("name", ["part-99999.parquet", "notes.txt", "older"])
def test_what_is_no_part_of_the_table_is_set_aside_and_named(source, tmp_path, bundle_folder, name):
    run_job(source, tmp_path / "out", bundle_folder)
    tree = read_tree(tmp_path / "out")
    folder = tmp_path / "out" / "documents.parquet"
    stray = folder / name
    if name == "older":
        stray.mkdir()
    else:
        stray.write_bytes((folder / "part-00000.parquet").read_bytes())
    listener = Listener()
    settings = Settings(bundle=str(bundle_folder), shard_rows=20, passages=True)
    score_archive([str(source)], tmp_path / "out", settings, Means(disk=QuickDisk(), observer=listener))

    assert f"documents.parquet/{name} is no part of the results; it is kept as .{name}.aside-1" in listener.said
    assert read_tree(tmp_path / "out") == tree
    assert len(pd.read_parquet(folder)) == len(read_documents(tmp_path / "out"))


def test_files_of_other_kinds_are_counted_by_ending_with_a_name_from_the_folder_on(tmp_path, bundle_folder):
    folder = tmp_path / "in"
    (folder / "more").mkdir(parents=True)
    write_rows(folder / "a.jsonl", make_rows(3, bad=False))
    for name in ("more/a.pdf", "more/b.PDF", "z.xlsx", "zz"):
        (folder / name).write_bytes(b"x")
    _, said = listen([folder], tmp_path / "out", bundle_folder)

    assert "4 other files are left out: 2 .pdf, 1 .xlsx, 1 without an ending (the first is z.xlsx)" in said
    assert describe_ignored([str(folder / "z.xlsx")], [str(folder)]) == "1 other file is left out: 1 .xlsx (z.xlsx)"


def link(path: Path, target: Path | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_links_to_texts_that_are_there_anyway_are_no_second_articles(tmp_path, bundle_folder):
    folder = tmp_path / "in"
    (folder / ".store").mkdir(parents=True)
    (folder / "a.txt").write_text(_TEXT)
    (folder / "b.data").write_text(_TEXT)
    (folder / ".store" / "c.txt").write_text(_TEXT)
    (tmp_path / "d.txt").write_text(_TEXT)
    link(folder / "0-to-a.txt", "a.txt")
    link(folder / "sub" / "to-a.txt", "../a.txt")
    link(folder / "to-b.txt", "b.data")
    link(folder / "to-c.txt", ".store/c.txt")
    link(folder / "to-d.txt", tmp_path / "d.txt")
    link(folder / "to-d-again.txt", tmp_path / "d.txt")
    link(folder / "to-nothing.txt", "nothing.txt")
    link(folder / "to-itself.txt", "to-itself.txt")
    summary = run_job(folder, tmp_path / "out", bundle_folder)

    assert [row["document"] for row in read_documents(tmp_path / "out")] == ["a", "to-b", "to-c", "to-d-again"]
    assert summary.faults == {"unreadable_file": 2}


def test_links_to_tables_that_are_there_anyway_are_no_second_inputs(tmp_path):
    write_rows(tmp_path / "in.jsonl", make_rows(2))
    folder = tmp_path / "in"
    folder.mkdir()
    write_rows(folder / "a.jsonl", make_rows(2))
    link(folder / "b.jsonl", "a.jsonl")
    link(folder / "c.jsonl", "../in.jsonl")
    inputs, _ = find_inputs([str(folder)])

    assert [source.name for source in inputs] == ["a.jsonl", "c.jsonl"]


def test_what_follows_from_another_quality_is_not_listed_beside_it():
    differences = [
        'model.bundle: "fast-v3" before, "cascade-v4" now',
        'model.bundle_id: "a" before, "b" now',
        'model.quality: "fast" before, "best" now',
        'code.libraries.tokenizers: null before, "1" now',
        "settings.passages: false before, true now",
        "input a:b.jsonl: no longer given",
    ]
    made, follows = part_differences(differences)

    assert made == [differences[2], differences[4], differences[5]]
    assert follows == ["model.bundle", "model.bundle_id", "code.libraries.tokenizers"]
    assert part_differences(differences[3:]) == ([differences[4], differences[3], differences[5]], [])


def test_a_refusal_says_what_was_changed_first(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    run = tmp_path / "out" / "run.json"
    manifest = json.loads(run.read_bytes())
    manifest["model"] |= {"quality": "other", "bundle_id": "x", "runtime": "y"}
    run.write_text(json.dumps(manifest))
    pattern = r'something else: model\.quality: "other" before, null now; and what follows from it '
    with pytest.raises(ArchiveChangedError, match=pattern + r"\(model\.bundle_id, model\.runtime\)"):
        run_job(source, tmp_path / "out", bundle_folder)


def test_help_names_every_kind_of_input(monkeypatch, capsys):
    from policyframes.cli import main  # noqa: PLC0415  (what the test is about)

    monkeypatch.setattr("sys.argv", ["policyframes", "archive", "score", "--help"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main.run()
    out = " ".join(capsys.readouterr().out.replace("│", " ").split())

    for name in (".parquet", ".jsonl", ".json", ".csv", ".tsv", ".warc", ".docx with --source nexis", ".txt"):
        assert name in out
