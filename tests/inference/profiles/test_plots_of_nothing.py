"""Pictures of a comparison that holds no documents."""

from __future__ import annotations

import pytest

from policyframes.errors import UsageError
from tests.inference.scored import make_collection


@pytest.mark.parametrize("name", ["plot_heatmap", "plot_timeline"])
def test_a_comparison_of_nothing_says_so(name):
    with pytest.raises(UsageError, match=f"{name}: no group of documents.*Collect documents first"):
        getattr(make_collection({}).compare(), name)()
