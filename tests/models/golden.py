"""Sentences of our own with the probabilities that the shipped bundles give, and the floors of their figures.

`python -m tests.models.golden` writes golden.json and floors.json anew after a bundle was trained on purpose. It
refuses to lower a floor unless `--allow-lower` is given.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from policyframes.backends import Quality
from policyframes.backends.runtimes import REFERENCE_RUNTIME
from policyframes.resources import models_folder
from policyframes.scorer import Scorer, load
from policyframes_training.corpus.corpus import hash_corpus, read_corpus
from policyframes_training.evaluation.measurement import measure_bundle

NAMES = ("fast-v3", "encoder-v4", "encoder-large-v1", "cascade-v4", "cascade-large-v1")
# What a cascade is measured at, where it is not what the bundle alone means.
QUALITIES: Mapping[str, Quality] = {"cascade-large-v1": "best"}
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


def measure(name: str) -> dict[str, float]:
    """Return macro-F1 and F1 per framing of a shipped bundle on the rewrites of the test split."""
    bundle = load(models_folder() / name).bundle
    measured = measure_bundle(bundle, read_corpus(LABELS), seed=SEED, quality=QUALITIES.get(name), resamples=1)
    evaluation = measured.test["rewrites"]
    figures = {framing: values["f1"].value for framing, values in evaluation.framings.items()}
    return {"macro": evaluation.overall["macro_f1"].value, **figures}


def hash_test_split() -> str:
    """Return the hash of what the floors were measured on."""
    return hash_corpus({"test": read_corpus(LABELS).splits["test"]})


Floors = dict[str, dict[str, float]]


def find_lowered(old: Floors, new: Floors) -> list[str]:
    """Return, in words, each floor that the new figures would lower or drop."""
    return [
        f"{bundle} {name} {floor} -> {new.get(bundle, {}).get(name, 'none')}"
        for bundle, floors in old.items()
        for name, floor in floors.items()
        if new.get(bundle, {}).get(name, -1.0) < floor
    ]


def write_golden(*, allow_lower: bool = False) -> list[str]:
    """Write both files for the bundles and labels of the checkout; return the floors that this lowers.

    Where it would lower one and `allow_lower` is false, nothing is written.
    """
    floors = {bundle: {name: round(value, 6) for name, value in measure(bundle).items()} for bundle in NAMES}
    old = json.loads(FLOORS.read_text(encoding="utf-8"))["f1"] if FLOORS.exists() else {}
    lowered = find_lowered(old, floors)
    if lowered and not allow_lower:
        return lowered
    _write(GOLDEN, {"texts": list(SENTENCES), "bundles": {name: _score(name) for name in NAMES}})
    _write(FLOORS, {"test_split_sha256": hash_test_split(), "epsilon": EPSILON, "f1": floors})
    return lowered


def _score(name: str) -> dict:
    bundle = load(models_folder() / name).bundle
    scorer = Scorer(bundle, QUALITIES.get(name), runtime=REFERENCE_RUNTIME)
    scores = scorer.score(SENTENCES)
    rows = [{framing: round(p, 9) for framing, p in score.probabilities.items()} for score in scores]
    return {"id": scorer.bundle.id, "probabilities": rows}


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
