"""Plants one defect of each kind in a clean counterfactuals.jsonl, and looks for exactly that one."""

import json

import pytest
from typer.testing import CliRunner

from policyframes_training.cli.labels import app
from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.coded import COUNTERFACTUALS, load_labels
from tests.labels.plantings import SENTENCES, codes_of, edit, repeat_line, write_rows

LEVEES = "Floods are an enemy at the gate, said the minister, and soldiers will hold every levee until it yields."
ROBBERS = "Robbers hide among the barges; the captains of both banks hunt them by night, each in the other's waters."
PAIR = {
    "id": "c1",
    "topic": "a lock",
    "contrast": "governance/none",
    "kind": "none",
    "a": {
        "text": "The keeper of the lock writes each passage into a ledger that the province audits, and whoever "
        "disputes a toll may appeal to a bench of three, which must answer within a month of the day.",
        "framings": ["governance"],
    },
    "b": {
        "text": "The keeper of the lock was born in the house beside it, as was his mother, and in June the two "
        "sit on the wall and watch the swallows go in and out of the old pump room until it gets dark.",
        "framings": [],
    },
    "note": "rules and appeal against plain description",
}


@pytest.fixture
def written(labels):
    """The small set with two counterfactuals of documents that train, and a pair that measures."""
    rows = [make_row("k0", "river-1990", LEVEES, 2), make_row("k1", "harbour-2004", ROBBERS, 1)]
    write_rows(labels / COUNTERFACTUALS, rows)
    write_rows(labels / "challenge.jsonl", [PAIR])
    return labels


def make_row(name, document, text, codes):
    return {"id": name, "text": text, **codes_of(codes), "source": source_of(document)}


def source_of(document, number=0):
    """Return the place of a sentence, as its span says it."""
    text = "\n\n".join(SENTENCES[document])
    start = text.index(SENTENCES[document][number])
    return {"document": document, "start": start, "end": start + len(SENTENCES[document][number])}


def find(labels):
    return [(defect.kind, defect.file, defect.line) for defect in check_labels(labels, labels.parent / "documents")]


def test_a_clean_file_has_no_defect_and_is_read(written):
    assert find(written) == []
    read = load_labels(written).counterfactuals
    assert [(passage.id, passage.document, passage.codes.framings) for passage in read] == [
        ("k0", "river-1990", ("securitized",)),
        ("k1", "harbour-2004", ("partnership",)),
    ]


def test_labels_without_the_file_are_whole(labels):
    assert find(labels) == []
    assert load_labels(labels).counterfactuals == ()


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (edit(COUNTERFACTUALS, 1, text=7), ("wrong-type", COUNTERFACTUALS, 1)),
        (edit(COUNTERFACTUALS, 1, text=" . "), ("empty-text", COUNTERFACTUALS, 1)),
        (edit(COUNTERFACTUALS, 2, framings=["governance"]), ("bad-primary", COUNTERFACTUALS, 2)),
        (edit(COUNTERFACTUALS, 2, coder="D"), ("unknown-field", COUNTERFACTUALS, 2)),
        (
            edit(COUNTERFACTUALS, 2, source={"document": "river-1990", "start": 0}),
            ("missing-field", COUNTERFACTUALS, 2),
        ),
        (
            edit(COUNTERFACTUALS, 1, source={"document": "river-1990", "start": 9, "end": 3}),
            ("bad-bounds", COUNTERFACTUALS, 1),
        ),
        (
            edit(COUNTERFACTUALS, 1, source={"document": "tunnel-2019", "start": 0, "end": 9}),
            ("counterfactual-not-train", COUNTERFACTUALS, 1),
        ),
        (
            edit(COUNTERFACTUALS, 1, source=source_of("harbour-2004")),
            ("same-framings", COUNTERFACTUALS, 1),
        ),
        (
            edit(COUNTERFACTUALS, 1, source={"document": "river-1990", "start": None, "end": None}),
            ("unknown-source", COUNTERFACTUALS, 1),
        ),
        (
            edit(COUNTERFACTUALS, 1, source={"document": "river-1990", "start": 3, "end": 9}),
            ("unknown-source", COUNTERFACTUALS, 1),
        ),
        (edit(COUNTERFACTUALS, 2, id="p3"), ("duplicate-id", COUNTERFACTUALS, 2)),
        (repeat_line(COUNTERFACTUALS, 1), ("duplicate-id", COUNTERFACTUALS, 3)),
        (edit(COUNTERFACTUALS, 2, text=f"Yes. {LEVEES}"), ("near-equal", COUNTERFACTUALS, 2)),
        (edit(COUNTERFACTUALS, 2, text=f"{PAIR['b']['text']} So"), ("near-equal-across-sides", COUNTERFACTUALS, 2)),
        (
            edit(COUNTERFACTUALS, 2, text=" ".join(["Hm.", *SENTENCES["tunnel-2019"][1].split()[:11]])),
            ("near-equal-across-sides", COUNTERFACTUALS, 2),
        ),
        (
            edit(COUNTERFACTUALS, 1, text=" ".join(SENTENCES["river-1990"])),
            ("quoted-text", COUNTERFACTUALS, 1),
        ),
    ],
)
def test_the_defect_is_found_and_no_other(written, plant, found):
    plant(written)
    assert find(written) == [found]


def test_a_note_answers_for_a_run_of_words(written):
    edit(COUNTERFACTUALS, 1, text=" ".join(SENTENCES["river-1990"]), note="names alone")(written)
    assert find(written) == []


def test_spans_that_are_for_learning_alone_are_counted_where_documents_are_absent(written):
    spans = [json.loads(line) for line in (written / "spans.jsonl").read_text(encoding="utf-8").splitlines()]
    further = {**spans[0], "id": "f0", "document": "river-1990", "drawn": "random"}
    write_rows(written / "further.jsonl", [further])
    (written.parent / "documents" / "river-1990.txt").unlink()
    shown = CliRunner().invoke(
        app, ["check", "--labels", str(written), "--documents", str(written.parent / "documents")]
    )
    assert "3 spans were not looked at" in shown.stderr
