"""What each word and sentence of a passage weighs, by the tier that read it, in steps of the calibrated logit.

Measures every word; which of them are worth showing is the affair of `selection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from policyframes.backends import Backend, Tier, open_backend
from policyframes.bundle import Bundle
from policyframes.evidence.contributions import NgramContributions
from policyframes.evidence.deletions import (
    delete_drawn,
    delete_places,
    draw_deletions,
    fit_weights,
    measure_falls,
)
from policyframes.evidence.words import Word, find_words
from policyframes.passages.sentences import split_sentences

# Chosen on the validation split, see docs/evidence.md. A round is five passes; twelve rounds gain a cascade nothing
# over eight. Without a fast part there is nothing to expect of a word, and more has to be read.
_ROUNDS, _FIRMNESS = 8, 16.0
_ROUNDS_ALONE, _FIRMNESS_ALONE = 24, 4.0

Floats = npt.NDArray[np.float64]
Place = tuple[int, int]


@dataclass(frozen=True)
class Weights:
    """What the parts of a passage weigh; empty where no framing was asked for.

    Attributes:
        words: in reading order.
        by_word: shape (words, framings).
        sentences: start and end of each, in reading order.
        by_sentence: shape (sentences, framings).
    """

    words: tuple[Word, ...]
    by_word: Floats
    sentences: tuple[Place, ...]
    by_sentence: Floats


class Weigher:
    """Weighs the words and sentences of passages with one bundle.

    A sentence weighs what the logit falls by when it is deleted (occlusion: Zeiler and Fergus 2014, "Visualizing and
    understanding convolutional networks"; Li, Monroe and Jurafsky 2016, "Understanding neural networks through
    representation erasure"). A word weighs its exact share of the sum where the fast part read the passage; where the
    encoder did, a linear surrogate is fitted to deletions, expecting what the fast part of a cascade says.

    Args:
        bundle: that scored the passages.
        backend: that read them, so that no model is loaded twice where one will do.
    """

    def __init__(self, bundle: Bundle, backend: Backend) -> None:
        self._bundle = bundle
        self._backend = backend
        self._fast = bundle.parts.get("fast", bundle)

    def weigh(self, texts: Sequence[str], tiers: Sequence[Tier | None]) -> list[Weights]:
        """Return the weights of each text.

        Args:
            texts: passages.
            tiers: by text, which part of the model read it; None for one that is not to be weighed.
        """
        blank = np.zeros((0, len(self._bundle.framings)))
        weighed = [Weights((), blank, (), blank)] * len(texts)
        rows = {tier: [row for row, read_by in enumerate(tiers) if read_by == tier] for tier in ("fast", "encoder")}
        for row in rows["encoder"]:
            # One passage at a time: its variants are as many as a batch.
            weighed[row] = self._weigh_encoded(texts[row])
        for row, weights in zip(rows["fast"], self._weigh_fast([texts[row] for row in rows["fast"]]), strict=True):
            weighed[row] = weights
        return weighed

    @cached_property
    def _contributions(self) -> NgramContributions:
        return NgramContributions(self._fast)

    @cached_property
    def _fast_reader(self) -> Backend:
        return self._backend if self._bundle.kind == "ngram-linear" else open_backend(self._fast)

    @cached_property
    def _encoder_reader(self) -> Backend:
        # In the quality `balanced`, a passage with a word less might be read by the other tier.
        return open_backend(self._bundle, "best") if self._bundle.kind == "cascade" else self._backend

    def _weigh_fast(self, texts: Sequence[str]) -> list[Weights]:
        slopes = _find_slopes(self._fast)
        sentences = [tuple(split_sentences(text)) for text in texts]
        variants = [(text, delete_places(text, places)) for text, places in zip(texts, sentences, strict=True)]
        weighed = []
        for text, places, falls in zip(texts, sentences, measure_falls(self._fast_reader, variants), strict=True):
            words = find_words(text)
            weighed.append(Weights(words, self._contributions.share(words) * slopes, places, falls * slopes))
        return weighed

    def _weigh_encoded(self, text: str) -> Weights:
        slopes = _find_slopes(self._bundle)
        words, sentences = find_words(text), tuple(split_sentences(text))
        has_fast = self._bundle.kind == "cascade"
        drawn = draw_deletions(text, len(words), _ROUNDS if has_fast else _ROUNDS_ALONE)
        variants = [*delete_places(text, sentences), *delete_drawn(text, words, drawn)]
        (falls,) = measure_falls(self._encoder_reader, [(text, variants)])
        by_sentence, by_pass = falls[: len(sentences)], falls[len(sentences) :]
        expected = self._expect(words) if has_fast else np.zeros((len(words), len(slopes)))
        by_word = fit_weights(drawn, by_pass, expected, _FIRMNESS if has_fast else _FIRMNESS_ALONE)
        return Weights(words, by_word * slopes, sentences, by_sentence * slopes)

    def _expect(self, words: Sequence[Word]) -> Floats:
        """Return what the words would weigh if the encoder agreed with the fast part."""
        blend = self._bundle.features["blend"]
        scale: Floats = np.add(blend["fast"], blend["encoder"], dtype=np.float64)
        return self._contributions.share(words) * scale


def _find_slopes(bundle: Bundle) -> Floats:
    return np.array([settings.slope for settings in bundle.framings.values()])
