"""Hand-coded samples as a spreadsheet gives them back, checked against the passages; coded.py uses the codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policyframes.errors import SampleError
from policyframes.profiles.coded import CodedSample
from policyframes.sampling import CODED, hash_text
from policyframes.scorer import ScoredDocument
from policyframes.spreadsheet import Table, read_table

_PRESENT = frozenset("1 1.0 1,0 x true yes y wahr ja vrai oui verdadero".split())
_ABSENT = frozenset("0 0.0 0,0 - false no n falsch nein faux non falso".split())
_SHOWN = 8
_OF_THESE = "Compare the very files that the sample was drawn from, or draw a new one."

Key = tuple[str, int]


@dataclass(frozen=True)
class ReadSample:
    """A hand-coded sample as it was read.

    Attributes:
        sample: the codes.
        warnings: sentences on rows that are not used.
    """

    sample: CodedSample
    warnings: tuple[str, ...]


def map_texts(documents: Iterable[ScoredDocument]) -> dict[Key, str]:
    """Return the text of every passage by document and number, as `read_sample` checks a sample against."""
    return {
        (document.document.id, item.passage.number): item.passage.text
        for document in documents
        for item in document.passages
    }


def read_sample(
    path: Path | str, passages: Mapping[Key, str], framings: Sequence[str], by: str, *, voice: str = "any"
) -> ReadSample:
    """Read a hand-coded sample, also as Excel saves it.

    Args:
        path: CSV file as `policyframes sample` wrote it, 1 (TRUE, x, yes) or 0 (FALSE, no) in each `coded_` column.
        passages: text by document and number, of all documents that are compared.
        framings: their ids in order.
        by: what the comparison groups by.
        voice: `own` where passages that report the framing of others are left out of the comparison.

    Raises:
        TableError: the file cannot be read.
        SampleError: a column is missing, nothing is coded, a code is none, a passage is not among those that are
            compared or has another text, two rows of one passage differ, or the sample was drawn by other groups.
    """
    table = read_table(path)
    _check_columns(table, framings)
    _check_design(table, by, voice)
    coded, half, strange, empty = _split_rows(table, framings, {document for document, _ in passages})
    warnings = []
    if half:
        warnings.append(
            f"{path}: {_count(half)} coded in part and not used: lines {_list(half)}. Write 0 for what is absent."
        )
    if strange:
        warnings.append(f"{path}: {_count(strange)} of documents that are not compared, and not used.")
    if empty:
        warnings.append(f"{path}: {_count(range(empty))} not coded yet.")
    codes: dict[Key, frozenset[str]] = {}
    faults: list[str] = []
    for line, row in coded.items():
        key, fault = _place_row(row, passages)
        codes_here = frozenset(name for name in framings if row[CODED + name].lower() in _PRESENT)
        if not fault and codes.get(key, codes_here) != codes_here:
            fault = f"passage {key[1]} of {key[0]} is coded twice, and differently"
        codes[key] = codes_here
        faults += [f"line {line}: {fault}"] if fault else []
    if faults:
        raise _fault(table, f"{len(faults)} rows do not fit ({'; '.join(faults[:_SHOWN])})", _OF_THESE)
    if not codes:
        raise _tell_unusable(table, half, strange)
    return ReadSample(CodedSample(codes), tuple(warnings))


def _check_columns(table: Table, framings: Sequence[str]) -> None:
    wanted = ["document", "passage", *(CODED + name for name in framings)]
    if missing := [name for name in wanted if name not in table.columns]:
        raise _fault(
            table, f"it has no column {', '.join(missing)}", "Start from the file that policyframes sample writes."
        )
    if not {"text_hash", "text"} & set(table.columns):
        raise _fault(
            table, "it has neither a column text_hash nor text", "Put one of them back; they show that texts fit."
        )


def _check_design(table: Table, by: str, voice: str) -> None:
    if voice != "own" and any(row.get("drawn_voice") for row in table.rows.values()):
        found = "it was drawn from passages in own voice, and the comparison takes all"
        raise _fault(table, found, "Compare with --voice own, or draw a sample of all passages.")
    drawn_by = {row.get("drawn_by", "") for row in table.rows.values()} - {""}
    if others := sorted(drawn_by - {by}):
        raise _fault(
            table,
            f"it holds as many passages of each {others[0]}, and the comparison is by {by}: its shares would lean",
            f"Compare --by {others[0]}, or draw one with --by {by} or without --by.",
        )


def _split_rows(
    table: Table, framings: Sequence[str], documents: set[str]
) -> tuple[dict[int, Mapping[str, str]], list[int], list[int], int]:
    """Return the coded rows by line, the lines coded in part, those of other documents, and how many are not coded."""
    coded: dict[int, Mapping[str, str]] = {}
    half: list[int] = []
    strange: list[int] = []
    empty = 0
    for line, row in table.rows.items():
        filled = [name for name in framings if row[CODED + name]]
        unreadable = [row[CODED + name] for name in filled if row[CODED + name].lower() not in _PRESENT | _ABSENT]
        if unreadable:
            raise _fault(
                table, f"line {line} holds the code {unreadable[0]!r}", "Write 1 for present and 0 for absent."
            )
        if not filled:
            empty += 1
        elif len(filled) < len(framings):
            half.append(line)
        elif row["document"] not in documents:
            strange.append(line)
        else:
            coded[line] = row
    return coded, half, strange, empty


def _place_row(row: Mapping[str, str], passages: Mapping[Key, str]) -> tuple[Key, str]:
    """Return which passage a row is of, and what is wrong with it."""
    number = row["passage"].removesuffix(".0")
    key = (row["document"], int(number) if number.isascii() and number.isdigit() else 0)
    if key not in passages:
        return key, f"{key[0]} has no passage {row['passage']!r}"
    stated = row.get("text_hash") or hash_text(row.get("text", ""))
    return key, "" if stated == hash_text(passages[key]) else f"passage {key[1]} of {key[0]} has another text"


def _tell_unusable(table: Table, half: Sequence[int], strange: Sequence[int]) -> SampleError:
    """Return why no row of a sample can be used."""
    if strange:
        found = f"what is coded, {len(strange)} of its rows, is of documents that are not compared"
        return _fault(table, found, "Compare the documents that it was drawn from.")
    found = "no row is coded" + (f" in full; coded in part: {len(half)}" if half else "")
    return _fault(table, found, "Write 1 or 0 into every column coded_... of the rows that you read.")


def _count(rows: Sequence[int]) -> str:
    return f"{len(rows)} row{' is' if len(rows) == 1 else 's are'}"


def _list(lines: Sequence[int]) -> str:
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return ", ".join(map(str, lines[:_SHOWN])) + more


def _fault(table: Table, found: str, remedy: str) -> SampleError:
    return SampleError(
        where=table.source,
        found=found,
        allowed="rows of passages that are compared, with 1 or 0 in every column coded_...",
        remedy=remedy,
    )
