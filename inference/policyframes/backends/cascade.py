"""The cascade: the fast part reads every passage, the encoder those that the quality asks for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from policyframes.backends.encoder import Encoder
from policyframes.backends.ngram import NgramLinear
from policyframes.backends.runtimes import RuntimeName, choose_runtime
from policyframes.backends.tiers import Calibration, Logits, Quality, Reading
from policyframes.bundle import Bundle


class Cascade:
    """Two tiers behind one interface; which of them reads a passage is a function of the passage alone.

    The logits of a passage that the encoder reads are a weighted sum of both tiers' logits; those of the others are
    the fast tier's own. The encoder is opened when the first passage needs it.

    Args:
        bundle: of the kind `cascade`.
        quality: `fast`: no passage goes to the encoder. `balanced`: those where the fast part's probability of at
            least one framing lies in the range of the bundle's `route`. `best`: all.
        runtime: what reads the encoder; see `choose_runtime`.

    Raises:
        MissingExtraError: passages may go to the encoder, and its libraries are not installed.
    """

    def __init__(self, bundle: Bundle, quality: Quality, *, runtime: str | None = None) -> None:
        # What is missing is told before the first passage is read.
        self.runtime: RuntimeName | None = choose_runtime(runtime) if quality != "fast" else None
        self._parts = bundle.parts
        self._quality = quality
        self._fast = NgramLinear(bundle.parts["fast"])
        self._calibration = Calibration(bundle.parts["fast"].framings)
        self._blend = {part: np.array(bundle.features["blend"][part], dtype=np.float64) for part in bundle.parts}
        route = bundle.features["route"]["balanced"]
        self._route = np.array([route[framing] for framing in bundle.framing_ids], dtype=np.float64)

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self._parts["encoder"], runtime=self.runtime)

    def logits(self, texts: Sequence[str]) -> Logits:
        """Return the logits, shape (texts, framings)."""
        return self.read(texts).logits

    def read(self, texts: Sequence[str]) -> Reading:
        """Return the logits, and which texts the encoder read."""
        logits = self._fast.logits(texts)
        unsure = self._choose(logits)
        if unsure.any():
            chosen = np.flatnonzero(unsure)
            read = self._encoder.logits([texts[i] for i in chosen.tolist()])
            logits[chosen] = self._blend["fast"] * logits[chosen] + self._blend["encoder"] * read
        return Reading(logits, unsure)

    def _choose(self, logits: Logits) -> npt.NDArray[np.bool_]:
        if self._quality != "balanced":
            return np.full(len(logits), self._quality == "best")
        probabilities = self._calibration.apply(logits)
        within = (probabilities >= self._route[:, 0]) & (probabilities < self._route[:, 1])
        return np.asarray(within.any(axis=1))
