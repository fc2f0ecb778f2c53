"""A small folder of labels of our own writing, and a bundle trained on it once per session."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from policyframes_training.labels.anchors import anchor_fields, make_anchor
from policyframes_training.labels.coded import CATALOGUE_COLUMNS

_OPENINGS = {
    "securitized": (
        "The gangs endanger every town",
        "Hostile fleets threaten the coast",
        "Troops must seal the border",
    ),
    "governance": ("Courts need clear rules", "The agency reports to auditors", "Parliament reforms the statute"),
    "partnership": ("Both capitals plan jointly", "Our allies share the cost", "The neighbours consult each month"),
}
_FILLERS = ("near the river", "in the spring", "after the talks", "for ten years", "on the plateau")
_NEUTRAL = ("The delegation arrived at noon", "The chapter lists the sources", "He was born by the sea")
_DOCUMENTS = 18


@dataclass(frozen=True)
class TinyLabels:
    """The folder of labels, and the folder with the documents that its spans lie in."""

    labels: Path
    documents: Path


@pytest.fixture(scope="module")
def one_thread():
    """Fits of a toy take longer by two threads than by one."""
    import torch  # noqa: PLC0415  (seconds)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, checkout) -> TinyLabels:
    home = tmp_path_factory.mktemp("tiny")
    write_tiny_labels(home, checkout / "labels" / "taxonomy.yaml")
    return TinyLabels(home / "labels", home / "documents")


def write_tiny_labels(home: Path, taxonomy: Path) -> None:
    labels, documents = home / "labels", home / "documents"
    labels.mkdir(parents=True)
    documents.mkdir()
    shutil.copy(taxonomy, labels / "taxonomy.yaml")
    rewrites, spans, names = [], [], [f"doc-{number:02}" for number in range(_DOCUMENTS)]
    for place, document in enumerate(names):
        text = ""
        for row, (framings, sentence) in enumerate(_sentences(place)):
            start, text = len(text), text + sentence + "\n\n"
            codes = {
                "framings": framings,
                "primary": framings[0] if framings else None,
                "voice": "own",
                "doubt": (place + row) % 3,
            }
            passage = f"t{place:02}{row:02}"
            end = start + len(sentence)
            source = {"document": document, "start": start, "end": end}
            rewrites.append({"id": passage, "text": f"In our words: {sentence}", **codes, "source": source})
            anchor = make_anchor(passage, document, text=text, start=start, end=end)
            spans.append({**anchor_fields(anchor), **codes, "coder": "A"})
        (documents / f"{document}.txt").write_text(text, encoding="utf-8")
    second = [
        {"id": r["id"], "framings": r["framings"], "primary": r["primary"], "voice": "own", "doubt": 0}
        for r in rewrites
    ]
    _write_lines(labels / "passages.jsonl", rewrites)
    _write_lines(labels / "spans.jsonl", spans)
    _write_lines(labels / "second-coder.jsonl", [{**row, "coder": "B"} for row in second[:20]])
    header = ",".join(CATALOGUE_COLUMNS)
    rows = [f"{name},Title,Issuer,2020,,other,,,10," for name in names]
    (labels / "documents.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    sides = {"train": names[:10], "validation": names[10:14], "test": names[14:]}
    splits = {"version": 1, "frozen": "2026-01-01", "method": {"seed": 0}, "documents": sides, "groups": []}
    (labels / "splits.json").write_text(json.dumps(splits), encoding="utf-8")


def _sentences(place: int) -> list[tuple[list[str], str]]:
    names = list(_OPENINGS)
    made: list[tuple[list[str], str]] = []
    for row in range(12):
        filler = _FILLERS[(place * 5 + row) % len(_FILLERS)]
        first, second = names[row % 3], names[(row + 1) % 3]
        # Every seventh code contradicts its words, so that no figure is perfect and intervals have a width.
        coded = names[(row + 2) % 3] if (place + row) % 7 == 0 else first
        if row < 6:
            made.append(([coded], f"{_OPENINGS[first][place % 3]} {filler}, item {place} {row}."))
        elif row < 9:
            both = [name for name in names if name in {first, second}]
            sentence = f"{_OPENINGS[first][place % 3]} and {_OPENINGS[second][row % 3].lower()} {filler}."
            made.append((both, sentence))
        else:
            made.append(([], f"{_NEUTRAL[row % 3]} {filler}, page {place}."))
    return made


def _write_lines(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="session")
def trained(tiny, tmp_path_factory):
    """Train once on the small labels with originals, recorded in a fresh store."""
    from policyframes_training.tiers.fast import FastPlan, train_fast  # noqa: PLC0415  (seconds of imports, for those who ask)

    home = tmp_path_factory.mktemp("trained")
    plan = FastPlan(
        labels=tiny.labels,
        documents=tiny.documents,
        output=home / "tiny-v1",
        name="tiny-v1",
        seed=7,
        experiment="tests",
        store=home / "store",
    )
    return train_fast(plan)
