"""Counting without sorting gives what sorting gives, however many numbers share a slot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.backends import occurrences
from policyframes.backends.occurrences import count_occurrences

KEYS = st.lists(st.integers(0, 12) | st.integers(-(2**63), 2**63 - 1), max_size=60)


@given(KEYS, st.integers(0, 4))
def test_places_and_counts_are_those_of_a_sort(keys, room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(occurrences, "_ROOM", room)
        places, counts = count_occurrences(np.array(keys, dtype=np.int64))
    expected = {key: place for place, key in enumerate(keys)}

    assert places.tolist() == sorted(expected.values())
    assert counts.tolist() == [keys.count(keys[place]) for place in places.tolist()]


def test_many_numbers_that_share_their_last_bits_are_told_apart():
    keys = np.arange(20_000, dtype=np.int64) << 40

    places, counts = count_occurrences(np.concatenate([keys, keys[::-1]]))

    assert places.tolist() == list(range(20_000, 40_000))
    assert set(counts.tolist()) == {2}
