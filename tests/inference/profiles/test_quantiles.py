"""Student's t without scipy, against scipy."""

from __future__ import annotations

import pytest
from scipy.stats import t as student

from policyframes.profiles.quantiles import find_t_quantile, find_t_tail


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 9, 18, 99, 1_000])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_quantiles_are_those_of_scipy(freedom, level):
    assert find_t_quantile(freedom, level) == pytest.approx(student.ppf(0.5 + level / 2, freedom), rel=1e-8)


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 9, 18, 99, 1_000])
@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 2.5, 8.0, float("inf")])
def test_tails_are_those_of_scipy(freedom, value):
    assert find_t_tail(value, freedom) == pytest.approx(2 * student.sf(value, freedom), rel=1e-8, abs=1e-15)
