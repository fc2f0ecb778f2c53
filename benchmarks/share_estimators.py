"""Estimators of a document's share beside each other, on held-out documents: `python benchmarks/share_estimators.py`.

Reads what training left in the work folder, and nothing of test. Shows why docs/shares.md draws the line midway.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from policyframes.bundle import load_bundle
from policyframes.errors import PolicyFramesError
from policyframes.profiles.errors import KindErrors, list_kinds
from policyframes.profiles.shares import Sample, bound_share
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.tiers.cascade import read_held_out
from policyframes_training.tiers.errors import ReadPassages, fit_errors, read_tier
from policyframes_training.tiers.recording import Plan

# Smallest and largest number of passages of the documents of a row.
SIZES = ((4, 7), (8, 40), (41, 1_000))

_STEPS = 200

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Estimator = Callable[[Floats, Flags], float]


def compare_estimators(validation: ReadPassages, train: ReadPassages, thresholds: Floats) -> list[dict[str, object]]:
    """Return a row per size of document: the root mean squared error of each estimator over all kinds."""
    read = [
        np.concatenate([getattr(side, name) for side in (validation, train)]) for name in ("probabilities", "targets")
    ]
    documents = np.unique(np.array(validation.documents + train.documents), return_inverse=True)[1]
    framings = tuple(f"framing-{number}" for number in range(len(thresholds)))
    errors = fit_errors(validation, train, framings)
    decided = read[0] >= thresholds
    columns = {
        "scores": np.column_stack([read[0], np.prod(1 - read[0], axis=1)]),
        "coded": np.column_stack([read[1], ~read[1].any(axis=1)]),
        "decided": np.column_stack([decided, ~decided.any(axis=1)]),
    }
    sizes = np.bincount(documents)
    rows = []
    for least, most in SIZES:
        chosen = np.flatnonzero((sizes >= least) & (sizes <= most))
        off: dict[str, list[float]] = {}
        for column, kind in enumerate(list_kinds(framings)):
            scores, coded, present = (columns[name][:, column] for name in ("scores", "coded", "decided"))
            estimators = make_estimators(scores, coded, present, errors[kind])
            for document in chosen:
                inside = documents == document
                for name, estimate in estimators.items():
                    found = min(max(estimate(scores[inside], present[inside]), 0.0), 1.0)
                    off.setdefault(name, []).append(found - coded[inside].mean())
        figures = {name: round(float(np.sqrt(np.mean(np.square(values)))), 3) for name, values in off.items()}
        rows.append({"passages": f"{least} to {most}", "documents": len(chosen), **figures})
    return rows


def make_estimators(scores: Floats, coded: Flags, decided: Flags, errors: KindErrors) -> Mapping[str, Estimator]:
    """Return the estimators by name; each takes the scores of some passages and whether they are decided present."""
    hits, alarms = decided[coded].mean(), decided[~coded].mean()
    below, apart = scores[~coded].mean(), scores[coded].mean() - scores[~coded].mean()
    return {
        "count": lambda _, present: float(present.mean()),
        "adjusted count": lambda _, present: float((present.mean() - alarms) / (hits - alarms)),
        "probabilistic adjusted count": lambda own, _: float((own.mean() - below) / apart),
        "EMQ": lambda own, _: maximise_likelihood(own, errors.share),
        "mean probability": lambda own, _: float(own.mean()),
        "as shipped": lambda own, _: bound_share(Sample(float(own.mean()), len(own), 0.0), errors)[0],
    }


def maximise_likelihood(scores: Floats, share: float) -> float:
    """Return the share by expectation and maximisation (Saerens, Latinne and Decaestecker 2002).

    Args:
        scores: calibrated at a share.
        share: that share.
    """
    found = share
    for _ in range(_STEPS):
        present, absent = scores * found / share, (1 - scores) * (1 - found) / (1 - share)
        found = float(np.clip(np.mean(present / (present + absent)), 1e-9, 1 - 1e-9))
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the rows of a bundle as JSON; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks/share_estimators.py", description="Estimators of a share, on held-out documents."
    )
    parser.add_argument("bundle", type=Path, help="folder of an n-gram or encoder bundle")
    parser.add_argument("--labels", type=Path, default=Path("labels"))
    parser.add_argument("--documents", type=Path, default=None)
    parser.add_argument("--work", type=Path, required=True, help="work folder of the training")
    options = parser.parse_args(arguments)
    try:
        bundle = load_bundle(options.bundle)
        corpus = read_corpus(options.labels, options.documents)
        plan = Plan(options.labels, options.documents, options.bundle, bundle.name, 0, "", work=options.work)
        validation, train = read_tier(bundle.framings, *read_held_out(plan, corpus, bundle), corpus)
    except PolicyFramesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    thresholds = np.array([settings.threshold for settings in bundle.framings.values()])
    for row in compare_estimators(validation, train, thresholds):
        sys.stdout.write(json.dumps(row) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
