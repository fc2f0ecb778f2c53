"""What a browser makes of the page: payloads, requests, accessibility, filters, print. Needs Chromium."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest

from policyframes.errors import EmptyDocumentError
from policyframes.report.rows import Failure
from tests.inference.report.hostile import CANARY, PAYLOADS

pytestmark = pytest.mark.slow

WIDTHS = {"laptop": 1280, "phone": 360}
_OPEN_ALL = "for (const details of document.querySelectorAll('details')) details.open = true;"
_AXE = "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']}).then(done);"


@pytest.fixture(scope="session")
def axe() -> str:
    spec = importlib.util.find_spec("axe_core_python")
    if spec is None or spec.origin is None:
        pytest.skip("axe-core-python is not installed")
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def hostile_page(make_hostile, tmp_path) -> Path:
    joined = "".join(PAYLOADS)
    error = EmptyDocumentError(where=joined, found=joined, allowed=joined, remedy=joined)
    path = tmp_path / "hostile.html"
    path.write_text(make_hostile(PAYLOADS, [Failure(joined, joined, error)]), encoding="utf-8")
    return path


def test_none_of_forty_payloads_runs_or_asks_the_network(browser, hostile_page):
    browser.open(hostile_page)
    browser.run(_OPEN_ALL)
    browser.run("for (const box of document.querySelectorAll('select')) { box.selectedIndex = 1; }")
    browser.run("document.querySelector('#filter').dispatchEvent(new Event('input'))")

    assert browser.run("return window.canary") is None
    assert [url for url in browser.requests if not url.startswith("file:")] == []
    assert browser.complaints == []
    assert browser.run("return document.scripts.length") == 1
    assert CANARY in browser.run("return document.body.textContent")


def test_the_canary_sings_where_a_payload_is_not_escaped(browser, tmp_path):
    path = tmp_path / "raw.html"
    path.write_text(f"<!DOCTYPE html><title>x</title>{PAYLOADS[10]}{PAYLOADS[11]}", encoding="utf-8")
    browser.open(path)

    assert browser.run("return window.canary") == 1
    assert any(CANARY in url for url in browser.requests)


@pytest.mark.parametrize("name", ["score", "compare"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_serious(browser, pages, axe, *, name, dark, width):
    browser.open(pages[name], dark=dark, width=width)
    browser.run(_OPEN_ALL)
    browser.run(axe)
    result = browser.driver.execute_async_script(_AXE)
    violations = result["violations"]

    assert {"color-contrast", "svg-img-alt", "scrollable-region-focusable"} & {rule["id"] for rule in result["passes"]}
    assert [
        (found["id"], node["html"][:200], node.get("failureSummary"))
        for found in violations
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"][:2]
    ] == []


@pytest.mark.parametrize("name", ["score", "compare"])
def test_a_page_opens_with_one_request_and_no_complaint(browser, pages, name):
    browser.open(pages[name])

    assert browser.requests == [pages[name].as_uri()]
    assert browser.complaints == []


@pytest.mark.parametrize("name", ["score", "compare"])
def test_a_phone_needs_no_sideways_scroll(browser, pages, name):
    browser.open(pages[name], width=360)
    browser.run(_OPEN_ALL)

    assert browser.run("return document.documentElement.scrollWidth") <= 360


def test_without_scripts_all_is_readable_and_no_control_is_dead(browser, pages):
    browser.open(pages["compare"], scripts=False)
    names = browser.read_names()

    assert "search" not in [line.split(":")[0] for line in names.splitlines()]
    assert "Show all" not in names
    assert all(f"number {number}" in names for number in range(14))
    assert "Method, limits and citation" in names


def test_with_scripts_passages_are_found_by_text_framing_and_document(browser, pages):
    browser.open(pages["compare"])
    shown = "return document.querySelectorAll('.passage:not([hidden])').length"
    choose = (
        "for (const pair of arguments[0].split(' ')) {"
        " const [name, value] = pair.split('='); document.forms.filter.elements[name].value = value; }"
    )
    apply = "document.forms.filter.requestSubmit();"

    assert browser.run(shown) == 6 * 14
    browser.run(f"{choose}{apply}", "text=PARTNER")
    partners = browser.run(shown)
    assert 0 < partners < 6 * 14
    browser.run(f"{choose}{apply}", "text=PARTNER document=d2")
    assert 0 < browser.run(shown) < partners
    browser.run(f"{choose}{apply}", "text= document= kind=none")
    assert browser.run("return document.querySelectorAll('.passage:not([hidden]):not([data-k~=none])').length") == 0
    assert "passages shown" in browser.run("return document.querySelector('output').textContent")
    browser.run("document.forms.filter.reset()")
    browser.driver.execute_async_script("setTimeout(arguments[0], 300)")
    assert browser.run(shown) == 6 * 14


def test_a_link_of_a_cell_opens_the_passages_behind_it(browser, pages):
    browser.open(pages["compare"])
    for place in ("strongest-g1", "a1g1"):
        assert browser.run("return document.getElementById(arguments[0]).closest('details').open", place) is False
        browser.run("document.querySelector(`.heat a[href='#${arguments[0]}']`).click()", place)
        assert browser.run("return document.getElementById(arguments[0]).closest('details').open", place) is True


def test_the_keyboard_reaches_the_summary_first_and_no_bar_of_a_strip(browser, pages):
    browser.open(pages["compare"])
    focusable = "a[href]:not([tabindex='-1']), button, input, select, summary, [tabindex='0']"
    places = browser.run(f"return [...document.querySelectorAll({focusable!r})].map(e => e.getAttribute('href') || '')")

    assert places[0] == "#summary"
    assert browser.run("return document.querySelectorAll('svg a:not([tabindex=\"-1\"])').length") == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_printed_page_is_whole_and_without_controls(browser, pages, *, scripts):
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    browser.open(pages["compare"], scripts=scripts)
    sheets = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(browser.print())).pages]
    text = " ".join(" ".join(sheets).split())

    assert all(sheet.strip() for sheet in sheets)
    assert all(control not in text for control in ("Show all", "uncertain only", "Skip to", "passages shown"))
    assert all(f"number {number}" in text for number in range(14))
    # What stands behind the cells is closed on the screen and open on paper.
    assert text.count("probability 0.") + text.count("probability >0.99") >= 6
    assert "How to cite" in text
