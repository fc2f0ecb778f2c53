"""Plants one defect of each kind in a clean further.jsonl, and looks for exactly that one."""

import json

import pytest
from typer.testing import CliRunner

from policyframes_training.cli.labels import app
from policyframes_training.labels.anchors import anchor_fields, make_anchor
from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.coded import load_labels
from policyframes_training.labels.further import FURTHER
from tests.labels.plantings import C, codes_of, edit, repeat_line, write_rows

THIRD = "third-coder.jsonl"
ADDED = {
    "river-1990": "Herons nest on the weir, and the parish counts them every May.",
    "harbour-2004": "The lighthouse board buys oil by sealed tender and prints the price.",
}


@pytest.fixture
def further(labels):
    """The small set with a further span in each document that trains, and a third coding."""
    rows = [add_span(labels, name, sentence, f"f{number}") for number, (name, sentence) in enumerate(ADDED.items())]
    write_rows(labels / FURTHER, rows)
    write_rows(labels / THIRD, [{"id": "p1", **codes_of(1), "coder": "C"}])
    return labels


def add_span(labels, document, sentence, span_id):
    path = labels.parent / "documents" / f"{document}.txt"
    text = path.read_text(encoding="utf-8") + sentence + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    # The catalogue's hash is that of the text as it was.
    catalogue = labels / "documents.csv"
    lines = catalogue.read_text(encoding="utf-8").splitlines()
    kept = [line.rpartition(",")[0] + "," if line.startswith(f"{document},") else line for line in lines]
    catalogue.write_text("\n".join(kept) + "\n", encoding="utf-8", newline="\n")
    start = text.index(sentence)
    made = make_anchor(span_id, document, text=text, start=start, end=start + len(sentence))
    return {**anchor_fields(made), **codes_of(3), "coder": "C", "drawn": "random"}


def find(labels, *, documents=True):
    defects = check_labels(labels, labels.parent / "documents" if documents else None)
    return [(defect.kind, defect.file, defect.line) for defect in defects]


def test_a_clean_file_has_no_defect_and_is_read(further):
    assert find(further) == []
    read = load_labels(further)
    assert [(span.id, span.document, span.drawn) for span in read.further] == [
        ("f0", "river-1990", "random"),
        ("f1", "harbour-2004", "random"),
    ]
    assert [coding.id for coding in read.third] == ["p1"]


def test_labels_without_the_file_are_whole(labels):
    assert find(labels) == []
    assert load_labels(labels).further == load_labels(labels).third == ()


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (edit(FURTHER, 1, drawn="by hand"), ("wrong-type", FURTHER, 1)),
        (edit(FURTHER, 2, framings=["governance"]), ("bad-primary", FURTHER, 2)),
        (edit(FURTHER, 2, doubt=5), ("bad-doubt", FURTHER, 2)),
        (edit(FURTHER, 2, colour="red"), ("unknown-field", FURTHER, 2)),
        (edit(FURTHER, 1, document="tunnel-2019"), ("further-not-train", FURTHER, 1)),
        (edit(FURTHER, 1, document="atlantis-0001"), ("further-not-train", FURTHER, 1)),
        (edit(FURTHER, 2, id="p3"), ("duplicate-id", FURTHER, 2)),
        (repeat_line(FURTHER, 1), ("duplicate-id", FURTHER, 3)),
        (edit(FURTHER, 1, sha256="0" * 64), ("unresolved-span", FURTHER, 1)),
        (edit(FURTHER, 1, sha256="0"), ("bad-anchor", FURTHER, 1)),
        (edit(THIRD, 1, id="p99"), ("unknown-passage", THIRD, 1)),
        (edit(THIRD, 1, voice="sung"), ("unknown-voice", THIRD, 1)),
    ],
)
def test_the_defect_is_found_and_no_other(further, plant, found):
    plant(further)
    assert find(further) == [found]


def test_a_span_that_overlaps_another_is_found(further):
    edit(FURTHER, 1, start=lambda start: start - 5)(further)
    assert ("overlap", FURTHER, 1) in find(further, documents=False)


def test_spans_that_overlap_each_other_are_found(further):
    rows = [json.loads(line) for line in (further / FURTHER).read_text(encoding="utf-8").splitlines()]
    write_rows(further / FURTHER, [*rows, rows[0] | {"id": "f9"}])
    assert find(further) == [("overlap", FURTHER, 3)]


def test_what_is_nearly_a_measured_passage_is_found(further):
    text = "Saboteurs threaten the tunnel; guards with dogs shall seal each gallery at dusk."
    row = add_span(further, "river-1990", text, "f7")
    rows = [json.loads(line) for line in (further / FURTHER).read_text(encoding="utf-8").splitlines()]
    write_rows(further / FURTHER, [*rows, row])
    assert find(further) == [("near-equal-across-sides", FURTHER, 3)]


def test_the_agreement_of_the_third_coder_stands_beside_that_of_the_second(further):
    for file, coder in ((C, "B"), (THIRD, "C")):
        write_rows(further / file, [{"id": f"p{number}", **codes_of(number), "coder": coder} for number in range(8)])
    shown = CliRunner().invoke(app, ["agreement", "--labels", str(further)])
    assert shown.exit_code == 0
    assert [line for line in shown.stdout.splitlines() if line.endswith("coder")] == ["second coder", "third coder"]
    told = json.loads(CliRunner().invoke(app, ["agreement", "--labels", str(further), "--json"]).stdout)
    assert told["passages"] == told["third"]["passages"] == 8
    (further / THIRD).unlink()
    alone = CliRunner().invoke(app, ["agreement", "--labels", str(further)])
    assert "second coder" not in alone.stdout
