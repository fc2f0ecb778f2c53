"""Coded passages made by chance, for tests of figures that need no text."""

from __future__ import annotations

import numpy as np

from policyframes.bundle import FramingSettings
from policyframes_training.corpus.corpus import PassageSet

FRAMINGS = ("securitized", "governance", "partnership")
SETTINGS = {name: FramingSettings(0.5, 1.0, 0.0, 0.3, 0.7) for name in FRAMINGS}


def make_passages(documents, targets) -> PassageSet:
    """Return one passage per document name; its text is that of its number."""
    n = len(documents)
    return PassageSet(
        framings=FRAMINGS,
        ids=tuple(f"p{i}" for i in range(n)),
        texts=tuple(f"passage {i}" for i in range(n)),
        documents=tuple(documents),
        targets=np.asarray(targets, dtype=bool).reshape(n, len(FRAMINGS)),
        doubt=np.zeros(n, dtype=np.int64),
        is_original=np.zeros(n, dtype=bool),
    )


def make_scored(n: int = 240, documents: int = 24, seed: int = 5):
    """Return probabilities with ties, and passages that carry a framing as often as these say."""
    generator = np.random.default_rng(seed)
    probabilities = np.round(generator.random((n, 3)), 1)
    names = [f"d{i % documents}" for i in range(n)]
    return probabilities, make_passages(names, generator.random((n, 3)) < probabilities)
