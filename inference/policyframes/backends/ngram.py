"""The fast backend: TF-IDF over n-grams and one linear layer, in numpy alone.

`extract_ngrams` is also the analyzer that training hands to scikit-learn, so that both sides see the same features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.backends.chunks import ChunkCache
from policyframes.backends.ngram_index import NgramIndex
from policyframes.backends.occurrences import count_occurrences
from policyframes.backends.tiers import Reading
from policyframes.backends.words import find_words, join_hyphens
from policyframes.bundle import Bundle
from policyframes.cores import count_cores

_CHARACTERS = "c:"
_BATCH = 1024
# A batch of passages takes ten megabytes while it is read.
_MOST_THREADS = 8


def extract_ngrams(text: str, features: Mapping[str, Any]) -> list[str]:
    """Return the n-grams of a passage, with repetitions.

    Args:
        text: the passage.
        features: `word_ngrams`: [shortest, longest] in words; `char_ngrams`: the same in characters within a
            padded word, or None. Character n-grams carry the prefix `c:`, which no word n-gram can have.
    """
    words = find_words(text)
    shortest, longest = features["word_ngrams"]
    grams = list(words) if shortest == 1 else []
    for size in range(max(shortest, 2), longest + 1):
        grams += [" ".join(words[i : i + size]) for i in range(len(words) - size + 1)]
    if features.get("char_ngrams"):
        grams += _cut_words(words, features["char_ngrams"])
    return grams


def _cut_words(words: Sequence[str], sizes: Sequence[int]) -> list[str]:
    shortest, longest = sizes
    grams: list[str] = []
    for word in words:
        padded = f" {word} "
        for size in range(shortest, longest + 1):
            grams += [f"{_CHARACTERS}{padded[i : i + size]}" for i in range(max(1, len(padded) - size + 1))]
    return grams


class NgramLinear:
    """TF-IDF with sublinear term frequency and unit length, then one linear layer.

    The weighting is Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval", section 3,
    in scikit-learn's variant: `(1 + log tf) * idf`, divided by the passage's Euclidean norm.

    Args:
        bundle: of the kind `ngram-linear`.
        threads: how many batches are read at a time; as many as there are cores, and eight at most, unless given.
    """

    runtime = None

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self._threads = threads or min(count_cores(), _MOST_THREADS)
        sizes: Sequence[int] = bundle.features.get("char_ngrams") or ()
        # A text's place and a term's row share one number.
        self._bits = len(bundle.vocabulary).bit_length()
        self._index = NgramIndex(bundle.vocabulary, bundle.features["word_ngrams"])
        rows = {term: row for row, term in enumerate(bundle.vocabulary, 1) if sizes and term.startswith(_CHARACTERS)}
        self._characters = ChunkCache(
            lambda chunk: tuple(rows[gram] for gram in _cut_words(find_words(chunk), sizes) if gram in rows)
        )
        self._has_characters = bool(sizes)
        idf = bundle.tensors["idf"].astype(np.float64)[:, None]
        # What a term adds to each framing, and to the square of the norm: side by side, so that they are read at once.
        self._weights = np.hstack([bundle.tensors["coefficients"].astype(np.float64) * idf, idf * idf])
        self._intercepts = bundle.tensors["intercepts"].astype(np.float64)

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the logits, shape (texts, framings); a text's logits do not depend on its neighbours."""
        batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
        if len(batches) > 1 and self._threads > 1:
            # numpy lets other threads run while it reckons, which is most of the time.
            with ThreadPoolExecutor(max_workers=self._threads) as pool:
                parts = list(pool.map(self._score_batch, batches))
        else:
            parts = [self._score_batch(batch) for batch in batches]
        return np.concatenate(parts) if parts else np.empty((0, len(self._intercepts)))

    def read(self, texts: Sequence[str]) -> Reading:
        """Return the logits; the encoder reads no text."""
        return Reading(self.logits(texts), np.zeros(len(texts), dtype=np.bool_))

    def _score_batch(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        sums = np.zeros((len(texts), self._weights.shape[1]))
        for owner, row in self._find_terms(texts):
            # The order within a text is that of its words: neighbours change nothing.
            places, counts = count_occurrences(owner << self._bits | row)
            weights = self._weights.take(row[places], axis=0)
            frequency = 1.0 + np.log(counts)
            weights *= frequency[:, None]
            weights[:, -1] *= frequency
            owners = owner[places]
            firsts = np.flatnonzero(np.concatenate([[True], owners[1:] != owners[:-1]])[: len(owners)])
            if len(firsts):
                sums[owners[firsts]] += np.add.reduceat(weights, firsts, axis=0)
        norms = np.sqrt(sums[:, -1:])
        return np.asarray(sums[:, :-1] / np.where(norms > 0, norms, 1.0) + self._intercepts)

    def _find_terms(self, texts: Sequence[str]) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Return text and row of each term that occurs, in the order of the texts, as pairs of arrays."""
        found = self._index.find_rows(texts)
        if self._has_characters:
            chunked = [join_hyphens(text).split() for text in texts]
            owner, row = self._characters.look_up(chunked)
            found.append((owner[row > 0], row[row > 0] - 1))
        return found
