"""Libraries that only pictures and data frames need: imported when asked for, with what to type without."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from policyframes.extras import import_extra as _import

if TYPE_CHECKING:
    # What methods return; nothing is imported when they run.
    from matplotlib.axes import Axes as Axes  # noqa: PLC0414  (for others to import)
    from pandas import DataFrame as DataFrame  # noqa: PLC0414, TID251  (likewise; for the type checker alone)

REMEDY = "pip install 'policyframes[notebook]'"


def import_extra(name: str, purpose: str) -> ModuleType:
    """Import a library of the extra `notebook`.

    Args:
        name: of the module.
        purpose: what needs it, for the message.

    Raises:
        MissingExtraError: it is not installed.
    """
    return _import(name, "notebook", purpose=purpose, remedy=f"Type: {REMEDY}")
