"""A clean small set of labels of our own, and the ways in which tests damage it."""

import hashlib
import json
import shutil

from policyframes_training.labels.anchors import anchor_fields, make_anchor

P, S, C, D, J = "passages.jsonl", "spans.jsonl", "second-coder.jsonl", "documents.csv", "splits.json"
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


def make_labels(tmp_path, checkout):
    """Write the small set to `labels`, its documents to `documents`, and return the folder of labels."""
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


def drop_line(file, line):
    def plant(folder):
        lines = (folder / file).read_text(encoding="utf-8").split("\n")
        del lines[line - 1]
        (folder / file).write_text("\n".join(lines), encoding="utf-8", newline="\n")

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
