"""The findings of an evaluation as files: evaluation.json, evaluation.md, a CSV per section, the plots.

The same findings give the same bytes.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from policyframes.errors import OutputError
from policyframes_training.evaluation.examination import Findings
from policyframes_training.evaluation.sections import describe_section, render_csv, render_markdown

_DPI = 150


def describe_findings(findings: Findings) -> dict[str, Any]:
    """Return the findings as JSON holds them: the facts, then each section under its name."""
    return {
        **findings.facts,
        "sections": {section.name: describe_section(section) for section in findings.sections},
    }


def render_findings(findings: Findings) -> str:
    """Return the findings as Markdown."""
    known = {name.replace("_", " "): value for name, value in findings.facts.items() if value is not None}
    facts = "\n".join(f"| {name} | {value} |" for name, value in known.items())
    pictures = "\n\n".join(f"![{name.removesuffix('.png')}]({name})" for name in findings.plots or {})
    parts = [
        f"# Evaluation of {findings.facts['bundle']}\n",
        f"| | |\n| --- | --- |\n{facts}\n",
        *(render_markdown(section) for section in findings.sections),
    ]
    return "\n".join([*parts, f"## Plots\n\n{pictures}\n"] if pictures else parts)


def write_findings(findings: Findings, folder: Path) -> tuple[str, ...]:
    """Write all files and return their names; earlier ones of the same names are replaced, others stay.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    contents: dict[str, bytes] = {
        "evaluation.json": f"{render_json(findings)}\n".encode(),
        "evaluation.md": render_findings(findings).encode(),
        **{f"{section.name}.csv": render_csv(section).encode() for section in findings.sections},
        **{name: _draw(figure) for name, figure in (findings.plots or {}).items()},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            scratch = folder / f".{name}.part"
            scratch.write_bytes(content)
            scratch.replace(folder / name)
    except OSError as error:
        raise OutputError(
            where=str(folder),
            found=f"the evaluation cannot be written ({error.strerror or error})",
            allowed="a folder that you may write to, on a disk with room",
            remedy="Choose another folder with -o.",
        ) from error
    return tuple(contents)


def render_json(findings: Findings) -> str:
    """Return the findings as JSON text."""
    return json.dumps(describe_findings(findings), ensure_ascii=False, indent=1, allow_nan=False)


def _draw(figure: Figure) -> bytes:
    target = io.BytesIO()
    # Without the library's version, so that an upgrade that draws alike changes no byte.
    figure.savefig(target, format="png", dpi=_DPI, metadata={"Software": None})
    return target.getvalue()
