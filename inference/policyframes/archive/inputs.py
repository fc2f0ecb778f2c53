"""The files that a job reads: found, named, stamped. Opens none of them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from policyframes.archive.input_files import make_input_error
from policyframes.errors import ArchiveInputError, ArchiveSourceError, UsageError

Format = Literal["jsonl", "json", "csv", "parquet", "texts", "warc", "nexis"]
Compression = Literal["", "gzip", "zstd"]

_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".txt": "texts",
    ".warc": "warc",
}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
# Left out in silence, they would be missing from the shares.
_UNREAD_DOWNLOADS = (".rtf", ".doc", ".pdf")
_ALLOWED = (
    ".parquet, .jsonl, .json, .csv, .tsv, .warc (the last five also as .gz or .zst), .docx with --source nexis, "
    "and folders of them or of .txt"
)


@dataclass(frozen=True)
class Input:
    """One file, or one folder of text files.

    Attributes:
        name: as results call it: the path below the folder that all inputs have in common.
        path: where it lies.
        format: how it is read.
        compression: how it is compressed; empty where it is not.
        bytes: size; of a folder that of its text files together.
        sha256: hash of the bytes; of a folder that of the names and hashes of its text files. Empty until planned.
        is_named: it was named itself, not found in a folder.
        stamp: hash of names, sizes and times, by which a file is known not to have changed without reading it.
    """

    name: str
    path: str
    format: Format
    compression: Compression = ""
    bytes: int = 0
    sha256: str = ""
    stamp: str = ""
    is_named: bool = True

    @property
    def is_plain(self) -> bool:
        """Return whether any byte of it can be reached without reading those before."""
        return not self.compression


def find_inputs(paths: Sequence[str], source: str = "") -> tuple[list[Input], list[str]]:
    """Return the inputs that paths name, in the order of the paths and of names within folders, and what is left out.

    Args:
        paths: files, or folders of them.
        source: whose export they are; DOCX files are archives where it is `nexis`.

    Raises:
        UsageError: a path is no kind of file that we read, or is given twice.
        ArchiveInputError: there is nothing at a path, or it cannot be read.
        ArchiveSourceError: articles of the source come in a kind of file that is not read, though another is.
    """
    found: list[Input] = []
    ignored: list[str] = []
    for path in paths:
        if path == "-" or _is_stream(Path(path)):
            raise UsageError(
                where=path,
                found="a pipe, which can be read only once",
                allowed="files and folders",
                remedy="Write it to a file, and give that.",
            )
        place = Path(path).resolve()
        if not place.exists():
            raise ArchiveInputError(
                where=path,
                found="there is no such file or folder",
                allowed="files and folders with articles",
                remedy="Check the path; a path that holds spaces needs quotes around it.",
            )
        if place.is_dir():
            found += _search_folder(place, ignored, source)
            continue
        kind = _classify(place, source)
        if kind is None or kind[0] == "texts":
            raise UsageError(
                where=path,
                found="a kind of file that is no archive",
                allowed=_ALLOWED,
                remedy="Give the folder of single texts; score single documents with: policyframes score",
            )
        found.append(Input("", str(place), *kind))
    return _name_inputs(found), ignored


def _is_stream(place: Path) -> bool:
    # Before it is resolved: a pipe's own name leads nowhere.
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _search_folder(folder: Path, ignored: list[str], source: str) -> list[Input]:
    found, has_texts = [], False
    for path in walk_files(folder):
        kind = _classify(path, source)
        if kind is None:
            ignored.append(str(path))
        elif kind[0] == "texts":
            has_texts = True
        else:
            found.append(Input("", str(path), *kind, is_named=False))
    if has_texts:
        found.insert(0, Input("", str(folder), "texts"))
    if not found:
        raise UsageError(
            where=str(folder), found="nothing to score", allowed=_ALLOWED, remedy="Give the folder of the articles."
        )
    return found


def describe_ignored(ignored: Sequence[str], paths: Sequence[str]) -> str:
    """Return a sentence on the files that are left out: how many of which ending, and the name of the first.

    Args:
        ignored: the files, of which there is at least one.
        paths: as the user gave them.
    """
    counts = Counter(Path(name).suffix.lower() or "without an ending" for name in ignored)
    kinds = ", ".join(
        f"{count} {ending}" for ending, count in sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))
    )
    first = Path(ignored[0])
    folder = next((up for up in map(Path.resolve, map(Path, paths)) if first.is_relative_to(up)), first.parent)
    shown = first.relative_to(folder).as_posix()
    said = "1 other file is" if len(ignored) == 1 else f"{len(ignored)} other files are"
    return f"{said} left out: {kinds} ({'' if len(ignored) == 1 else 'the first is '}{shown})"


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names; links to folders are not followed.

    Nor are links to files that are found anyway: an article would be there twice.

    Raises:
        ArchiveInputError: a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise make_input_error(error.filename or folder, error) from error

    linked: set[str] = set()
    for root, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(files):
            path = Path(root, name)
            if not name.startswith((".", "_")) and not (path.is_symlink() and is_found_anyway(path, folder, linked)):
                yield path


def is_found_anyway(link: Path, folder: Path, linked: set[str]) -> bool:
    """Return whether a link leads to a file of the same ending within the folder, or where an earlier link led.

    Args:
        link: within the folder.
        folder: that is searched.
        linked: where links led so far; that of this one is added.
    """
    target = Path(os.path.realpath(link))
    if not target.is_file() or target.suffix.lower() != link.suffix.lower():
        return False
    base = Path(os.path.realpath(folder))
    if target.is_relative_to(base):
        # What lies in a hidden folder, as in stores of large files, is found by the link alone.
        within = target.relative_to(base).parts
        if not any(part.startswith((".", "_")) for part in within):
            return True
    is_known = str(target) in linked
    linked.add(str(target))
    return is_known


def _classify(path: Path, source: str) -> tuple[Format, Compression] | None:
    name = path.name.lower()
    if source == "nexis" and name.endswith(".docx"):
        return "nexis", ""
    if source == "nexis" and name.endswith(_UNREAD_DOWNLOADS):
        raise ArchiveSourceError(
            where=str(path),
            found=f"a download of Nexis Uni as {path.suffix.lstrip('.').upper()}, which is not read",
            allowed="the same articles as DOCX",
            remedy=(
                "Download them again with the file type MS Word (docx); or save the file as .docx in Word or "
                "LibreOffice. Move away what is meant to stay out."
            ),
        )
    compression: Compression = ""
    for ending, kind in _COMPRESSIONS.items():
        if name.endswith(ending):
            name, compression = name.removesuffix(ending), kind
    chosen = _FORMATS.get(Path(name).suffix)
    if chosen is None or (compression and chosen in {"parquet", "texts"}):
        return None
    return chosen, compression


def _name_inputs(inputs: Iterable[Input]) -> list[Input]:
    inputs = list(inputs)
    paths = [source.path for source in inputs]
    twice = next((path for path, count in Counter(paths).items() if count > 1), None) or _find_within(inputs)
    if twice:
        raise UsageError(where=twice, found="given twice", allowed="each input once", remedy="Name it once.")
    common = os.path.commonpath([str(Path(path).parent) for path in paths])
    return [replace(source, name=Path(source.path).relative_to(common).as_posix()) for source in inputs]


def _find_within(inputs: Sequence[Input]) -> str | None:
    """Return a folder of texts below another, whose texts are that one's already."""
    folders = {source.path for source in inputs if source.format == "texts"}
    return next((path for path in sorted(folders) if any(str(up) in folders for up in Path(path).parents)), None)


def stamp_input(source: Input) -> Input:
    """Return the input with its present size and stamp; nothing is read.

    Raises:
        ArchiveInputError: it is not there any more.
    """
    try:
        if source.format != "texts":
            status = Path(source.path).stat()
            return replace(source, bytes=status.st_size, stamp=f"{status.st_size}-{status.st_mtime_ns}")
        hasher, total = hashlib.sha256(), 0
        for path in walk_texts(Path(source.path)):
            status = path.lstat()
            total += status.st_size
            hasher.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    except OSError as error:
        if isinstance(error, ArchiveInputError):
            raise
        raise make_input_error(source.path, error) from error
    return replace(source, bytes=total, stamp=hasher.hexdigest())


def walk_texts(folder: Path) -> Iterator[Path]:
    """Yield the text files of a folder in the order of their names."""
    return (path for path in walk_files(folder) if path.suffix.lower() == ".txt")
