"""The one door to pyarrow, which is an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from policyframes.errors import MissingExtraError


def import_arrow(module: str = "pyarrow") -> Any:  # noqa: ANN401  (pyarrow has no types)
    """Import pyarrow or a module of it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            where="policyframes archive",
            found="pyarrow: not installed",
            allowed="an installation with the extra archive",
            remedy="In the checkout, type: pip install '.[archive]'",
        ) from error
