"""Imports libraries of the extras, or says what to type where they are not installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from policyframes.errors import MissingExtraError


def import_extra(name: str, extra: str, *, purpose: str, remedy: str = "") -> ModuleType:
    """Import a library, or a module of it.

    Args:
        name: of the module.
        extra: that brings it.
        purpose: what needs it, for the message.
        remedy: what to do without it; empty: install the extra in the checkout.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            where=purpose,
            found=f"{name.partition('.')[0]}: not installed",
            allowed=f"an installation with the extra {extra}",
            remedy=remedy or f"In the checkout, type: pip install '.[{extra}]'",
        ) from error
