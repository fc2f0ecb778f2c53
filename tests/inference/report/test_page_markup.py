from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from policyframes.errors import EmptyDocumentError
from policyframes.evidence import Evidence, Mark
from policyframes.profiles import compare
from policyframes.profiles.coded import CodedSample
from policyframes.report.page import render_page
from policyframes.report.page.hatches import draw_hatch
from policyframes.report.page.marks import cut_stretches, list_words
from policyframes.report.page.outline import build_outline
from policyframes.report.rows import Failure, format_probability
from tests.inference.report.comparisons import make_change, make_comparison, make_share
from tests.inference.report.elements import Elements
from tests.inference.report.hostile import PAYLOADS

FILL = "the " * 40
TEMPLATES = Path(render_page.__code__.co_filename).parent / "templates"


def test_there_are_forty_different_payloads():
    assert len(set(PAYLOADS)) == 40


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_markup(make_hostile, payload):
    plain, hostile = Elements(make_hostile(["x" * len(payload)])), Elements(make_hostile([payload]))

    assert hostile.tags == plain.tags
    assert [(tag, name) for tag, name, _ in hostile.attributes] == [(tag, name) for tag, name, _ in plain.attributes]
    assert payload.replace("\u202e", "") in hostile.text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_in_an_error_becomes_markup(read_collection, payload):
    def render(text):
        failure = Failure(text, text, EmptyDocumentError(where=text, found=text, allowed=text, remedy=text))
        return Elements(render_page(compare(read_collection({})), [failure]))

    assert render(payload).tags == render("x").tags
    assert payload.replace("\u202e", "") in render(payload).text


def test_no_text_turns_the_direction_of_what_follows_it(make_hostile):
    page = make_hostile(["one\u202etwo\u2067three"])

    assert "onetwothree" in page
    assert not {"\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068"} & set(page)


def test_nothing_on_the_page_leads_or_asks_elsewhere(render):
    seen = Elements(render(f"threat {FILL}."))

    assert {"link", "img", "iframe", "object", "base"}.isdisjoint(seen.tags)
    assert all(href.startswith("#") for href in seen.values("href"))
    assert not {"src", "srcset", "style", "action"} & {name for _, name, _ in seen.attributes}
    assert not any(name.startswith("on") for _, name, _ in seen.attributes)


def test_the_policy_allows_the_own_style_and_script_alone(render):
    text = render(f"threat {FILL}.")
    policy = re.search(r'Security-Policy" content="([^"]+)"', text)[1].replace("&#39;", "'").replace("&#43;", "+")
    inlined = {
        kind: re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        for kind, tag in (("style-src", "style"), ("script-src", "script"))
    }

    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind, content in inlined.items():
        hashed = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind} 'sha256-{hashed}'" in policy


def test_every_link_leads_to_a_place_on_the_page(pages):
    for path in pages.values():
        seen = Elements(path.read_text(encoding="utf-8"))
        places = seen.values("id")

        assert {href[1:] for href in seen.values("href")} <= set(places)
        assert len(places) == len(set(places))


def test_every_chart_has_a_title_and_a_description(pages):
    for path in pages.values():
        text = path.read_text(encoding="utf-8")
        charts = re.findall(r'<svg [^>]*role="img"[^>]*aria-labelledby="(\S+) (\S+)"', text)

        assert charts
        for title, description in charts:
            assert re.search(rf'<title id="{title}">[^<]+</title>', text)
            assert re.search(rf'<desc id="{description}">[^<]+</desc>', text)


def test_the_whole_text_stands_on_the_page_with_what_is_no_passage(render):
    text = f"A short heading\n\nthreat {FILL.strip()}.\n\ncourt {FILL.strip()}.\n\nPage 3"
    shown = Elements(render(text)).text

    assert all(part in shown for part in text.split("\n\n"))


def test_passages_carry_page_offsets_and_probability(render):
    words = Elements(render(f"threat {FILL}.", page_starts=(0,))).words

    assert "passage 1 , page 1, characters 0–" in words
    assert re.search(r"probability 0\.\d\d", words)


def test_no_probability_is_shown_as_certain():
    assert [format_probability(p) for p in (0.9975, 0.985, 0.5, 0.001)] == [">0.99", "0.98", "0.50", "<0.01"]


def test_shares_carry_their_intervals():
    words = Elements(render_page(make_comparison({"doc": (0.6, 0.25, 0.1)}, by="document"))).words

    assert "25 % 15 to 35 %" in words


def test_too_few_passages_give_no_share(render):
    words = Elements(render(f"threat {FILL}.")).words

    assert "too few" in words
    assert not re.search(r"Securitized \d+ %", words)


def test_an_aspect_has_its_cell_and_the_passages_behind_it(pages):
    text = pages["compare"].read_text(encoding="utf-8")

    assert 'class="heat"' in text
    assert "too few" in text
    assert 'id="a1g1"' in text


def test_marks_differ_by_weight_and_framing_in_more_than_colour(pages):
    text = pages["score"].read_text(encoding="utf-8")

    assert '<mark class="look-securitized w3">threat</mark>' in text
    assert "Weigh most for securitized: " in text
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    assert "mark.look-governance { text-decoration-style: dashed; }" in style


def test_changes_are_told_in_words():
    shares = {"2001": (0.2, 0.3, 0.1), "2002": (0.4, 0.3, 0.1)}
    changes = [make_change("2001", "2002", 0.2, 0.004), make_change("2001", "2002", -0.01, 0.8, "governance")]
    words = Elements(render_page(make_comparison(shares, changes=changes))).words

    assert "Securitized +20 +15 to +25 unlikely to be chance (p = 0.004)" in words
    assert "Governance −1 −6 to +4 may be chance (p = 0.80)" in words


def test_a_hand_coded_sample_shows_the_bias_that_it_removed():
    comparison = make_comparison({"doc": (0.6, 0.25, 0.1)}, by="document")
    profile = comparison.profiles[None, "doc"]
    modelled = {kind: make_share(kind, 0.3, width=0.05) for kind in profile.shares}
    corrected = replace(profile, modelled=modelled, coded=40)
    sample = CodedSample({("doc", 1): frozenset()})
    words = Elements(
        render_page(
            replace(
                comparison,
                collection=replace(comparison.collection, sample=sample),
                profiles={(None, "doc"): corrected},
            )
        )
    ).words

    assert "40 Securitized 30 % (25 to 35 %) 60 % (50 to 70 %) −30" in words


def test_passages_left_out_of_the_shares_stay_in_the_text(read_collection):
    collection = read_collection({"doc": f"threat {FILL}.\n\ncourt {FILL}."})
    (document,) = collection.documents
    own = replace(document, passages=document.passages[:1])
    words = Elements(render_page(compare(replace(collection, documents=(own,))))).words

    assert "The shares are of the 1 passages" not in words
    assert words.count("left out of the shares") == 2
    assert "court the the" in words


def test_a_framing_that_a_modeler_added_has_a_look_and_no_triangle():
    comparison = make_comparison({"1990": (0.6, 0.25, 0.1), "1991": (0.6, 0.25, 0.1)})
    bundle = comparison.collection.bundle
    framings = {**bundle.framings, "alarm": bundle.framings["securitized"]}
    profiles = {
        key: replace(profile, shares={**profile.shares, "alarm": make_share("alarm", 0.3)})
        for key, profile in comparison.profiles.items()
    }
    collection = replace(comparison.collection, bundle=replace(bundle, framings=framings))
    page = render_page(replace(comparison, collection=collection, profiles=profiles))

    assert '<span class="tag look-other-1">alarm</span>' in page
    assert "A triangle shows three framings" in page
    assert "learned from labels of its own" in page
    assert "machine-assisted coding" not in page


def test_nine_framings_of_a_modeler_look_different_in_colour_or_hatch():
    comparison = make_comparison({"1990": (0.6, 0.25, 0.1), "1991": (0.6, 0.25, 0.1)})
    bundle = comparison.collection.bundle
    own = {f"own-{number}": bundle.framings["securitized"] for number in range(9)}
    collection = replace(comparison.collection, bundle=replace(bundle, framings=bundle.framings | own))
    looks = [kind.look for kind in build_outline(replace(comparison, collection=collection)).framings[-9:]]
    style = render_page(comparison)
    colours = {look: re.search(rf"\.look-{look}\b[^{{]*\{{ --c: ([^;]+);", style)[1] for look in looks}

    assert len(set(looks)) == 9
    assert len({(colours[look], draw_hatch(look, 30, 16)) for look in looks}) == 9
    assert all(draw_hatch(look, 30, 16) for look in looks)


def test_words_that_weigh_most_are_named_once():
    marks = tuple(Mark(start, start + 6, 1.0) for start in (0, 7, 14))
    stretches = cut_stretches("Border border threat", (), {})

    assert list_words("Border border threat", Evidence("securitized", marks, ())) == ("Border", "threat")
    assert [stretch.text for stretch in stretches] == ["Border border threat"]


def test_marks_that_overlap_show_the_stronger_and_lose_no_text():
    comparison = make_comparison({"doc": (0.6, 0.25, 0.1)}, by="document")
    kinds = build_outline(comparison).framings
    evidence = {
        "securitized": Evidence("securitized", (Mark(0, 10, 4.0), Mark(12, 14, 1.0)), ()),
        "governance": Evidence("governance", (Mark(5, 14, 2.0), Mark(0, 2, -9.0)), ()),
    }
    stretches = cut_stretches("abcdefghijklmnop", kinds, evidence)

    assert "".join(stretch.text for stretch in stretches) == "abcdefghijklmnop"
    assert [(stretch.text, stretch.look, stretch.step) for stretch in stretches if stretch.look] == [
        ("abcde", "securitized", 3),
        ("fghij", "securitized", 3),
        ("kl", "governance", 3),
        ("mn", "governance", 3),
    ]


def test_the_page_says_how_to_cite_it():
    words = Elements(render_page(make_comparison({"doc": (0.6, 0.25, 0.1)}, by="document"))).words

    assert "The policyframes authors." in words
    assert "@software{policyframes," in words
    assert "bundle tiny-v1, id" in words


def test_a_page_without_documents_names_the_failures(read_collection):
    failure = Failure("a.pdf", "a", EmptyDocumentError(where="a.pdf", found="no text", allowed="text", remedy="Scan."))
    words = Elements(render_page(compare(read_collection({})), [failure])).words

    assert "No document could be scored" in words
    assert "a.pdf (PF-" in words


def test_a_document_without_passages_has_a_page(render):
    assert "0 passages" in render("* * *")


def test_the_same_comparison_gives_the_same_page(render):
    assert render(f"threat {FILL}.") == render(f"threat {FILL}.")
