"""Quantiles and tails of Student's t distribution, without scipy."""

from __future__ import annotations

import math
from functools import lru_cache

_STEPS = 200
_TINY = 1e-300
_TOLERANCE = 1e-14


@lru_cache(maxsize=1024)
def find_t_quantile(freedom: int, level: float) -> float:
    """Return t with `level` of Student's t distribution between -t and t, by bisection.

    Args:
        freedom: degrees of freedom, at least 1.
        level: between 0 and 1.
    """
    low, high = 0.0, 1.0
    while 1 - find_t_tail(high, freedom) < level:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - find_t_tail(middle, freedom) < level else (low, middle)
    return (low + high) / 2


def find_t_tail(t: float, freedom: int) -> float:
    """Return the share of Student's t distribution beyond -t and t (Press et al. 2007, section 6.14.3)."""
    return _find_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def _find_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function (ibid., section 6.4)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The continued fraction is quick on one side of the mean alone.
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _expand_fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _expand_fraction(b, a, 1 - x) / b


def _expand_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function by Lentz's method."""
    c, d = 1.0, 1 / _keep_away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _keep_away(1 + term * d)
            c = _keep_away(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < _TOLERANCE:
            break
    return value


def _keep_away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
