"""Labelled data -> DatasetDict: what it holds, what it leaves out, what its hash depends on."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from policyframes.errors import LabelsError, TaxonomyError, TrainingError
from policyframes_training.corpus.corpus import load_corpus, read_corpus
from policyframes_training.corpus.held_out import HeldOut
from policyframes_training.linear.linear import LinearFolding, choose_settings, fit_linear, hold_out
from policyframes_training.linear.settings import candidate_settings
from policyframes_training.tiers.calibration import align_folds, calibrate


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
        "from policyframes_training.corpus.corpus import load_corpus\n"
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


_OPENINGS = {"Cost": "Fares and tolls rise for", "Public safety": "A crash alarms", "Comfort": "Quieter seats please"}
_PLACES = ("the northern ferry", "line seven", "the hill tram", "commuters", "the night bus", "the old bridge")


def _write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _make_rows():
    names = list(_OPENINGS)
    rows = []
    for number in range(180):
        labels = names[: number % 4] if number % 5 == 0 else [names[number % 3]]
        text = " and ".join(_OPENINGS[label] for label in labels) or "The timetable lists"
        rows.append({"text": f"{text} {_PLACES[number % 6]}, report {number} of {number * 7}", "framings": labels})
    return rows


@pytest.fixture(scope="module")
def headlines(tmp_path_factory):
    return _write_rows(tmp_path_factory.mktemp("headlines") / "headlines.jsonl", _make_rows())


def test_any_labelled_file_gives_the_columns_of_a_folder_of_labels(tiny, headlines):
    ours, other = load_corpus(tiny.labels)["train"], load_corpus(headlines)["train"]

    assert [name for name in other.column_names if name not in {"cost", "comfort", "public-safety"}] == [
        name for name in ours.column_names if name not in {"securitized", "governance", "partnership"}
    ]


def test_any_labelled_file_fits_is_calibrated_and_decides(headlines):
    corpus = read_corpus(headlines)
    train, validation, test = (corpus.passages(side) for side in ("train", "validation", "test"))
    candidates = candidate_settings(with_originals=corpus.with_originals, train=train)[:2]
    chosen = choose_settings(train, validation, candidates, seed=0)[0].settings
    model = fit_linear(train, chosen, seed=0)
    folded = hold_out(train, validation, chosen, folding=LinearFolding(corpus.groups), seed=0)
    own = HeldOut(model.logits(validation.texts), validation.targets, validation.documents)
    settings = calibrate(own, align_folds(folded, own), corpus.framings).settings
    logits = model.logits(test.texts)
    decided = np.stack(
        [
            s.slope * logits[:, j] + s.offset >= np.log(s.threshold / (1 - s.threshold))
            for j, s in enumerate(settings.values())
        ],
        axis=1,
    )

    assert corpus.framings == ("comfort", "cost", "public-safety")
    assert (decided == test.targets).mean() > 0.95


def test_same_data_as_csv_jsonl_columns_and_saved_dataset_make_one_corpus(headlines, tmp_path):
    rows = _make_rows()
    lists = ["text;framings", *(f'{row["text"]};"{";".join(row["framings"])}"' for row in rows)]
    (tmp_path / "lists.csv").write_text("\n".join(lists), encoding="utf-8-sig")
    flags = ["\t".join(["text", *_OPENINGS])]
    flags += ["\t".join([row["text"], *(str(int(name in row["framings"])) for name in _OPENINGS)]) for row in rows]
    (tmp_path / "flags.tsv").write_text("\n".join(flags), encoding="utf-8")
    corpus = read_corpus(headlines)
    corpus.splits.save_to_disk(str(tmp_path / "saved"))
    others = [read_corpus(tmp_path / name) for name in ("lists.csv", "flags.tsv", "saved")]

    assert {other.sha256 for other in others} == {corpus.sha256}
    assert {other.split_sha256 for other in others} == {corpus.split_sha256}
    assert {other.taxonomy_sha256 for other in others} == {corpus.taxonomy_sha256}


def test_corpus_of_a_file_says_what_was_assumed_and_has_no_second_coder(headlines):
    corpus = read_corpus(headlines)

    assert [note.split(":")[0] for note in corpus.notes] == ["no taxonomy", "no split in the data"]
    assert (corpus.labels_folder, corpus.frozen, dict(corpus.second_coder)) == (None, "", {})


def test_seed_chooses_the_split_of_a_file(headlines):
    assert read_corpus(headlines, seed=1).split_sha256 != read_corpus(headlines).split_sha256


def test_taxonomy_beside_a_file_orders_its_framings_and_a_given_one_goes_before(headlines, tmp_path):
    shutil.copy(headlines, tmp_path / "data.jsonl")
    lines = [f"  - {{id: {name}, label: {name}, definition: x}}" for name in ("public-safety", "cost", "comfort")]
    aspect = "aspects:\n  - {id: a, label: A, definition: x, terms: [a]}\n"
    (tmp_path / "taxonomy.yaml").write_text("\n".join(["framings:", *lines, aspect]), encoding="utf-8")
    (tmp_path / "other.yaml").write_text("\n".join(["framings:", *lines[::-1], aspect]), encoding="utf-8")

    assert read_corpus(tmp_path / "data.jsonl").framings == ("public-safety", "cost", "comfort")
    assert read_corpus(tmp_path / "data.jsonl", taxonomy=tmp_path / "other.yaml").framings[0] == "comfort"
    with pytest.raises(TaxonomyError, match=r"absent\.yaml"):
        read_corpus(headlines, taxonomy=tmp_path / "absent.yaml")


def test_folder_of_labels_gives_its_groups_and_second_coder(tiny):
    corpus = read_corpus(tiny.labels, tiny.documents)

    assert corpus.second_coder["macro"].value == pytest.approx(1.0)
    assert corpus.groups == ()
    assert corpus.labels_folder == tiny.labels
