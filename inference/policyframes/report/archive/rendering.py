"""An archive's shares -> the text of its page. It asks nothing of the network, and runs no script."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from policyframes._version import __version__
from policyframes.archive.groups import ArchiveShares
from policyframes.profiles.change import FEWEST_DOCUMENTS
from policyframes.profiles.shares import MIN_PASSAGES
from policyframes.report.archive.chart import CELL, build_cell
from policyframes.report.archive.sections import build_sections, find_largest
from policyframes.report.page.hatches import OTHER_LOOKS, draw_hatch
from policyframes.report.page.wording import say_count, say_percent, say_share
from policyframes.taxonomy import load_taxonomy

_LOOKS = ("securitized", "governance", "partnership", "none", "uncertain")


def render_archive(found: ArchiveShares) -> str:
    """Return the page of an archive's shares as text."""
    environment = _open_templates()
    kinds = list(found.total.shares)
    sections = build_sections(found)
    return environment.get_template("archive.html.j2").render(
        found=found,
        kinds=kinds,
        labels=_label_kinds(kinds),
        definitions={framing.id: framing.definition for framing in load_taxonomy().framings},
        looks=dict(zip(kinds, _choose_looks(kinds), strict=True)),
        sections=sections,
        title=f"Framings in an archive: {', '.join(f'by {section.noun}' for section in sections)}",
        tested=sum(section.tested for section in sections),
        significant=sum(change.is_significant for change in found.changes),
        largest=find_largest(found),
        cell=build_cell,
        cell_width=CELL,
        hatch=draw_hatch,
        minimum=MIN_PASSAGES,
        fewest=FEWEST_DOCUMENTS,
        version=__version__,
        style_hash=_hash_style(),
    )


def _label_kinds(kinds: list[str]) -> dict[str, str]:
    known = {framing.id: framing.label for framing in load_taxonomy().framings}
    return {kind: known.get(kind, kind.capitalize()) for kind in kinds}


def _choose_looks(kinds: list[str]) -> list[str]:
    others = iter(OTHER_LOOKS * len(kinds))
    return [kind if kind in _LOOKS else next(others) for kind in kinds]


@cache
def _open_templates() -> Environment:
    environment = Environment(
        # The style sheet is that of the other pages.
        loader=ChoiceLoader(
            [
                PackageLoader("policyframes.report.archive", "templates"),
                PackageLoader("policyframes.report.page", "templates"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": say_count, "percent": say_percent, "share": say_share}
    return environment


@cache
def _hash_style() -> str:
    """Return the hash by which the page's policy allows its own style sheet, and no other."""
    text = _open_templates().get_template("style.css").render()
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
