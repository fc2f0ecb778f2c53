"""The one form of a measured figure: a value with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap 95 % interval over documents; NaN where there is none (precision of no decision)."""

    value: float
    low: float
    high: float
