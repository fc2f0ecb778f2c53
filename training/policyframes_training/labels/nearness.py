"""When two coded passages count as equal or nearly equal: the one definition that splits and the check share.

Compares texts only. It knows nothing of files, documents or splits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil

NEAR_THRESHOLD = 0.3
SHINGLE_WORDS = 2
_TOKEN = re.compile(r"[^\W_]+")


def shingle(text: str, size: int = SHINGLE_WORDS) -> frozenset[str]:
    """Return the runs of `size` words of a text, lower-cased and without punctuation."""
    words = _TOKEN.findall(text.lower())
    if len(words) < size:
        return frozenset([" ".join(words)]) if words else frozenset()
    return frozenset(" ".join(words[at : at + size]) for at in range(len(words) - size + 1))


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the shared part of two sets, from 0 to 1; two empty sets share nothing."""
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared) if shared else 0.0


def find_near_pairs(texts: Sequence[str], threshold: float = NEAR_THRESHOLD) -> Iterator[tuple[int, int, float]]:
    """Yield every pair of texts whose word pairs overlap by at least `threshold` (Jaccard).

    The search is exact: two sets that overlap so far share one of their rarest members (prefix filtering,
    Chaudhuri, Ganti and Kaushik 2006), so only texts that share one are compared.

    Args:
        texts: the passages.
        threshold: smallest overlap, above 0.

    Yields:
        Indices `left < right` and the overlap. Equal texts come with 1.0.
    """
    sets = [shingle(text) for text in texts]
    frequency = Counter(member for members in sets for member in members)
    index: dict[str, list[int]] = {}
    for right, members in enumerate(sets):
        ordered = sorted(members, key=lambda member: (frequency[member], member))
        prefix = ordered[: len(ordered) - ceil(threshold * len(ordered)) + 1]
        candidates = {left for member in prefix for left in index.get(member, ())}
        for left in sorted(candidates):
            overlap = jaccard(sets[left], members)
            if overlap >= threshold:
                yield left, right, overlap
        for member in prefix:
            index.setdefault(member, []).append(right)
