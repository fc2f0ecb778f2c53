"""Fixtures of the archive's tests; all of them need pyarrow."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="pyarrow, the extra archive, is not installed")

from tests.inference.archive.archives import (
    make_rows,
    read_documents,
    read_quarantine,
    read_tree,
    run_job,
    write_rows,
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "news.jsonl", make_rows(50))


@pytest.fixture
def reference(source: Path, tmp_path: Path, bundle_folder: Path) -> dict[str, str]:
    run_job(source, tmp_path / "reference", bundle_folder)
    return read_tree(tmp_path / "reference")


@pytest.fixture
def scored(tmp_path, bundle_folder):
    def score(source: Path, **changes):
        output = tmp_path / "out"
        summary = run_job(source, output, bundle_folder, **{"max_characters": 20_000, **changes})
        assert summary.rows == summary.scored + summary.quarantined
        assert sum(entry["rows"] for entry in read_quarantine(output)) == summary.quarantined
        return summary, read_quarantine(output), read_documents(output)

    return score
