"""Plants one defect of each kind in a clean small set and looks for exactly that one."""

import json
import unicodedata

import numpy as np
import pytest

from policyframes.errors import LabelsError
from policyframes_training.labels.anchors import LetterStream, anchor_fields, make_anchor
from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.nearness import find_near_pairs
from tests.labels.plantings import (
    SENTENCES,
    C,
    D,
    J,
    P,
    S,
    both,
    codes_of,
    copy_anchor,
    copy_text,
    drop_field,
    edit,
    repeat_line,
    replace,
    source,
    split_of,
)

BOTH_FILES = [(P, 3), (S, 3)]
# planting, then what must be found: kind, file, line; nothing else may be
PLANTED = {
    "broken JSON": (replace(P, b'{"id": "p2"', b'{"id" "p2"'), "bad-json", P, 3),
    "a list for an object": (replace(C, b'{"id"', b'[]\n{"id"'), "bad-json", C, 1),
    "key twice": (replace(P, b'{"id": "p2"', b'{"id": "p2", "id": "p9"'), "duplicate-key", P, 3),
    "field missing": (drop_field(P, 4, "voice"), "missing-field", P, 4),
    "source field missing": (edit(P, 4, source=lambda old: {"document": old["document"]}), "missing-field", P, 4),
    "field unknown": (edit(S, 4, colour="red"), "unknown-field", S, 4),
    "text is a number": (edit(P, 2, text=7), "wrong-type", P, 2),
    "doubt is a truth value": (edit(P, 2, doubt=True), "wrong-type", P, 2),
    "id twice": (repeat_line(C, 1), "duplicate-id", C, 2),
    "framing unknown": (
        both(*(edit(f, n, framings=["heroic"], primary="heroic") for f, n in BOTH_FILES)),
        "unknown-framing",
        P,
        3,
    ),
    "framings out of order": (edit(C, 1, framings=["governance", "securitized"]), "framing-order", C, 1),
    "framing twice": (edit(C, 1, framings=["governance", "governance"]), "framing-order", C, 1),
    "primary not among framings": (edit(C, 1, primary="partnership"), "bad-primary", C, 1),
    "primary null with framings": (edit(C, 1, primary=None), "bad-primary", C, 1),
    "primary without framings": (edit(C, 1, framings=[]), "bad-primary", C, 1),
    "voice unknown": (edit(C, 1, voice="sung"), "unknown-voice", C, 1),
    "doubt out of range": (edit(C, 1, doubt=3), "bad-doubt", C, 1),
    "passage of an unknown document": (
        both(edit(P, 5, id="p50", source=source(document="atlantis-0001"))),
        "unknown-document",
        P,
        5,
    ),
    "second coding of nothing": (edit(C, 1, id="p99"), "unknown-passage", C, 1),
    "end before start": (edit(P, 5, id="p50", source=source(start=9, end=4)), "bad-bounds", P, 5),
    "start without end": (edit(P, 5, id="p50", source=source(end=None)), "bad-bounds", P, 5),
    "negative start": (edit(S, 1, id="p50", start=-3), "bad-bounds", S, 1),
    "document on two sides": (split_of(validation=["orchard-2011", "river-1990"]), "two-sides", J, 12),
    "document on no side": (split_of(validation=[]), "no-side", D, 4),
    "side of an unknown document": (split_of(validation=["atlantis-0001", "orchard-2011"]), "unknown-document", J, 11),
    "group divided": (
        split_of(train=["harbour-2004"], validation=["orchard-2011", "river-1990"]),
        "divided-group",
        J,
        11,
    ),
    "splits no JSON": (replace(J, b'"groups"', b"groups"), "bad-splits", J, 17),
    "splits without a side": (replace(J, b'"test"', b'"exam"'), "bad-splits", J, 1),
    "splits with all documents on one line": (
        lambda folder: (folder / J).write_text(json.dumps(json.loads((folder / J).read_text(encoding="utf-8"))) + "\n"),
        "bad-splits",
        J,
        1,
    ),
    "text equal across sides": (
        both(copy_text(1, 8), edit(P, 8, id="p80", **codes_of(0))),
        "equal-across-sides",
        P,
        8,
    ),
    "text equal but for case and points": (
        both(copy_text(1, 8, lambda text: text.upper().replace(" ", ",  ")), edit(P, 8, id="p80", **codes_of(0))),
        "equal-across-sides",
        P,
        8,
    ),
    "text nearly equal across sides": (
        copy_text(1, 8, lambda text: text.replace("levees", "dams")),
        "near-equal-across-sides",
        P,
        8,
    ),
    "span equal across sides": (
        both(copy_anchor(1, 8), edit(S, 8, id="p80", **codes_of(0))),
        "equal-across-sides",
        S,
        8,
    ),
    "same text, other codes": (copy_text(1, 3), "same-text-other-codes", P, 3),
    "rewrite and span coded otherwise": (edit(S, 4, voice="reported"), "codes-differ", P, 4),
    "rewrite and span placed otherwise": (edit(P, 4, source=source(start=1)), "source-differs", P, 4),
    "year no year": (replace(D, b"2011,Clinton", b"about 2011,Clinton"), "bad-year", D, 4),
    "administration unknown": (replace(D, b"2011,Clinton", b"2011,Lincoln"), "bad-administration", D, 4),
    "kind unknown": (replace(D, b"2011,Clinton,other", b"2011,Clinton,poem"), "unknown-kind", D, 4),
    "words no number": (replace(D, b"CC0,30", b"CC0,many"), "wrong-type", D, 2),
    "hash no hash": (replace(D, b"CC0,30,", b"CC0,30,XY"), "bad-hash", D, 2),
    "cell too many": (replace(D, b"An issuer", b"An issuer, Ltd"), "bad-columns", D, 2),
    "document catalogued twice": (repeat_line(D, 3), "duplicate-document", D, 6),
    "byte order mark": (replace(P, b'{"id": "p0"', b'\xef\xbb\xbf{"id": "p0"'), "byte-order-mark", P, 1),
    "CRLF": (replace(P, b"\n", b"\r\n"), "line-end", P, 1),
    "no UTF-8": (replace(D, b"A title", b"A t\xeetle"), "bad-encoding", D, 2),
    "decomposed text": (
        replace(P, b"Rewrite 6", unicodedata.normalize("NFD", "Réécrit 6").encode()),
        "not-nfc",
        P,
        7,
    ),
    "decomposed title": (replace(D, b"A title", unicodedata.normalize("NFD", "Café").encode()), "not-nfc", D, 2),
    "zero-width space": (replace(P, b"Rewrite 6", "Rew\u200brite 6".encode()), "control-character", P, 7),
    "escaped carriage return": (replace(P, b"Rewrite 6", rb"Rewrite\r\n6"), "control-character", P, 7),
    "text empty": (edit(P, 7, text="  ... "), "empty-text", P, 7),
    "anchor hash cut": (edit(S, 7, sha256=lambda old: old[:-1]), "bad-anchor", S, 7),
    "anchor in capitals": (edit(S, 7, rolling="ABCDEF0123456789"), "bad-anchor", S, 7),
    "anchor without letters": (edit(S, 7, letters=0), "bad-anchor", S, 7),
    "spans overlap": (edit(S, 2, id="p50", start=40), "overlap", S, 2),
    "taxonomy broken": (replace("taxonomy.yaml", b"label: S", b"label: [S], #"), "bad-taxonomy", "taxonomy.yaml", 7),
    "file missing": (lambda folder: (folder / S).unlink(), "missing-file", S, 1),
}


def test_the_clean_small_set_has_no_defect(labels):
    assert check_labels(labels) == []
    assert check_labels(labels, labels.parent / "documents") == []


@pytest.mark.parametrize(("planting", "kind", "file", "line"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_defect_is_found_and_nothing_else(labels, planting, kind, file, line):
    planting(labels)
    found = check_labels(labels)
    expected = {(kind, file, line)}
    if file == P and kind == "unknown-framing":
        expected.add((kind, S, 3))
    if kind == "bad-encoding":
        # Without the catalogue nothing is known of any document.
        found = [defect for defect in found if defect.kind != "unknown-document"]
    if kind == "bad-columns":
        # The row is lost, so its documents are unknown.
        found = [defect for defect in found if defect.kind != "unknown-document" or "river" not in defect.found]
    if kind == "bad-splits":
        found = [defect for defect in found if defect.kind != "no-side"]
    assert {(defect.kind, defect.file, defect.line) for defect in found} == expected
    assert all(defect.found and defect.allowed and defect.remedy for defect in found)


def test_a_span_that_its_document_does_not_hold_is_found(labels):
    edit(S, 6, sha256="0" * 64)(labels)
    assert check_labels(labels) == []
    found = check_labels(labels, labels.parent / "documents")
    assert [(defect.kind, defect.file, defect.line) for defect in found] == [("unresolved-span", S, 6)]


def test_a_document_that_is_another_text_is_found_and_its_spans_still_resolve(labels):
    path = labels.parent / "documents" / "orchard-2011.txt"
    path.write_text(path.read_text(encoding="utf-8").replace(" ", "\n"), encoding="utf-8", newline="\n")
    found = check_labels(labels, labels.parent / "documents")
    assert [(defect.kind, defect.file, defect.line) for defect in found] == [("document-differs", D, 4)]


def test_originals_nearly_equal_across_sides_are_found_where_documents_are_given(labels):
    folder = labels.parent / "documents"
    sentence = SENTENCES["river-1990"][0].replace("yearly", "monthly")
    text = (folder / "tunnel-2019.txt").read_text(encoding="utf-8") + sentence
    (folder / "tunnel-2019.txt").write_text(text, encoding="utf-8", newline="\n")
    made = make_anchor("p90", "tunnel-2019", text=text, start=text.index(sentence), end=len(text))
    with (labels / S).open("a", encoding="utf-8") as file:
        file.write(json.dumps({**anchor_fields(made), **codes_of(0), "coder": "A"}) + "\n")
    assert check_labels(labels) == []
    found = check_labels(labels, folder)
    assert {(d.kind, d.file, d.line) for d in found} == {("near-equal-across-sides", S, 9), ("document-differs", D, 5)}


def test_a_note_answers_for_same_text_with_other_codes(labels):
    both(copy_text(1, 3), edit(P, 3, note="Boundary 7 decided it."))(labels)
    assert check_labels(labels) == []


def test_all_defects_are_listed_and_ordered(labels):
    both(edit(C, 1, voice="sung", doubt=9), repeat_line(D, 3), edit(P, 7, text=""))(labels)
    found = check_labels(labels)
    assert [d.kind for d in found] == ["duplicate-document", "empty-text", "bad-doubt", "unknown-voice"]
    assert found == sorted(found)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_noisy_copies_across_sides_are_found(share):
    rng = np.random.default_rng(7)
    texts = [[f"w{number}" for number in rng.integers(0, 4000, 72)] for _ in range(200)]
    noisy = [[word if rng.random() > share else f"n{rng.integers(10**6)}" for word in text] for text in texts]
    pairs = {(a, b) for a, b, _ in find_near_pairs([" ".join(text) for text in [*texts, *noisy]])}
    assert len(pairs & {(number, number + 200) for number in range(200)}) >= 190
    assert all(b - a == 200 for a, b in pairs)


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(LabelsError, match=r"nowhere: no such folder.*--labels DIR"):
        check_labels(tmp_path / "nowhere")


def test_letters_of_the_small_set_are_hashed_as_the_design_says():
    sentence = SENTENCES["tunnel-2019"][0]
    letters = LetterStream.from_text(sentence).letters
    assert letters == "".join(c for c in sentence.lower() if c.isalnum())
