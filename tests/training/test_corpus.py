"""labels/ -> DatasetDict: what it holds, what it leaves out, what its hash depends on."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys

import pytest

from policyframes.errors import LabelsError, TrainingError
from policyframes_training.corpus import load_corpus, read_corpus


def test_rewrites_alone_make_the_three_splits(tiny):
    splits = load_corpus(tiny.labels)

    assert {side: len(rows) for side, rows in splits.items()} == {"train": 120, "validation": 48, "test": 48}
    assert set(splits["train"]["origin"]) == {"rewrite"}


def test_originals_join_with_the_text_of_the_document(tiny):
    splits = load_corpus(tiny.labels, tiny.documents)
    row = splits["test"].filter(lambda row: row["origin"] == "original", keep_in_memory=True)[0]
    text = (tiny.documents / f"{row['document']}.txt").read_text(encoding="utf-8")

    assert len(splits["train"]) == 240
    assert row["text"] in text


def test_rewrite_and_original_with_one_id_carry_one_set_of_codes(tiny):
    codes: dict[str, set] = {}
    for row in load_corpus(tiny.labels, tiny.documents)["train"]:
        codes.setdefault(row["id"], set()).add((tuple(row["framings"]), row["primary"], row["doubt"]))

    assert {len(found) for found in codes.values()} == {1}


def test_framing_columns_say_what_the_list_says(tiny):
    corpus = read_corpus(tiny.labels)

    for row in corpus.splits["train"]:
        assert row["framings"] == [framing for framing in corpus.framings if row[framing]]


def test_no_document_is_on_two_sides(tiny):
    splits = load_corpus(tiny.labels, tiny.documents)
    sides = [set(splits[side]["document"]) for side in splits]

    assert sum(len(side) for side in sides) == len(set.union(*sides))


def test_arrays_agree_with_the_dataset(tiny):
    corpus = read_corpus(tiny.labels, tiny.documents)
    passages = corpus.passages("validation")

    assert passages.targets.shape == (96, 3)
    assert passages.targets[:, 1].tolist() == [bool(value) for value in corpus.splits["validation"]["governance"]]
    assert passages.is_original.sum() == 48


def test_spans_that_do_not_resolve_are_left_out_and_named(tiny, tmp_path, caplog):
    documents = shutil.copytree(tiny.documents, tmp_path / "documents")
    (documents / "doc-03.txt").unlink()
    with caplog.at_level(logging.WARNING):
        corpus = read_corpus(tiny.labels, documents)

    assert {left_out.document for left_out in corpus.unresolved} == {"doc-03"}
    assert len(corpus.unresolved) == 12
    assert "12 of 216 coded originals are left out: t0300 in doc-03" in caplog.text


def test_hash_ignores_the_order_of_lines(tiny, tmp_path):
    labels = shutil.copytree(tiny.labels, tmp_path / "labels")
    lines = (labels / "passages.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (labels / "passages.jsonl").write_text("".join(reversed(lines)), encoding="utf-8")

    assert read_corpus(labels).sha256 == read_corpus(tiny.labels).sha256


@pytest.mark.parametrize(
    ("field", "value"), [("text", "Other words."), ("framings", []), ("doubt", 2), ("voice", "reported")]
)
def test_hash_changes_with_a_text_or_a_code(tiny, tmp_path, field, value):
    labels = shutil.copytree(tiny.labels, tmp_path / "labels")
    rows = [json.loads(line) for line in (labels / "passages.jsonl").read_text(encoding="utf-8").splitlines()]
    rows[0][field] = value
    (labels / "passages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    assert read_corpus(labels).sha256 != read_corpus(tiny.labels).sha256


def test_hash_changes_when_a_document_changes_sides(tiny, tmp_path):
    labels = shutil.copytree(tiny.labels, tmp_path / "labels")
    splits = json.loads((labels / "splits.json").read_text(encoding="utf-8"))
    splits["documents"]["test"].append(splits["documents"]["train"].pop())
    (labels / "splits.json").write_text(json.dumps(splits), encoding="utf-8")
    changed, before = read_corpus(labels), read_corpus(tiny.labels)

    assert (changed.sha256, changed.split_sha256) != (before.sha256, before.split_sha256)
    assert changed.sha256 != before.sha256


def test_document_on_no_side_is_refused_by_name(tiny, tmp_path):
    labels = shutil.copytree(tiny.labels, tmp_path / "labels")
    splits = json.loads((labels / "splits.json").read_text(encoding="utf-8"))
    splits["documents"]["train"].remove("doc-04")
    (labels / "splits.json").write_text(json.dumps(splits), encoding="utf-8")

    with pytest.raises(TrainingError, match="documents on no side: doc-04"):
        read_corpus(labels)


def test_missing_folder_of_documents_is_refused(tiny, tmp_path):
    with pytest.raises(LabelsError, match="no such folder"):
        read_corpus(tiny.labels, tmp_path / "absent")


@pytest.mark.slow
def test_reading_writes_nothing_to_the_home_folder_and_opens_no_connection(tiny, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'): raise SystemExit(f'{event} {args}')\n"
        "sys.addaudithook(watch)\n"
        "from policyframes_training.corpus import load_corpus\n"
        f"load_corpus({str(tiny.labels)!r}, {str(tiny.documents)!r})\n"
    )
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**keep, "HOME": str(home)}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert [path for path in home.rglob("*") if path.is_file()] == []


@pytest.mark.shared
@pytest.mark.slow
def test_at_least_99_percent_of_the_originals_resolve(checkout, shared_folder):
    corpus = read_corpus(checkout / "labels", shared_folder / "documents")
    originals = sum(corpus.passages(side).is_original.sum() for side in ("train", "validation", "test"))

    assert len(corpus.unresolved) <= 0.01 * originals
