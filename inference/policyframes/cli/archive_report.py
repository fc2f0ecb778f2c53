"""`policyframes archive report`: the shares of a finished job, by month, outlet or any column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from policyframes.profiles.errors import ErrorTable

_FOLDER = "report"


def report(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a finished job of archive score.")],
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="month (the default), year, outlet, a column of the documents, or two of them: month,outlet. May be "
            "given several times.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write here instead of OUT/report.")
    ] = None,
    bundle: Annotated[
        str, typer.Option(help="Folder of the bundle that scored, where it is none of those that ship.")
    ] = "",
    excel: Annotated[bool, typer.Option("--excel", help="A CSV for Excel, in which no cell is a formula.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Write shares and their changes as a page and as CSV. Copies are left out where they were looked for."""
    from policyframes.archive.groups import measure_archive  # noqa: PLC0415  (slow to import)
    from policyframes.archive.results import read_finished  # noqa: PLC0415
    from policyframes.report.archive import check_report, write_archive  # noqa: PLC0415
    from policyframes.report.rows import format_count  # noqa: PLC0415

    target = output or folder / _FOLDER
    check_report(target)
    run, _ = read_finished(folder)
    errors, reason = _find_errors(run["model"], bundle)
    if reason and not quiet:
        typer.echo(f"Shares are counted, not corrected: {reason}", err=True)
    found = measure_archive(folder, by or ["month"], errors)
    paths = write_archive(found, target, excel=excel)
    if not quiet:
        tested = sum(change.p_value is not None for change in found.changes)
        more = sum(change.is_significant for change in found.changes)
        found_more = f", {more} of them more than chance explains" if tested else ""
        typer.echo(f"{format_count(tested, 'difference')} tested{found_more}", err=True)
        for path in paths:
            typer.echo(str(path), err=True)


def _find_errors(model: dict[str, Any], bundle: str) -> tuple[ErrorTable | None, str]:
    """Return how the bundle that scored errs, or why nobody can say."""
    from policyframes.bundle import load_bundle  # noqa: PLC0415  (slow to import)
    from policyframes.errors import BundleError, UsageError  # noqa: PLC0415
    from policyframes.profiles.errors import find_errors  # noqa: PLC0415
    from policyframes.resources import models_folder  # noqa: PLC0415

    try:
        found = load_bundle(Path(bundle) if bundle else models_folder() / str(model["bundle"]))
    except BundleError as error:
        if bundle:
            raise
        return None, f"{error.found}; name the folder of the bundle with --bundle"
    if found.id != model["bundle_id"]:
        if bundle:
            raise UsageError(
                where=f"--bundle {bundle}",
                found=f"the bundle {found.id[:12]}",
                allowed=f"the one that scored, {str(model['bundle_id'])[:12]}",
                remedy="Give the folder of that bundle, or leave --bundle out to count.",
            )
        return None, f"{model['bundle']} of this version is not the one that scored; name its folder with --bundle"
    errors = find_errors(found, model["quality"])
    return errors, "" if errors else "the bundle states no errors"
