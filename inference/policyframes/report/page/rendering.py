"""A comparison -> the text of its page. It asks nothing of the network, and can be read without its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from policyframes._version import __version__
from policyframes.profiles import MIN_PASSAGES, Comparison
from policyframes.report.page import bars, ternary
from policyframes.report.page.bars import build_panels
from policyframes.report.page.changes import build_changes
from policyframes.report.page.heatmap import build_behind, build_heat_tables, quote_strongest
from policyframes.report.page.method import build_method
from policyframes.report.page.outline import Group, Kind, Outline, build_outline, find_share
from policyframes.report.page.reading import EvidenceByPassage, build_documents
from policyframes.report.page.strip import LANE
from policyframes.report.page.summary import build_summary
from policyframes.report.page.ternary import build_ternary
from policyframes.report.page.timeline import build_timeline
from policyframes.report.page.wording import say_count, say_difference, say_percent, say_share, say_share_interval
from policyframes.report.rows import Failure

# Marks that turn the direction of all text behind them, so that a name could make a sentence of the page read
# otherwise; a browser finds the direction of Arabic or Hebrew words without them.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "")


def render_page(
    comparison: Comparison, failures: Sequence[Failure] = (), *, evidence: EvidenceByPassage | None = None
) -> str:
    """Return the page of a comparison as text.

    Args:
        comparison: what the page shows.
        failures: documents that could not be scored.
        evidence: by document id and passage number, then by framing; what carries the passages' scores.
    """
    environment = _open_templates()
    outline = build_outline(comparison)
    voices = {item.voice for document in comparison.collection.documents for item in document.passages if item.voice}
    page = environment.get_template("page.html.j2").render(
        outline=outline,
        comparison=comparison,
        failures=failures,
        summary=build_summary(outline, failures),
        panels=build_panels(outline),
        bar_width=bars.WIDTH,
        heat_tables=build_heat_tables(outline),
        behind=build_behind(outline),
        ternary=build_ternary(outline),
        ternary_size=(ternary.WIDTH, ternary.HEIGHT),
        timeline=build_timeline(outline),
        changes=build_changes(outline),
        documents=build_documents(outline, evidence or {}),
        strongest=[(group, _quote_group(outline, group)) for group in outline.groups],
        method=build_method(outline),
        voices=sorted(voices),
        has_evidence=bool(evidence),
        lane=LANE,
        minimum=MIN_PASSAGES,
        version=__version__,
        hashes=_hash_inlined(),
    )
    return page.translate(_TURNING)


def _quote_group(outline: Outline, group: Group) -> list[tuple[Kind, object]]:
    return [(kind, quote_strongest(outline, group.profile, kind.id)) for kind in outline.framings]


@cache
def _open_templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("policyframes.report.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": say_count,
        "percent": say_percent,
        "share": say_share,
        "interval": say_share_interval,
        "difference": say_difference,
    }
    environment.globals["find_share"] = find_share
    return environment


@cache
def _hash_inlined() -> dict[str, str]:
    """Return the hashes by which the page's policy allows its own style sheet and script, and no other."""
    hashes = {}
    for name in ("style.css", "script.js"):
        text = _open_templates().get_template(name).render()
        hashes[name] = f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
    return hashes
