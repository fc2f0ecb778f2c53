"""The fast backend: TF-IDF over n-grams and one linear layer, in numpy alone.

`extract_ngrams` is also the analyzer that training hands to scikit-learn, so that both sides see the same features.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.bundle import Bundle

# A line-end hyphen inside a word is typesetting; lower case on both sides keeps "US-\nMexico" apart.
_HYPHENATED = re.compile(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_BATCH = 512


def extract_ngrams(text: str, features: Mapping[str, Any]) -> list[str]:
    """Return the n-grams of a passage, with repetitions.

    Args:
        text: the passage.
        features: `word_ngrams`: [shortest, longest] in words; `char_ngrams`: the same in characters within a
            padded word, or None. Character n-grams carry the prefix `c:`, which no word n-gram can have.
    """
    words = _WORD.findall(_normalise(text))
    shortest, longest = features["word_ngrams"]
    grams = list(words) if shortest == 1 else []
    for size in range(max(shortest, 2), longest + 1):
        grams += [" ".join(words[i : i + size]) for i in range(len(words) - size + 1)]
    if features.get("char_ngrams"):
        shortest, longest = features["char_ngrams"]
        for word in words:
            padded = f" {word} "
            for size in range(shortest, longest + 1):
                grams += [f"c:{padded[i : i + size]}" for i in range(max(1, len(padded) - size + 1))]
    return grams


def _normalise(text: str) -> str:
    """Return the text in lower case without typesetting; what cannot change a plain text is skipped, for speed."""
    if "\n" in text:
        text = _HYPHENATED.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return text.lower()


class NgramLinear:
    """TF-IDF with sublinear term frequency and unit length, then one linear layer.

    The weighting is Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval", section 3,
    in scikit-learn's variant: `(1 + log tf) * idf`, divided by the passage's Euclidean norm.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._rows = {term: row for row, term in enumerate(bundle.vocabulary)}
        self._features = bundle.features
        self._idf = bundle.tensors["idf"].astype(np.float64)
        self._coefficients = bundle.tensors["coefficients"].astype(np.float64)
        self._intercepts = bundle.tensors["intercepts"].astype(np.float64)

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the logits, shape (texts, framings); a text's logits do not depend on its neighbours."""
        parts = [self._score_batch(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, len(self._intercepts)))

    def _score_batch(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        rows: list[int] = []
        counts: list[int] = []
        starts: list[int] = []
        for text in texts:
            starts.append(len(rows))
            found = Counter(
                row for gram in extract_ngrams(text, self._features) if (row := self._rows.get(gram)) is not None
            )
            # The closing zero keeps reduceat's segments non-empty; it adds nothing to any sum.
            rows += [*found.keys(), 0]
            counts += [*found.values(), 0]
        index = np.asarray(rows, dtype=np.intp)
        frequency = np.asarray(counts, dtype=np.float64)
        present = frequency > 0
        weights = np.where(present, 1.0 + np.log(np.where(present, frequency, 1.0)), 0.0) * self._idf[index]
        norms = np.sqrt(np.add.reduceat(weights**2, starts))
        sums = np.add.reduceat(weights[:, None] * self._coefficients[index], starts, axis=0)
        return np.asarray(sums / np.where(norms > 0, norms, 1.0)[:, None] + self._intercepts)
