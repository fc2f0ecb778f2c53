"""Fixtures for the readers' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policyframes.documents import Document, read_document


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[..., Document]:
    """Return a function that writes bytes or text to a named file and reads it as a document."""

    def read(name: str, content: bytes | str, **options) -> Document:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_document(path, **options)

    return read


@pytest.fixture
def blocks_of() -> Callable[[Document], list[tuple[str, str]]]:
    """Return a function that lists a document's blocks as (kind, text)."""
    return lambda document: [(block.kind.value, document.text[block.start : block.end]) for block in document.blocks]
