"""Contrast of the page's colours, and its size."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyframes.evidence import Evidence, Mark
from policyframes.profiles import compare
from policyframes.report.page import render_page
from policyframes.report.page.hatches import draw_hatch
from policyframes.taxonomy import Aspect

STYLE = (Path(render_page.__code__.co_filename).parent / "templates" / "style.css").read_text(encoding="utf-8")
FRAMINGS = ("securitized", "governance", "partnership", "other-1", "other-2", "other-3")
ENOUGH = 4.5


def read_scheme(name):
    blocks = re.findall(r":root \{([^}]*)\}", STYLE)
    colours = {}
    for block in blocks[:1] if name == "light" else blocks[:2] if name == "dark" else [blocks[0], blocks[2]]:
        colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block))
    return {key: parse(value) for key, value in colours.items()}


def parse(text):
    digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
    return tuple(int(digits[place : place + 2], 16) for place in (0, 2, 4))


def luminance(colour):
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(one, other, part):
    return tuple(a * part + b * (1 - part) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_stands_out_from_every_ground(scheme):
    colours = read_scheme(scheme)
    steps = [int(step) / 100 for step in re.findall(r"\.heat-\d \{ --mix: (\d+)%", STYLE)]
    cells = [mix(colours[name], colours["paper"], step) for name in FRAMINGS for step in steps]
    band = mix(colours["ink"], colours["paper"], 0.08)

    assert len(steps) == 5
    assert all(contrast(colours["ink"], ground) >= ENOUGH for ground in [*cells, band])
    assert all(contrast(colours["soft"], colours[ground]) >= ENOUGH for ground in ("paper", "pale"))
    assert contrast(colours["soft"], band) >= ENOUGH
    assert contrast(colours["focus"], colours["paper"]) >= 3 if "focus" in colours else True


def test_the_framings_differ_in_grey_or_by_hatch():
    greys = {name: luminance(read_scheme("print")[name]) for name in FRAMINGS[:3]}
    hatches = {name: draw_hatch(name, 60, 16) for name in FRAMINGS[:3]}

    assert len(set(hatches.values())) == 3
    assert min(abs(greys[a] - greys[b]) for a in greys for b in greys if a != b) > 0.1


@pytest.mark.parametrize("look", [*FRAMINGS, "none", "uncertain"])
@pytest.mark.parametrize("width", [0.0, 2.0, 61.3])
def test_hatches_stay_within_their_bar(look, width):
    path = draw_hatch(look, width, 16)
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path):
        assert 0 <= float(x) <= width
        assert 0 <= float(y) <= 16


def test_five_hundred_passages_stay_under_three_megabytes(read_collection):
    text = "\n\n".join(f"threat court partner border {number} {'considerable ' * 110}." for number in range(500))
    aspects = [Aspect(f"a{number}", f"Aspect {number}", "One.", ("border",)) for number in range(14)]
    collection = read_collection({"doc": text}, aspects=aspects, page_starts=tuple(range(0, len(text), 3000)))
    marks = tuple(Mark(place * 13, place * 13 + 6, 1.0 / (place + 1)) for place in range(10))
    evidence = {
        ("doc", number): {name: Evidence(name, marks, marks[:2]) for name in FRAMINGS[:3]} for number in range(1, 501)
    }
    page = render_page(compare(collection, aspects=[aspect.id for aspect in aspects]), evidence=evidence)

    assert page.count('class="passage') >= 500
    assert len(page.encode()) < 3_000_000
