"""What all contenders are given: the splits, the passages to time, and where our bundles and the weights lie."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

from peer_models import SEED

from policyframes.documents import read_document
from policyframes.language import is_foreign
from policyframes.passages import split_passages
from policyframes.resources import models_folder
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.labels.coded import SIDES


def write_corpus(path: Path, corpus: Corpus) -> None:
    """Write texts and targets of every split as JSON."""
    sides = {}
    for side in SIDES:
        passages = corpus.passages(side)
        if side == "train":
            # What ours learned from; theirs has the names as they are.
            passages += corpus.further
        sides[side] = {"texts": passages.texts, "targets": passages.targets.astype(int).tolist()}
    path.write_text(json.dumps(sides), encoding="utf-8")


def list_passages(corpus: Corpus, documents: Path | None, count: int) -> tuple[list[str], str]:
    """Return the passages to time in random order, and what they are in words.

    With documents, distinct passages cut from as many of them as it takes, drawn by chance; where those do not
    suffice, or without documents, repeated: the rewrites then, in random order.
    """
    shuffler = random.Random(SEED)  # noqa: S311  (an order, no secret)
    if documents is None:
        sets = [corpus.passages(side) for side in SIDES]
        found = [t for p in sets for t, original in zip(p.texts, p.is_original, strict=True) if not original]
        origin = f"rewrites ({len(found):,}, repeated)" if count > len(found) else "rewrites"
    else:
        paths = sorted(documents.glob("*.txt"))
        shuffler.shuffle(paths)
        distinct: dict[str, None] = {}
        for path in paths:
            document = read_document(path)
            if not is_foreign(document.text):
                distinct.update(dict.fromkeys(passage.text for passage in split_passages(document).passages))
            if len(distinct) >= count:
                break
        found = list(distinct)
        origin = f"passages of the documents{f' ({len(found):,}, repeated)' if count > len(found) else ''}"
    if not found:
        message = f"{documents}: no passages; expected documents as *.txt"
        raise SystemExit(message)
    shuffler.shuffle(found)
    return [found[i % len(found)] for i in range(count)], origin


def locate_bundle(name: str) -> Path | None:
    """Return the folder of a bundle that ships; None where it is not there."""
    folder = models_folder() / name
    return folder if (folder / "bundle.json").is_file() else None


def measure_size(name: str) -> int:
    """Return the bytes of a bundle that ships, its parts included."""
    folder = models_folder() / name
    manifest = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    parts = [part["name"] for part in manifest.get("features", {}).get("parts", {}).values()]
    own: int = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return own + sum(measure_size(part) for part in parts)


def hash_source(folder: Path) -> str:
    """Return the sha256 of all weights in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
