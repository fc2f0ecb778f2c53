"""Backends: texts to logits. Each reads one kind of bundle; none knows of thresholds, documents or files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from policyframes.backends.ngram import NgramLinear
from policyframes.bundle import Bundle


class Backend(Protocol):
    """What the scorer asks of a backend."""

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the uncalibrated logits, shape (texts, framings)."""


_BACKENDS: dict[str, Callable[[Bundle], Backend]] = {"ngram-linear": NgramLinear}


def open_backend(bundle: Bundle) -> Backend:
    """Return the backend that reads this kind of bundle."""
    return _BACKENDS[bundle.kind](bundle)
