"""What a backend says of passages: logits, and which tier read each. Knows of no file and no runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from policyframes.bundle import FramingSettings

Tier = Literal["fast", "encoder"]
Quality = Literal["fast", "balanced", "best"]
Logits = npt.NDArray[np.float64]

QUALITIES: tuple[Quality, ...] = ("fast", "balanced", "best")


@dataclass(frozen=True)
class Reading:
    """What a backend read.

    Attributes:
        logits: uncalibrated, shape (texts, framings).
        by_encoder: by text, whether the encoder read it; its logits are then meant for the encoder's settings.
    """

    logits: Logits
    by_encoder: npt.NDArray[np.bool_]


class Backend(Protocol):
    """What the scorer asks of a backend."""

    @property
    def runtime(self) -> str | None:
        """Return the library that runs the encoder; None where none reads."""

    def logits(self, texts: Sequence[str]) -> Logits:
        """Return the uncalibrated logits, shape (texts, framings)."""

    def read(self, texts: Sequence[str]) -> Reading:
        """Return the logits, and which texts the encoder read."""


class Calibration:
    """Platt scaling with the settings of each framing: `p = sigmoid(slope * logit + offset)`."""

    def __init__(self, framings: Mapping[str, FramingSettings]) -> None:
        self._slope = np.array([settings.slope for settings in framings.values()])
        self._offset = np.array([settings.offset for settings in framings.values()])

    def apply(self, logits: Logits) -> Logits:
        """Return calibrated probabilities, shape (texts, framings)."""
        scaled = logits * self._slope + self._offset
        # exp of a clipped value cannot overflow; beyond 500 a double is 0 or 1 anyway.
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scaled, -500, 500))))
