"""run.json: what the results of a folder were made with; anything else is refused there."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import policyframes
from policyframes._version import __version__
from policyframes.archive.inputs import Input
from policyframes.errors import ArchiveChangedError
from policyframes.scorer import Scorer

RUN = "run.json"
FORMAT_VERSION = 1
# What scores and what writes: a change in any of it may change a byte.
_CODE = ("archive", "backends", "documents", "passages", "*.py")
_LIBRARIES = ("numpy", "pyarrow")
_FORMAT_LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "warc": ("fastwarc", "lxml", "trafilatura"),
    "nexis": ("python-docx",),
    # Not a format: texts are found by addresses that it cleans.
    "--texts": ("courlan",),
}
_MOST_SHOWN = 12


def describe_model(scorer: Scorer) -> dict[str, object]:
    """Return what the manifest says of the model."""
    bundle = scorer.bundle
    return {
        "bundle": bundle.name,
        "bundle_id": bundle.id,
        "quality": scorer.quality,
        "runtime": scorer.runtime,
        "framings": list(scorer.framings),
    }


def describe_code(scorer: Scorer, *, dedupe: bool = False, formats: Collection[str] = ()) -> dict[str, object]:
    """Return what the manifest says of the code: versions, and a hash of the sources.

    Args:
        scorer: the model, whose runtime counts.
        dedupe: copies are looked for.
        formats: of the inputs; those that a library of their own reads name it.
    """
    libraries = [
        *_LIBRARIES,
        *(["datasketch"] if dedupe else []),
        *dict.fromkeys(library for name in sorted(formats) for library in _FORMAT_LIBRARIES.get(name, ())),
        *([scorer.runtime, "tokenizers"] if scorer.runtime else []),
    ]
    return {
        "version": __version__,
        "sources_sha256": hash_sources(),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "libraries": {name: _find_version(name) for name in libraries},
    }


def _find_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def hash_sources() -> str:
    """Return a hash of the sources as they are when it is first asked for, which are those that run."""
    root = Path(policyframes.__file__).parent
    hasher = hashlib.sha256()
    for part in _CODE:
        found = sorted(root.glob(part)) if "*" in part else sorted((root / part).rglob("*.py"))
        for path in found:
            hasher.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return hasher.hexdigest()


def describe_inputs(inputs: tuple[Input, ...]) -> list[dict[str, object]]:
    """Return what the manifest says of the inputs."""
    return [
        {"name": s.name, "format": s.format, "compression": s.compression, "bytes": s.bytes, "sha256": s.sha256}
        for s in inputs
    ]


def format_manifest(manifest: Mapping[str, object]) -> bytes:
    """Return the bytes of a manifest."""
    return json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of an output folder; None where there is none.

    Raises:
        ArchiveChangedError: it is none of ours.
    """
    path = folder / RUN
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_bytes())
        known = manifest["format_version"] == FORMAT_VERSION
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise ArchiveChangedError(
            where=str(path),
            found="no manifest that this version reads",
            allowed="a folder that this version of policyframes began",
            remedy="Give another folder with -o.",
        )
    return dict(manifest)


def refuse_changes(folder: Path, before: Mapping[str, object], now: Mapping[str, object]) -> None:
    """Refuse to go on where what is asked for differs from what was begun.

    Raises:
        ArchiveChangedError: with what differs.
    """
    differences = list(_compare("", before, now))
    if differences:
        differences, follows = part_differences(differences)
        shown = "; ".join(differences[:_MOST_SHOWN])
        more = f"; and {len(differences) - _MOST_SHOWN} more" if len(differences) > _MOST_SHOWN else ""
        more += f"; and what follows from it ({', '.join(follows)})" if follows else ""
        raise ArchiveChangedError(
            where=str(folder),
            found=f"results begun with something else: {shown}{more}",
            allowed="the same model, settings, code and inputs for all rows of a folder",
            remedy="Undo the change to go on, or give another folder with -o to start again.",
        )


def part_differences(differences: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the differences that a person made, settings first, and the names of those that follow from them.

    Another quality brings another model, which brings other libraries.

    Args:
        differences: each begins with its name.
    """
    names = [difference.partition(":")[0] for difference in differences]
    cause = next((name for name in ("model.quality", "model.bundle") if name in names), "")
    brought = ("model.", "code.libraries.") if cause else ()
    made, follows = [], []
    for name, difference in zip(names, differences, strict=True):
        if name != cause and name.startswith(brought):
            follows.append(name)
        else:
            made.append(difference)
    made.sort(key=lambda difference: not difference.startswith(("settings.", "model.quality")))
    return made, follows


def _compare(path: str, before: object, now: object) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*before, *now)):
            yield from _compare(f"{path}.{name}" if path else str(name), before.get(name), now.get(name))
    elif isinstance(before, list) and isinstance(now, list) and _are_inputs(before, now):
        old = {item["name"]: item for item in before}
        new = {item["name"]: item for item in now}
        for name in dict.fromkeys((*old, *new)):
            if name not in new or name not in old:
                yield f"input {name}: {'no longer given' if name in old else 'not there before'}"
            else:
                yield from _compare(f"input {name}", old[name], new[name])
        if list(old) != list(new) and set(old) == set(new):
            yield "inputs: in another order"
    elif before != now:
        yield f"{path}: {_show(before)} before, {_show(now)} now"


def _are_inputs(before: list[Any], now: list[Any]) -> bool:
    return all(isinstance(item, Mapping) and "name" in item for item in (*before, *now))


def _show(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 70 else f"{text[:67]}..."  # noqa: PLR2004  (what a line can bear)
