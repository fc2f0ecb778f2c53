"""What each word gives to the logits of the n-gram linear model: exact, since the model is a sum.

Reads the tensors of a bundle; knows of no calibration and of no marks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from policyframes.backends.ngram import extract_ngrams
from policyframes.bundle import Bundle
from policyframes.evidence.words import Word

Floats = npt.NDArray[np.float64]


class NgramContributions:
    """The terms of the sum that a passage's logits are, handed to the words that the n-grams cover.

    For a linear model, weight times value is what an input gives beside one whose value is 0 (Lundberg and Lee 2017,
    "A unified approach to interpreting model predictions", section 4.2, with the empty passage as background and the
    passage's length held). Each term is shared equally by its occurrences, and each occurrence by its words.

    Args:
        bundle: of the kind `ngram-linear`.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._rows = {term: row for row, term in enumerate(bundle.vocabulary)}
        self._shortest, self._longest = bundle.features["word_ngrams"]
        self._sizes: tuple[int, ...] = tuple(bundle.features.get("char_ngrams") or ())
        self._idf = bundle.tensors["idf"].astype(np.float64)
        self._coefficients = bundle.tensors["coefficients"].astype(np.float64)

    def share(self, words: Sequence[Word]) -> Floats:
        """Return what each word gives to the logits, shape (words, framings); the sum and the intercepts make these.

        Args:
            words: of one passage, all of them, in reading order.
        """
        rows, owners, shares = self._find_terms(words)
        given = np.zeros((len(words), self._coefficients.shape[1]))
        if rows.size == 0:
            return given
        terms, places = np.unique(rows, return_inverse=True)
        # An occurrence that covers several words has one entry for each, which add up to 1.
        frequency = np.bincount(places, shares)
        values = (1.0 + np.log(frequency)) * self._idf[terms]
        length = float(np.sqrt(values @ values))
        each = (values / frequency / (length or 1.0))[:, None] * self._coefficients[terms]
        np.add.at(given, owners, each[places] * shares[:, None])
        return given

    def _find_terms(self, words: Sequence[Word]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
        """Return row, word and share of each entry: each word that an occurrence of a term covers."""
        forms = [(form, place) for place, word in enumerate(words) for form in word.forms]
        entries: list[tuple[int, int, float]] = []
        for size in range(self._shortest, self._longest + 1):
            for first in range(len(forms) - size + 1):
                covered = forms[first : first + size]
                row = self._rows.get(" ".join(form for form, _ in covered))
                if row is not None:
                    entries += [(row, place, 1.0 / size) for _, place in covered]
        if self._sizes:
            for form, place in forms:
                grams = (self._rows.get(gram) for gram in _cut_word(form, self._sizes))
                entries += [(row, place, 1.0) for row in grams if row is not None]
        rows, owners, shares = zip(*entries, strict=True) if entries else ((), (), ())
        return np.array(rows, dtype=np.intp), np.array(owners, dtype=np.intp), np.array(shares, dtype=np.float64)


def _cut_word(form: str, sizes: tuple[int, ...]) -> tuple[str, ...]:
    # No n-gram of words has more words than the longest and fewer than the shortest.
    return tuple(extract_ngrams(form, {"word_ngrams": [2, 1], "char_ngrams": sizes}))
