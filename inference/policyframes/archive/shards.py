"""A shard: the unit that is done or not done, by its address in the inputs."""

from __future__ import annotations

from dataclasses import dataclass

from policyframes.archive.rows import Code, Fault


@dataclass(frozen=True)
class Shard:
    """A run of rows of one input.

    Attributes:
        number: from 0, in the order of the results.
        input: place of its input in the list of inputs, from 0.
        rows: how many there are, counting those that `damage` stands for; -1 where only reading tells (nested records).
        first: number of its first row in the file, from 1.
        start: offset of its first byte in the uncompressed file.
        end: offset after its last byte.
        group: row group of a Parquet file; -1 for other files.
        offset: its first row within the row group.
        paths: text files, below their folder.
        damage: why the file cannot be read beyond this shard; the last row of the shard stands for all that is lost.
        damage_code: of that row.
    """

    number: int
    input: int
    rows: int
    first: int
    start: int = 0
    end: int = 0
    group: int = -1
    offset: int = 0
    paths: tuple[str, ...] = ()
    damage: str = ""
    damage_code: str = ""

    @property
    def fault(self) -> Fault | None:
        """Return what the row that stands for the rest of a damaged file says."""
        return Fault(Code(self.damage_code), self.damage) if self.damage else None
