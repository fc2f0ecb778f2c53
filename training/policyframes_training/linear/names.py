"""Terms that are mostly names: a linear model without them cannot judge a passage by who is named in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from policyframes_training.evaluation.perturbation import perturb

# A term is taken for a name if more of its texts than this lose it where all names are masked. Few terms lie between
# a name, which nearly all of its texts lose, and a word that happens to stand within some, as "states" does.
_LOST = 0.3


def find_name_terms(texts: Sequence[str], extract: Callable[[str], Sequence[str]]) -> frozenset[str]:
    """Return the terms that go where the names of countries, organizations, persons, parties and years are masked.

    Args:
        texts: passages, in which the terms are counted.
        extract: text -> its terms, such as `extract_ngrams` with the features of a model.
    """
    before = _count_texts(texts, extract)
    after = _count_texts([_mask(text) for text in texts], extract)
    return frozenset(term for term, count in before.items() if after[term] < (1 - _LOST) * count)


# Each fold, and each length of n-grams, asks for most of the same passages again.
@lru_cache(maxsize=2**16)
def _mask(text: str) -> str:
    return perturb((text,), "mask-all", seed=0)[0]


def _count_texts(texts: Sequence[str], extract: Callable[[str], Sequence[str]]) -> Counter[str]:
    """Return in how many texts each term stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(extract(text)))
    return counts
