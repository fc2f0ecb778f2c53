"""A text's signature: 256 bytes by which copies are found and compared. The same text gives the same bytes anywhere.

MinHash (Broder 1997, "On the resemblance and containment of documents") over runs of two words, by datasketch.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.extras import import_extra

BANDS = 32
"""Parts of a signature; two texts are compared where one of these is equal."""
_ROWS = 4
HASHES = BANDS * _ROWS
SIGNATURE = 4 * BANDS + HASHES
_SHINGLE = 2
_SEED = 1
_WORD = re.compile(r"\w+")

Keys = npt.NDArray[np.uint32]
Digests = npt.NDArray[np.uint8]


@cache
def _make_empty() -> Any:  # noqa: ANN401  (datasketch is an extra)
    """Return the signature of nothing; its copies share the hash functions.

    Raises:
        MissingExtraError: datasketch is not installed.
    """
    library = import_extra("datasketch", "dedupe", purpose="--dedupe")
    return library.MinHash(num_perm=HASHES, seed=_SEED, hashfunc=zlib.crc32, scheme="affine32")


def require_extra() -> None:
    """Check that copies can be found, before hours of work.

    Raises:
        MissingExtraError: datasketch is not installed.
    """
    _make_empty()


def sign_text(text: str) -> bytes:
    """Return the signature of a text.

    Raises:
        MissingExtraError: datasketch is not installed.
    """
    words = _WORD.findall(text.lower())
    runs = {" ".join(words[place : place + _SHINGLE]) for place in range(max(1, len(words) - _SHINGLE + 1))}
    minhash = _make_empty().copy()
    minhash.update_batch([run.encode() for run in runs])
    values = np.ascontiguousarray(minhash.hashvalues, dtype="<u4")
    keys = [zlib.crc32(values[start : start + _ROWS].tobytes()) for start in range(0, HASHES, _ROWS)]
    # Eight bits of each value tell equal from other values nearly as well as all of them (Li and König 2010).
    return np.array(keys, dtype="<u4").tobytes() + (values & 0xFF).astype(np.uint8).tobytes()


def unpack_signatures(signatures: bytes) -> tuple[Keys, Digests]:
    """Return the keys, articles x bands, and the values, articles x hashes."""
    rows = np.frombuffer(signatures, dtype=np.uint8).reshape(-1, SIGNATURE)
    keys = np.ascontiguousarray(rows[:, : 4 * BANDS]).view("<u4")
    return keys.astype(np.uint32, copy=False), rows[:, 4 * BANDS :]


def measure_similarity(values: Digests, others: Digests) -> npt.NDArray[np.float64]:
    """Return the estimated share of runs of words that texts have in common, of all that either has; 0 to 1.

    Args:
        values: of one text.
        others: of several.
    """
    equal = (others == values).mean(axis=-1)
    # Other values share eight bits once in 256 times.
    return np.asarray((equal - 1 / 256) / (1 - 1 / 256))
