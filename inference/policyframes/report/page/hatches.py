"""Hatches of bars as paths: a second way, besides colour, to tell kinds apart.

They are lines and not patterns, which browsers print as pictures of many megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator

_STEP = 6.0
_DOT_STEP = 5.0
# Framings of a modeler take these in turn: three colours, each with three hatches before one comes again.
OTHER_LOOKS = tuple(f"other-{number}" for number in range(1, 10))
_RISING = ("securitized", "uncertain")
_FALLING = ("other-1", "other-6", "other-8", "uncertain")
_UPRIGHT = ("other-2", "other-4", "other-9")
_LEVEL = ("other-3", "other-5", "other-7")


def draw_hatch(look: str, width: float, height: float) -> str:
    """Return the hatch of a look in a rectangle at the origin, as the data of a path to be stroked; empty for none."""
    parts: list[str] = []
    if look in _RISING:
        parts += _draw_diagonals(width, height, is_rising=True)
    if look in _FALLING:
        parts += _draw_diagonals(width, height, is_rising=False)
    if look in _UPRIGHT:
        parts += [f"M{x:g} 0V{height:g}" for x in _count(_STEP / 2, width, _STEP)]
    if look in _LEVEL:
        parts += [f"M0 {y:g}H{width:g}" for y in _count(_STEP / 2, height, _STEP)]
    if look == "partnership":
        # A line without length has round ends: a dot.
        parts += [
            f"M{x:g} {y:g}h0"
            for y in _count(_DOT_STEP / 2 + 0.5, height - 1, _DOT_STEP)
            for x in _count(_DOT_STEP / 2, width - 1, _DOT_STEP)
        ]
    return "".join(parts)


def _draw_diagonals(width: float, height: float, *, is_rising: bool) -> Iterator[str]:
    for start in _count(_STEP - height, width, _STEP):
        # From the floor at `start` to the ceiling at `start + height`, as far as it lies within the rectangle.
        left, right = max(start, 0.0), min(start + height, width)
        low, high = height - (left - start), height - (right - start)
        if not is_rising:
            low, high = height - low, height - high
        yield f"M{left:g} {low:g}L{right:g} {high:g}"


def _count(start: float, end: float, step: float) -> Iterator[float]:
    value = start
    while value < end:
        yield round(value, 1)
        value += step
