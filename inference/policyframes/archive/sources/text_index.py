"""Texts by address or id, in a file of the run's working folder: a million take room on the disk, not in memory.

The file is made again whenever it is not that of the table that is given; it is never part of a result.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urldefrag

from policyframes.errors import ArchiveInputError, ArchiveOutputError

_DIGEST = 16
_SCHEMA = """
CREATE TABLE texts (row INTEGER PRIMARY KEY, key BLOB UNIQUE, name TEXT, text TEXT, copies INTEGER DEFAULT 0);
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);
"""
_INSERT = """
INSERT INTO texts (key, name, text) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET copies = copies + 1
"""


def normalise_address(address: str) -> str:
    """Return an address without what two spellings of it may differ in, as courlan cleans it.

    Besides: http and https, `www.`, what follows `#`, and a slash at the end.
    """
    from courlan import normalize_url  # noqa: PLC0415  (slow to import, and few need it)

    address = address.strip()
    with suppress(ValueError):
        address = normalize_url(urldefrag(address).url)
    for start in ("https://", "http://", "www."):
        address = address.removeprefix(start)
    return address.rstrip("/")


def digest_name(name: object, *, is_address: bool) -> bytes | None:
    """Return the key of an address or id; None where there is none."""
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        return None
    known = normalise_address(str(name)) if is_address else str(name).strip()
    return hashlib.blake2b(known.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


class TextIndex:
    """The texts of one table, to be looked up.

    Args:
        path: of the file that `build_index` made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _named_errors(path):
            self._base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def find(self, keys: Iterable[bytes]) -> dict[bytes, str | None]:
        """Return the texts of the keys that are there; None where the table has a row without a text."""
        found: dict[bytes, str | None] = {}
        with _named_errors(self._path):
            for key in keys:
                row = self._base.execute("SELECT text FROM texts WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = row[0]
        return found

    def read_about(self) -> dict[str, str]:
        """Return what was noted when it was built."""
        with _named_errors(self._path):
            return dict(self._base.execute("SELECT name, value FROM about"))

    def find_copies(self, most: int) -> tuple[int, list[str]]:
        """Return how many names occur more than once in the table, and the first of them by the alphabet."""
        with _named_errors(self._path):
            count = int(self._base.execute("SELECT count(*) FROM texts WHERE copies").fetchone()[0])
            query = "SELECT name FROM texts WHERE copies ORDER BY name LIMIT ?"
            return count, [str(name) for (name,) in self._base.execute(query, (most,))]

    def find_unused(self, used: Iterable[bytes], most: int) -> tuple[int, list[str]]:
        """Return how many of the texts no row asked for, and the first of their names by the alphabet."""
        with _named_errors(self._path):
            # Empty names a file that the library removes by itself.
            base = sqlite3.connect("")
            try:
                base.execute("ATTACH ? AS given", (str(self._path),))
                base.execute("CREATE TABLE used (key BLOB PRIMARY KEY) WITHOUT ROWID")
                base.executemany("INSERT OR IGNORE INTO used VALUES (?)", ((key,) for key in used))
                rest = "FROM given.texts WHERE key NOT IN (SELECT key FROM used)"
                count = int(base.execute(f"SELECT count(*) {rest}").fetchone()[0])
                query = f"SELECT name {rest} ORDER BY name LIMIT ?"
                return count, [str(name) for (name,) in base.execute(query, (most,))]
            finally:
                base.close()


def build_index(path: Path, texts: Iterable[tuple[bytes, str, str | None]], about: Mapping[str, str]) -> None:
    """Write the file, whole or not at all.

    Args:
        path: of the file.
        texts: key, name and text of each row; of several with one key the first counts.
        about: what is noted with them.

    Raises:
        ArchiveOutputError: the disk refuses.
        ArchiveInputError: the table cannot be read.
    """
    scratch = path.with_name(f".{path.name}.tmp")
    try:
        scratch.unlink(missing_ok=True)
        base = sqlite3.connect(scratch)
        try:
            # It is whole once it has its name; until then nobody reads it.
            base.executescript(f"PRAGMA page_size=16384; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_SCHEMA}")
            base.executemany(_INSERT, texts)
            base.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            base.commit()
        finally:
            base.close()
        scratch.replace(path)
    except ArchiveInputError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise ArchiveOutputError(
            where=str(path),
            found=str(error),
            allowed="a disk that can be written and has room for a copy of the texts",
            remedy="Remove the cause, then type the same command again.",
        ) from error


def is_index_of(path: Path, about: Mapping[str, str]) -> bool:
    """Return whether there is a file that was made with just this."""
    if not path.exists():
        return False
    try:
        index = TextIndex(path)
    except ArchiveInputError:
        return False
    try:
        return index.read_about() == dict(about)
    except ArchiveInputError:
        return False
    finally:
        index.close()


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ArchiveInputError(
            where=str(path),
            found=f"the copy of the texts cannot be read: {error}",
            allowed="the file as this run has made it",
            remedy="Delete this file and type the same command again: it is made again from --texts.",
        ) from error
