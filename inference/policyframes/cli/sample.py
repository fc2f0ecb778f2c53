"""`policyframes sample`: passages to code by hand, drawn at random from the results of a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from policyframes.errors import MissingMetadataError, OutputError, RefusedError, SampleError
from policyframes.replacement import replace_file
from policyframes.sampling import Candidate, draw_sample, sample_columns, sample_rows
from policyframes.spreadsheet import Table, format_csv, read_table

BY_DOCUMENT = "document"
P = "p_"


def sample(
    passages: Annotated[Path, typer.Argument(metavar="PASSAGES.csv", help="passages.csv of a folder of results.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write the passages to code here.")],
    count: Annotated[
        int, typer.Option("--number", "-n", min=1, help="How many passages; with --by, of each group.")
    ] = 60,
    by: Annotated[
        str, typer.Option(metavar="COLUMN", help="Draw from each group: year, ..., or document. Compare by the same.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Another seed draws another sample.")] = 0,
) -> None:
    """Draw passages at random, to be coded by hand; `policyframes compare --coded` corrects the shares by them.

    Fill every column coded_... with 1 where the framing is present, and 0 where it is not, along codebook.md. The rows
    are in random order: whoever stops early, leaves a random sample.

    Exit codes: 0 done; 1 the file cannot be used; 2 usage; 4 the output exists.
    """
    table = read_table(passages)
    framings = [name.removeprefix(P) for name in table.columns if name.startswith(P)]
    if not framings or not {"document", "passage", "text"} <= set(table.columns):
        raise SampleError(
            where=str(passages),
            found="it is no passages.csv",
            allowed="the passages.csv of a folder that policyframes compare or score wrote",
            remedy="Run policyframes compare with -o first.",
        )
    if output.exists():
        raise RefusedError(
            where=str(output),
            found="it exists already, and may hold codes",
            allowed="a file that does not exist yet",
            remedy="Choose another name.",
        )
    by = by.strip().lower()
    groups = _read_groups(passages.parent / "documents.csv", by) if by else {}
    candidates = [_read_candidate(table, line, groups, by) for line in table.rows]
    drawn = draw_sample(candidates, count, seed)
    voice = "own" if "voice" in table.columns else ""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        # It will be opened in a spreadsheet: no cell of it may be a formula.
        replace_file(output, format_csv(sample_rows(drawn, by, voice), sample_columns(framings), excel=True))
    except OSError as error:
        raise OutputError(
            where=str(output),
            found=f"it cannot be written ({error.strerror or error})",
            allowed="a place that you may write to",
            remedy="Choose another with -o.",
        ) from error
    sizes = Counter(item.stratum for item in drawn)
    whole = [group for group, size in sizes.items() if size < count]
    typer.echo(f"{len(drawn)} of {len(candidates)} passages are in {output}.")
    typer.echo("Write 1 or 0 into every column coded_..., then compare the same documents with --coded.", err=True)
    if whole:
        where = f" of {by} {', '.join(sorted(whole))}" if by else ""
        typer.echo(f"There are fewer than {count}{where}: all of them were taken.", err=True)


def _read_groups(path: Path, by: str) -> Mapping[str, str]:
    """Return the group of each document, as documents.csv beside passages.csv has it."""
    if by == BY_DOCUMENT:
        return {}
    table = read_table(path)
    column = by if by in table.columns else f"metadata_{by}"
    groups = {row["document"]: row[column] for row in table.rows.values() if row.get("document") and row.get(column)}
    if not groups:
        raise MissingMetadataError(
            where=f"--by {by}",
            found=f"{path} knows nothing of it",
            allowed=f"document, or some of its columns: {', '.join(table.columns)}",
            remedy="Compare with --metadata and -o first, or leave it out for one sample of all passages.",
        )
    return groups


def _read_candidate(table: Table, line: int, groups: Mapping[str, str], by: str) -> Candidate:
    row = table.rows[line]
    document, number = row["document"], row["passage"]
    if not number.isdigit() or (groups and document not in groups):
        what = f"passage {number!r}" if not number.isdigit() else f"{document}, which documents.csv has no {by} of"
        raise SampleError(
            where=table.source,
            found=f"line {line} is of {what}",
            allowed="passages.csv and documents.csv of one folder, as they were written",
            remedy="Run policyframes compare with -o again.",
        )
    stratum = document if by == BY_DOCUMENT else groups.get(document, "")
    return Candidate(document, int(number), row.get("page", ""), row["text"], stratum)
