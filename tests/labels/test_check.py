"""Plants one defect of each kind in a clean small set and looks for exactly that one."""

import hashlib
import json
import shutil
import unicodedata

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.errors import LabelsError, UsageError
from policyframes_training.anchors import LetterStream, anchor_fields, make_anchor
from policyframes_training.audit import check_labels
from policyframes_training.cli.labels import app
from policyframes_training.nearness import find_near_pairs

SENTENCES = {
    "river-1990": (
        "The ministry shall publish a yearly account of the funds spent on levees and pumps.",
        "Both capitals agreed to dredge the estuary together and to share the cost evenly.",
    ),
    "harbour-2004": (
        "Pirates on the northern approach menace every crew, and patrols will drive them off.",
        "A clerk read the timetable aloud while the audience waited for the rain to end.",
    ),
    "orchard-2011": (
        "Inspectors license growers, audit their ledgers and withdraw permits from cheats.",
        "Our neighbours asked for seedlings, and teams from the two valleys planted side by side.",
    ),
    "tunnel-2019": (
        "Saboteurs threaten the tunnel; guards with dogs shall seal each shaft at dusk.",
        "The chronicle lists the foremen in the order in which they retired from office.",
    ),
}
CODES = (["governance"], ["partnership"], ["securitized"], [], ["governance"], ["partnership"], ["securitized"], [])
SIDES = {"train": ["harbour-2004", "river-1990"], "validation": ["orchard-2011"], "test": ["tunnel-2019"]}
HEADER = "id,title,issuer,year,administration,kind,subkind,licence,words,sha256"


def codes_of(number):
    framings = CODES[number]
    return {"framings": framings, "primary": framings[0] if framings else None, "voice": "own", "doubt": 0}


@pytest.fixture
def labels(tmp_path, checkout):
    folder = tmp_path / "labels"
    folder.mkdir()
    (tmp_path / "documents").mkdir()
    shutil.copy(checkout / "labels" / "taxonomy.yaml", folder / "taxonomy.yaml")
    passages, spans, catalogue, number = [], [], [HEADER], 0
    for document, sentences in SENTENCES.items():
        text = "\n\n".join(sentences) + "\n"
        (tmp_path / "documents" / f"{document}.txt").write_text(text, encoding="utf-8", newline="\n")
        sha = hashlib.sha256(text.encode()).hexdigest()
        catalogue.append(f"{document},A title,An issuer,{document[-4:]},Clinton,other,report,CC0,30,{sha}")
        for sentence in sentences:
            start = text.index(sentence)
            name, codes = f"p{number}", codes_of(number)
            made = make_anchor(name, document, text=text, start=start, end=start + len(sentence))
            spans.append({**anchor_fields(made), **codes, "coder": "A"})
            source = {"document": document, "start": start, "end": start + len(sentence)}
            text_of = f"Rewrite {number}: " + " ".join(reversed(sentence.split()))
            passages.append({"id": name, "text": text_of, **codes, "source": source})
            number += 1
    second = [{"id": "p0", **codes_of(0), "coder": "B"}]
    for file, rows in (("passages", passages), ("spans", spans), ("second-coder", second)):
        write_rows(folder / f"{file}.jsonl", rows)
    (folder / "documents.csv").write_text("\n".join(catalogue) + "\n", encoding="utf-8", newline="\n")
    write_splits(folder, SIDES, [["harbour-2004", "river-1990"]])
    return folder


def write_rows(path, rows):
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def write_splits(folder, sides, groups):
    data = {"version": 1, "frozen": "2026-01-01", "method": {}, "documents": sides, "groups": groups}
    (folder / "splits.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")


def edit(file, line, **changes):
    """Return a planting that sets fields of the record on one line; a callable takes the old value."""

    def plant(folder):
        path = folder / file
        lines = path.read_text(encoding="utf-8").split("\n")
        row = json.loads(lines[line - 1])
        for name, value in changes.items():
            row[name] = value(row.get(name)) if callable(value) else value
        lines[line - 1] = json.dumps(row, ensure_ascii=False)
        path.write_text("\n".join(lines), encoding="utf-8", newline="\n")

    return plant


def replace(file, old, new, *, last=False):
    def plant(folder):
        raw = (folder / file).read_bytes()
        assert old in raw
        parts = raw.rpartition(old) if last else raw.partition(old)
        (folder / file).write_bytes(parts[0] + new + parts[2])

    return plant


def both(*plantings):
    def plant(folder):
        for planting in plantings:
            planting(folder)

    return plant


def drop_field(file, line, name):
    def plant(folder):
        lines = (folder / file).read_text(encoding="utf-8").split("\n")
        row = json.loads(lines[line - 1])
        del row[name]
        lines[line - 1] = json.dumps(row)
        (folder / file).write_text("\n".join(lines), encoding="utf-8", newline="\n")

    return plant


def repeat_line(file, line):
    def plant(folder):
        lines = (folder / file).read_text(encoding="utf-8").split("\n")
        (folder / file).write_text("\n".join([*lines[:-1], lines[line - 1], ""]), encoding="utf-8", newline="\n")

    return plant


def copy_text(source, target, change=str):
    """Give passage `target` the text of passage `source` (lines), changed."""

    def plant(folder):
        rows = [json.loads(line) for line in (folder / "passages.jsonl").read_text(encoding="utf-8").splitlines()]
        rows[target - 1]["text"] = change(rows[source - 1]["text"])
        write_rows(folder / "passages.jsonl", rows)

    return plant


def copy_anchor(source, target):
    def plant(folder):
        rows = [json.loads(line) for line in (folder / "spans.jsonl").read_text(encoding="utf-8").splitlines()]
        rows[target - 1]["sha256"] = rows[source - 1]["sha256"]
        write_rows(folder / "spans.jsonl", rows)

    return plant


def split_of(**changes):
    return lambda folder: write_splits(folder, {**SIDES, **changes}, [["harbour-2004", "river-1990"]])


def source(**changes):
    return lambda old: {**old, **changes}


P, S, C, D, J = "passages.jsonl", "spans.jsonl", "second-coder.jsonl", "documents.csv", "splits.json"
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
    "taxonomy broken": (replace("taxonomy.yaml", b"label:", b"lable:"), "bad-taxonomy", "taxonomy.yaml", 1),
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


def test_the_command_prints_a_line_for_each_defect_and_exits_1(labels):
    both(edit(C, 1, voice="sung"), edit(P, 7, text=""))(labels)
    result = CliRunner().invoke(app, ["check", "--labels", str(labels)])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert result.stdout.startswith("passages.jsonl:7: empty-text: the text ''. Allowed: a passage. ")
    assert "2 defects" in result.stderr


def test_the_command_exits_0_where_all_is_clean(labels):
    result = CliRunner().invoke(
        app, ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
    )
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "0 defects" in result.stderr


def test_the_command_counts_spans_whose_documents_are_absent(labels):
    (labels.parent / "documents" / "tunnel-2019.txt").unlink()
    result = CliRunner().invoke(
        app, ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
    )
    assert result.exit_code == 0
    assert "2 spans were not looked at" in result.stderr


def test_the_command_writes_json(labels):
    edit(C, 1, voice="sung")(labels)
    result = CliRunner().invoke(app, ["check", "--labels", str(labels), "--json"])
    assert json.loads(result.stdout)[0] | {"found": "", "allowed": "", "remedy": ""} == {
        "file": C,
        "line": 1,
        "kind": "unknown-voice",
        "found": "",
        "allowed": "",
        "remedy": "",
    }


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(LabelsError, match=r"nowhere: no such folder.*--labels DIR"):
        check_labels(tmp_path / "nowhere")


def test_an_installation_without_labels_names_the_option(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("policyframes_training.cli.labels.taxonomy_path", lambda: tmp_path / "data" / "taxonomy.yaml")
    result = CliRunner().invoke(app, ["check"])
    assert isinstance(result.exception, UsageError)
    assert "--labels DIR" in str(result.exception)


def test_the_anchor_command_makes_what_the_spans_file_holds(labels, tmp_path):
    rows = [json.loads(line) for line in (labels / S).read_text(encoding="utf-8").splitlines()]
    bare = [{k: v for k, v in row.items() if k not in {"letters", "rolling", "sha256"}} for row in rows]
    write_rows(tmp_path / "bare.jsonl", bare)
    out = tmp_path / "made.jsonl"
    documents = str(labels.parent / "documents")
    result = CliRunner().invoke(app, ["anchor", str(tmp_path / "bare.jsonl"), "--documents", documents, "-o", str(out)])
    assert result.exit_code == 0, result.exception
    assert out.read_bytes() == (labels / S).read_bytes()


def test_the_anchor_command_names_the_line_of_an_absent_document(labels, tmp_path):
    write_rows(tmp_path / "bare.jsonl", [{"id": "x", "document": "atlantis", "start": 0, "end": 3}])
    arguments = ["anchor", str(tmp_path / "bare.jsonl"), "--documents", str(labels.parent / "documents")]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "made.jsonl")])
    assert "bare.jsonl:1: the document atlantis" in str(result.exception)
    assert not (tmp_path / "made.jsonl").exists()


def test_letters_of_the_small_set_are_hashed_as_the_design_says():
    sentence = SENTENCES["tunnel-2019"][0]
    letters = LetterStream.from_text(sentence).letters
    assert letters == "".join(c for c in sentence.lower() if c.isalnum())


def test_no_damage_to_the_files_raises(labels):
    rng = np.random.default_rng(11)
    files = sorted(path for path in labels.iterdir() if path.suffix != ".yaml")
    originals = {path: path.read_bytes() for path in files}
    pieces = [
        b"\\ud800",
        b"null",
        b"1e400",
        b"9" * 40,
        b"[" * 3000,
        b'"',
        b"\x00",
        b"\n",
        b"{}",
        b"-1",
        "\u2028".encode(),
    ]
    for _ in range(150):
        path = files[rng.integers(len(files))]
        raw = originals[path]
        start = int(rng.integers(len(raw)))
        end = start + int(rng.choice([0, 1, 5, 40]))
        path.write_bytes(raw[:start] + pieces[rng.integers(len(pieces))] + raw[end:])
        arguments = ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code in {0, 1}
        assert result.exception is None or isinstance(result.exception, SystemExit), (path.name, start, end)
        path.write_bytes(raw)
