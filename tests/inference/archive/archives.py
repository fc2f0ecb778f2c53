"""Builders: small archives in every format, and what a run leaves behind, to be compared byte for byte."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from policyframes.archive.job import Means, score_archive
from policyframes.archive.ledger import Ledger
from policyframes.archive.settings import Settings
from policyframes.archive.storage import Disk

FORMATS = ("jsonl", "jsonl.gz", "parquet", "csv", "jsonl.zst")
_WORDS = ("threat", "court", "partner", "border", "the", "the", "the", "plan", "harbour", "minister")


class QuickDisk(Disk):
    """Syncs nothing: what a test looks at is in the system's memory anyway."""

    def perform(self, step, path, action):  # noqa: ARG002  (the protocol)
        return None if step.startswith("sync") else action()


def make_rows(count: int, *, seed: int = 1, bad: bool = True) -> list[dict]:
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        sentences = [
            " ".join(chance.choice(_WORDS) for _ in range(9)).capitalize() + "." for _ in range(chance.randint(1, 3))
        ]
        row = {"id": f"a{number}", "date": "2024-05-01", "outlet": chance.choice("AB"), "text": " ".join(sentences)}
        if bad and number % 17 == 5:
            row["text"] = None
        if bad and number % 23 == 7:
            row["id"] = f"a{number - 4}"
        if bad and number % 29 == 11:
            row["text"] = "  "
        rows.append(row)
    return rows


def write_rows(path: Path, rows: list[dict]) -> Path:
    name = path.name
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if name.endswith(".jsonl"):
        path.write_bytes(lines)
    elif name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(lines, mtime=0))
    elif name.endswith(".jsonl.zst"):
        path.write_bytes(pa.compress(lines, codec="zstd", asbytes=True))
    elif name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=max(1, len(rows) // 3))
    elif name.endswith(".csv"):
        with path.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    else:
        raise AssertionError(name)
    return path


def run_job(source: Path, output: Path, bundle: Path, *, disk: Disk | None = None, workers: int = 1, **changes):
    settings = Settings(bundle=str(bundle), **{"shard_rows": 20, "passages": True, **changes})
    return score_archive([str(source)], output, settings, Means(workers=workers, disk=disk or QuickDisk()))


def read_tree(folder: Path) -> dict[str, str]:
    """Return the hash of every file that a user of the results may open."""
    tree = {}
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "_work"]
        for name in files:
            if not name.startswith("."):
                path = Path(root, name)
                tree[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return tree


def read_entries(folder: Path):
    return Ledger(folder / "_work" / "ledger.jsonl", Disk()).read()


def read_documents(folder: Path) -> list[dict]:
    parts = sorted((folder / "documents.parquet").glob("part-*"))
    return [row for part in parts for row in pq.read_table(part, use_threads=False).to_pylist()]


def read_quarantine(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
