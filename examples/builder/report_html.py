"""Set the news report as the page of a newspaper's site, with the furniture that a reader has to drop."""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING

from builder.source import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from builder.source import Block, Source

# The photograph of the page stands after this many paragraphs.
_OPENING = 2


def write_html(source: Source, template: Path, target: Path) -> None:
    """Write the report as an HTML page.

    Args:
        source: the report.
        template: page with the places `$opening` and `$rest` and the keys of the front matter.
        target: file to write.
    """
    facts = {key: escape(value) for key, value in source.facts.items()}
    lines = [_set_block(block) for block in source.blocks]
    page = Template(template.read_text(encoding="utf-8")).substitute(
        facts, opening="\n".join(lines[:_OPENING]), rest="\n".join(lines[_OPENING:])
    )
    target.write_text(page, encoding="utf-8", newline="\n")


def _set_block(block: Block) -> str:
    tag = "h2" if block.kind is Kind.HEADING else "p"
    return f"      <{tag}>{escape(block.text)}</{tag}>"
