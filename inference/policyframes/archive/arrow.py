"""The one door to pyarrow, which is an extra."""

from __future__ import annotations

from typing import Any

from policyframes.extras import import_extra


def import_arrow(module: str = "pyarrow") -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Import pyarrow or a module of it.

    Raises:
        MissingExtraError: it is not installed.
    """
    return import_extra(module, "archive", purpose="policyframes archive")
