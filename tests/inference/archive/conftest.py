"""Fixtures of the archive's tests; all of them need pyarrow."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="pyarrow, the extra archive, is not installed")

from tests.inference.archive.archives import make_rows, read_tree, run_job, write_rows


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "news.jsonl", make_rows(50))


@pytest.fixture
def reference(source: Path, tmp_path: Path, bundle_folder: Path) -> dict[str, str]:
    run_job(source, tmp_path / "reference", bundle_folder)
    return read_tree(tmp_path / "reference")
