"""A bundle's folder and the bytes in it: reading with every check that needs no understanding, and replacing whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from policyframes.errors import (
    BundleDamagedError,
    BundleError,
    BundleForeignError,
    BundleFormatError,
    BundleIncompleteError,
)

FORMAT_VERSION = 2
MANIFEST = "bundle.json"

_MAX_MANIFEST_BYTES = 1_000_000
_MAX_FILE_BYTES = 100_000_000
_FETCH_AGAIN = "Fetch the bundle again, or reinstall policyframes if it came with the package."


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest, whose hash and format are right; what it says is not checked yet.

    Raises:
        BundleForeignError: the folder is no bundle.
        BundleFormatError: written in a newer format.
        BundleDamagedError: it is no JSON, or differs from its hash.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise make_foreign(folder, f"it has no {MANIFEST}")
    if path.is_symlink() or path.stat().st_size > _MAX_MANIFEST_BYTES:
        raise make_foreign(path, "it is a link or larger than a manifest can be")
    manifest = parse_json(path, path.read_bytes())
    if not isinstance(manifest, dict) or manifest.get("format") != "policyframes-bundle":
        raise make_foreign(path, "it does not say that it is a policyframes bundle")
    version = manifest.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise make_damaged(path, f"format_version is {version!r}")
    if version > FORMAT_VERSION:
        raise BundleFormatError(
            where=str(path),
            found=f"format {version}",
            allowed=f"formats 1 to {FORMAT_VERSION}",
            remedy="Upgrade policyframes, or use a bundle of this version.",
        )
    if manifest.get("id") != hash_manifest(manifest):
        raise make_damaged(path, "its content differs from its hash")
    return manifest


def read_files(folder: Path, manifest: Mapping[str, Any], expected: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of the files, each with the hash that the manifest lists.

    Raises:
        BundleForeignError: there is another entry, a link, or a file larger than any bundle's.
        BundleIncompleteError: a file is missing.
        BundleDamagedError: a file differs from its hash, or the manifest lists other files than expected.
    """
    listed = manifest["files"]
    if sorted(listed) != sorted(expected):
        raise make_damaged(folder / MANIFEST, "it lists other files than this kind of bundle has")
    present = {path.name: path for path in folder.iterdir()}
    for name, path in sorted(present.items()):
        if name not in (*expected, MANIFEST) or path.is_symlink() or not path.is_file():
            raise make_foreign(path, "no bundle of this kind holds such an entry", expected)
    contents: dict[str, bytes] = {}
    for name in expected:
        if name not in present:
            raise make_incomplete(folder / name, "the file is missing", ", ".join(expected))
        if present[name].stat().st_size > _MAX_FILE_BYTES:
            raise make_foreign(present[name], f"it is larger than {_MAX_FILE_BYTES:,} bytes", expected)
        contents[name] = present[name].read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != listed[name]["sha256"]:
            raise make_damaged(present[name], "its content differs from its hash")
    return contents


def replace_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files as a folder, all or nothing; a folder of that name is replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        scratch.chmod(0o755)  # mkdtemp makes the folder private
        for name, data in contents.items():
            (scratch / name).write_bytes(data)
        if folder.exists():
            # The old folder steps aside first, so that a crash leaves one of the two whole.
            aside = scratch.with_name(f"{scratch.name}-old")
            folder.replace(aside)
            scratch.replace(folder)
            shutil.rmtree(aside)
        else:
            scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def hash_manifest(manifest: Mapping[str, Any]) -> str:
    """Return the id of a bundle: the sha256 of its manifest without the id."""
    rest = {key: value for key, value in manifest.items() if key != "id"}
    canonical = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def parse_json(path: Path, data: bytes) -> Any:  # noqa: ANN401  (JSON is any value; callers check what they take)
    """Return what the JSON says; a key that stands twice is damage, because two readers could take it differently.

    Raises:
        BundleDamagedError: it is no JSON in UTF-8, or nested without measure.
    """

    def refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=refuse_repeats)
    except (ValueError, RecursionError) as error:
        raise make_damaged(path, f"it is no valid JSON ({error})") from error


def make_damaged(path: Path, found: str) -> BundleError:
    """Return the error for content that differs from what was written."""
    return BundleDamagedError(where=str(path), found=found, allowed="the bundle as it was written", remedy=_FETCH_AGAIN)


def make_incomplete(path: Path, found: str, allowed: str) -> BundleError:
    """Return the error for something that the bundle needs and that is not there."""
    return BundleIncompleteError(where=str(path), found=found, allowed=allowed, remedy=_FETCH_AGAIN)


def make_foreign(path: Path, found: str, expected: Sequence[str] = ()) -> BundleError:
    """Return the error for what is no bundle, or more than one."""
    return BundleForeignError(
        where=str(path),
        found=found,
        allowed=f"a folder of {', '.join((MANIFEST, *sorted(expected or ('README.md', 'the files of its kind'))))}",
        remedy="Give the folder of a bundle, with nothing else in it.",
    )
