"""What a model is fitted on: the train passages as they are, those for learning alone with other names, and both again.

In all but the train passages themselves names are swapped: who is named says little about the framing, and a model
that learns it flips where names change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policyframes_training.corpus.corpus import Corpus, PassageSet
from policyframes_training.evaluation.perturbation import perturb


def read_learnable(corpus: Corpus, *, seed: int, renamed: int = 0) -> PassageSet:
    """Return the train passages as they are and what else is learned from, see `read_extra`."""
    return corpus.passages("train") + read_extra(corpus, seed=seed, renamed=renamed)


def read_extra(corpus: Corpus, *, seed: int, renamed: int = 0) -> PassageSet:
    """Return what a model learns from beside the train passages: the further ones, and copies of both.

    Args:
        corpus: from `read_corpus`.
        seed: of the names that stand for others.
        renamed: how many times each passage comes once more, each time with other names.
    """
    extra = swap_names(corpus.further, seed)
    for copy in rename(corpus.passages("train") + corpus.further, seed, renamed):
        extra += copy
    return extra


def rename(passages: PassageSet, seed: int, copies: int) -> Iterator[PassageSet]:
    """Yield so many copies of the passages, each with other names, see `swap_names`."""
    for copy in range(1, copies + 1):
        yield swap_names(passages, seed + copy)


def swap_names(passages: PassageSet, seed: int) -> PassageSet:
    """Return the passages with their names swapped, see `perturb`."""
    return replace(passages, texts=tuple(perturb(list(passages.texts), "swap-all", seed=seed)))
