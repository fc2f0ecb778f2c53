"""Fixtures that every part of the suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# What is pinned in the tests is what the reference runtime says.
os.environ.setdefault("POLICYFRAMES_RUNTIME", "onnxruntime")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Return the folder of development documents beside the checkout, or skip with the reason."""
    folder = Path(os.environ.get("POLICYFRAMES_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "documents" / "MANIFEST.csv").is_file():
        pytest.skip(f"the development documents are not at {folder}: set POLICYFRAMES_SHARED to their folder")
    return folder
