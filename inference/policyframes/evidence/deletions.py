"""What a passage's logits fall by when parts of it are deleted, and what each word weighs by that.

Asks any backend; knows of no calibration and of no marks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from policyframes.backends import Backend
from policyframes.evidence.words import Word, delete_words

# Each pass leaves out a fifth of the words: fewer would leave the others to say the same again, more leaves no text.
_PARTS = 5

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Place = tuple[int, int]


def delete_places(text: str, places: Sequence[Place]) -> list[str]:
    """Return the text once without each of some places."""
    return [text[:start] + text[end:] for start, end in places]


def delete_drawn(text: str, words: Sequence[Word], drawn: Flags) -> list[str]:
    """Return the text once for each row of `drawn`, shape (passes, words), without the words that it draws."""
    return [delete_words(text, [words[i] for i in np.flatnonzero(row).tolist()]) for row in drawn]


def draw_deletions(text: str, words: int, rounds: int) -> Flags:
    """Return which words each pass leaves out, shape (passes, words); a round leaves out each word once.

    What is drawn hangs on the text alone, so that a passage's evidence is its own, whatever is explained with it.
    """
    chance = np.random.default_rng(list(hashlib.sha256(text.encode(errors="surrogatepass")).digest()))
    parts = [
        part for _ in range(rounds) for part in np.array_split(chance.permutation(words), min(_PARTS, max(words, 1)))
    ]
    drawn = np.zeros((len(parts), words), dtype=np.bool_)
    for row, part in enumerate(parts):
        drawn[row, part] = True
    return drawn


def fit_weights(drawn: Flags, falls: Floats, expected: Floats, firmness: float) -> Floats:
    """Return the weights of words that explain what the logits fall by, shape (words, framings).

    Ridge regression on deletions, the local linear surrogate of Ribeiro, Singh and Guestrin 2016, "Why should I trust
    you? Explaining the predictions of any classifier", shrunk to what is expected instead of to 0.

    Args:
        drawn: from `draw_deletions`, shape (passes, words).
        falls: of the logits in each pass, shape (passes, framings).
        expected: weights before anything was read, shape (words, framings).
        firmness: how many deletions of a word its expected weight counts as.
    """
    deleted = drawn.astype(np.float64)
    # The dual form: a matrix of passes, of which there are few, and not of words, which may be any number.
    gram = deleted @ deleted.T + firmness * np.eye(len(deleted))
    return np.asarray(expected + deleted.T @ np.linalg.solve(gram, falls - deleted @ expected))


def measure_falls(reader: Backend, variants: Sequence[tuple[str, Sequence[str]]]) -> list[Floats]:
    """Return by passage what its logits fall by in each of its variants, shape (variants, framings).

    Args:
        reader: what reads them all, in one call.
        variants: passages, each with its shortened texts.
    """
    if not variants:
        return []
    logits = reader.logits([text for whole, shortened in variants for text in (whole, *shortened)])
    bounds = np.cumsum([1 + len(shortened) for _, shortened in variants])[:-1]
    return [rows[0] - rows[1:] for rows in np.split(logits, bounds)]
