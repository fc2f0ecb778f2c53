"""Logits -> calibrated probabilities and what is decided by them, as arrays. Knows of no texts and no backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policyframes.backends.tiers import Calibration, Reading, Tier
from policyframes.bundle import FramingSettings

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)  # arrays have no one truth value
class Decisions:
    """What a bundle says of n passages, for L framings in the taxonomy's order.

    Attributes:
        probabilities: calibrated, shape (n, L), float64.
        present: whether the framing is decided present, shape (n, L).
        uncertain: whether its probability lies in the band where the promised precision is not met, shape (n, L).
        by_encoder: whether the encoder read the passage, shape (n,).
    """

    probabilities: npt.NDArray[np.float64]
    present: Flags
    uncertain: Flags
    by_encoder: Flags

    def list_tiers(self) -> list[Tier]:
        """Return which part of the model read each passage."""
        return ["encoder" if by_encoder else "fast" for by_encoder in self.by_encoder.tolist()]

    def list_primary(self, framings: Sequence[str]) -> list[str | None]:
        """Return for each passage the likeliest of the framings decided present; None where there is none."""
        likeliest = np.where(self.present, self.probabilities, -1.0).argmax(axis=1)
        chosen: list[int] = np.where(self.present.any(axis=1), likeliest, -1).tolist()
        return [framings[index] if index >= 0 else None for index in chosen]


def join_decisions(parts: Sequence[Decisions]) -> Decisions:
    """Return the decisions on several lists of passages, of which there is at least one, as those on one list."""
    if len(parts) == 1:
        return parts[0]
    return Decisions(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.uncertain for part in parts]),
        np.concatenate([part.by_encoder for part in parts]),
    )


class Rules:
    """The settings by which a bundle decides: those of its fast part, and its own where its encoder has read.

    Args:
        fast: by framing, for passages that the encoder has not read.
        own: by framing, for the others.
    """

    def __init__(self, fast: Mapping[str, FramingSettings], own: Mapping[str, FramingSettings]) -> None:
        self._by_encoder = {False: _Settings(fast), True: _Settings(own)}

    def decide(self, reading: Reading) -> Decisions:
        """Return the decisions on what a backend has read."""
        probabilities = np.empty(reading.logits.shape)
        present, uncertain = np.empty_like(probabilities, np.bool_), np.empty_like(probabilities, np.bool_)
        for by_encoder, settings in self._by_encoder.items():
            rows = reading.by_encoder == by_encoder
            probabilities[rows] = calibrated = settings.calibration.apply(reading.logits[rows])
            present[rows] = calibrated >= settings.threshold
            uncertain[rows] = (calibrated >= settings.band[:, 0]) & (calibrated < settings.band[:, 1])
        return Decisions(probabilities, present, uncertain, reading.by_encoder)


class _Settings:
    """The settings of all framings of one tier, as arrays."""

    def __init__(self, framings: Mapping[str, FramingSettings]) -> None:
        self.calibration = Calibration(framings)
        self.threshold = np.array([settings.threshold for settings in framings.values()])
        self.band = np.array([(settings.uncertain_from, settings.uncertain_to) for settings in framings.values()])
