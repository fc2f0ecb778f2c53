"""The one form of all tables of an evaluation, and how it looks as JSON, CSV and Markdown.

Knows nothing of what the tables say.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policyframes_training.estimates import Estimate

Cell = str | int | float | Estimate | None

# Figures beyond this carry no information, and the last bits of a double differ between machines.
_DIGITS = 7
# The one figure that can be infinite is a number of labels.
_INFINITE = "out of reach"


@dataclass(frozen=True)
class Section:
    """A table with its heading.

    Attributes:
        name: name of its file, and its key in JSON; lower-case words with hyphens.
        title: heading.
        note: what the reader should know, in Markdown.
        rows: all with the same keys, in the same order. A text in the place of a figure says why there is none.
    """

    name: str
    title: str
    note: str
    rows: tuple[Mapping[str, Cell], ...]


def describe_section(section: Section) -> dict[str, Any]:
    """Return a section as JSON holds it; a figure that is not defined is None."""
    rows = [{name: _describe(cell) for name, cell in row.items()} for row in section.rows]
    return {"title": section.title, "note": section.note, "rows": rows}


def render_csv(section: Section) -> str:
    """Return a section as CSV; a figure with an interval takes three columns, `x`, `x_low` and `x_high`."""
    wide = {name for row in section.rows for name, cell in row.items() if isinstance(cell, Estimate)}
    names = list(section.rows[0]) if section.rows else []
    header = [part for name in names for part in ((name, f"{name}_low", f"{name}_high") if name in wide else (name,))]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    for row in section.rows:
        writer.writerow([part for name in names for part in _spread(row[name], is_wide=name in wide)])
    return target.getvalue()


def render_markdown(section: Section) -> str:
    """Return a section as Markdown."""
    lines = [f"## {section.title}\n"]
    if section.note:
        lines.append(f"{section.note}\n")
    if section.rows:
        names = list(section.rows[0])
        lines += [
            f"| {' | '.join(name.replace('_', ' ') for name in names)} |",
            f"| {' | '.join('---' for _ in names)} |",
            *(f"| {' | '.join(render_cell(row[name]) for name in names)} |" for row in section.rows),
            "",
        ]
    return "\n".join(lines)


def render_cell(cell: Cell) -> str:
    """Return a cell for readers, such as `0.812 [0.790, 0.833]`; `-` where it is not defined."""
    match cell:
        case Estimate(value=value, low=low, high=high):
            if not math.isfinite(value):
                return _render_number(value)
            interval = "" if math.isnan(low) else f" [{_render_number(low)}, {_render_number(high)}]"
            return f"{_render_number(value)}{interval}"
        case float():
            return _render_number(cell)
        case int():
            return f"{cell:,}"
        case None:
            return "-"
        case _:
            return cell.replace("|", "\\|")


def find_repeats(sections: Sequence[Section]) -> list[str]:
    """Return the names that more than one section bears; their files would replace each other."""
    names = [section.name for section in sections]
    return sorted({name for name in names if names.count(name) > 1})


def _render_number(value: float) -> str:
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return _INFINITE
    # Counts that were computed, such as labels, need no digits behind the point.
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"  # noqa: PLR2004  (three digits either way)


def _describe(cell: Cell) -> Any:  # noqa: ANN401  (JSON is any value)
    if isinstance(cell, Estimate):
        return {"value": _finite(cell.value), "low": _finite(cell.low), "high": _finite(cell.high)}
    return _finite(cell) if isinstance(cell, float) else cell


def _spread(cell: Cell, *, is_wide: bool) -> tuple[str | int | float | None, ...]:
    if isinstance(cell, Estimate):
        return _finite(cell.value), _finite(cell.low), _finite(cell.high)
    plain = _finite(cell) if isinstance(cell, float) else cell
    return (plain, None, None) if is_wide else (plain,)


def _finite(value: float) -> float | str | None:
    if math.isinf(value):
        return _INFINITE
    return None if math.isnan(value) else round(value, _DIGITS)
