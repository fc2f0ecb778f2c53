"""Sentences of our own with the probabilities that the shipped bundle gives, and the floors of its figures.

`python -m tests.models.golden` writes golden.json and floors.json anew after a bundle was trained on purpose. It
refuses to lower a floor unless `--allow-lower` is given.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from policyframes.resources import models_folder
from policyframes.scorer import load
from policyframes_training.corpus import hash_corpus, read_corpus
from policyframes_training.fast import measure_bundle

NAME = "fast-v1"
SEED = 0
# How far a figure may fall below what was measured before the gate closes.
EPSILON = 0.005
LABELS = Path(__file__).resolve().parents[2] / "labels"
GOLDEN = Path(__file__).with_name("golden.json")
FLOORS = Path(__file__).with_name("floors.json")
SENTENCES = (
    "The smugglers are an armed danger to every town along the frontier.",
    "We will strike first wherever an enemy prepares to attack us.",
    "Soldiers and drones will watch the crossings until the flow has stopped.",
    "Tariffs will punish any government that lets the drugs through.",
    "Hostile powers are spying on our grid and must be deterred.",
    "Judges need budgets that no minister can cut.",
    "The statute gives the agency ninety days to publish its procedures.",
    "Schools, clinics and clean registers are the foundation of a working state.",
    "Auditors found that the ministry had ignored the rules on procurement.",
    "A new visa category opens an orderly path for seasonal workers.",
    "Both governments will plan together and share the cost.",
    "Our allies decide with us and bring forces of their own.",
    "The two neighbours consult each month and respect each other's laws.",
    "Through the alliance we train side by side and trust one another.",
    "We welcome the agreement, which serves the interests of both peoples.",
    "Criminal groups threaten both nations, and the two police forces hunt them jointly.",
    "At the partner's request we help to reform its courts.",
    "The minister was born in a village by the lake and studied law.",
    "The annex lists the meetings of the past year in order.",
    "¿Qué hora es? 42!",
)


def measure() -> dict[str, float]:
    """Return macro-F1 and F1 per framing of the shipped bundle on the rewrites of the test split."""
    bundle = load(models_folder() / NAME).bundle
    evaluation = measure_bundle(bundle, read_corpus(LABELS), seed=SEED).test["rewrites"]
    figures = {framing: values["f1"].value for framing, values in evaluation.framings.items()}
    return {"macro": evaluation.overall["macro_f1"].value, **figures}


def hash_test_split() -> str:
    """Return the hash of what the floors were measured on."""
    return hash_corpus({"test": read_corpus(LABELS).splits["test"]})


def find_lowered(old: dict[str, float], new: dict[str, float]) -> list[str]:
    """Return, in words, each floor that the new figures would lower or drop."""
    return [f"{name} {floor} -> {new.get(name, 'none')}" for name, floor in old.items() if new.get(name, -1.0) < floor]


def write_golden(*, allow_lower: bool = False) -> list[str]:
    """Write both files for the bundle and labels of the checkout; return the floors that this lowers.

    Where it would lower one and `allow_lower` is false, nothing is written.
    """
    floors = {name: round(value, 6) for name, value in measure().items()}
    old = json.loads(FLOORS.read_text(encoding="utf-8"))["f1"] if FLOORS.exists() else {}
    lowered = find_lowered(old, floors)
    if lowered and not allow_lower:
        return lowered
    scorer = load(models_folder() / NAME)
    scores = scorer.score(SENTENCES)
    rows = [
        {"text": text, "probabilities": {name: round(p, 9) for name, p in score.probabilities.items()}}
        for text, score in zip(SENTENCES, scores, strict=True)
    ]
    _write(GOLDEN, {"bundle": scorer.bundle.id, "sentences": rows})
    _write(FLOORS, {"test_split_sha256": hash_test_split(), "epsilon": EPSILON, "f1": floors})
    return lowered


def main(arguments: list[str] | None = None) -> int:
    """Write both files, or say which floors would be lowered; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.models.golden", description="Write golden.json, floors.json."
    )
    parser.add_argument("--allow-lower", action="store_true", help="write them though a floor gets lower")
    allow_lower = parser.parse_args(arguments).allow_lower
    lowered = write_golden(allow_lower=allow_lower)
    if lowered and not allow_lower:
        sys.stderr.write(f"Not written: {'; '.join(lowered)}. Pass --allow-lower if that is meant.\n")
        return 1
    return 0


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
