"""What a browser makes of an archive's report: payloads, requests, accessibility, width. Needs Chromium."""

from __future__ import annotations

import pytest

from policyframes.archive.groups import measure_archive
from policyframes.report.archive import render_archive
from tests.inference.archive.archives import make_rows, run_job, write_rows
from tests.inference.report.conftest import browser  # noqa: F401  (a fixture)
from tests.inference.report.hostile import CANARY, PAYLOADS
from tests.inference.report.test_page_browser import _AXE, _OPEN_ALL, WIDTHS, axe  # noqa: F401  (a fixture)
from tests.inference.scored import TABLE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def news(tmp_path_factory):
    """Return rows of which months and outlets differ, with hostile names among the outlets, sections and dates."""
    rows = make_rows(480, bad=False)
    for number, row in enumerate(rows):
        row["date"] = PAYLOADS[number % len(PAYLOADS)] if number % 40 == 0 else f"2024-0{1 + number // 120}-05"
        row["outlet"] = ("A", "B", PAYLOADS[0], PAYLOADS[10])[number % 4 if number % 3 else 0]
        row["section"] = PAYLOADS[number % len(PAYLOADS)]
        row["text"] = " ".join(
            ["The threat is the threat of a threat. " * 9 if row["outlet"] == "B" else row["text"]] * 4
        )
    return write_rows(tmp_path_factory.mktemp("news") / "news.jsonl", rows)


@pytest.fixture
def page(news, bundle_folder, tmp_path):
    run_job(news, tmp_path / "out", bundle_folder)
    found = measure_archive(tmp_path / "out", ["month", "outlet", "month,outlet", "section", "outlet,section"], TABLE)
    assert any(change.is_significant for change in found.changes)
    (tmp_path / "report.html").write_text(render_archive(found), encoding="utf-8")
    return tmp_path / "report.html"


def test_axe_finds_nothing_serious_and_a_phone_needs_no_sideways_scroll(browser, page, axe):  # noqa: F811
    for width in WIDTHS.values():
        for dark in (False, True):
            browser.open(page, dark=dark, width=width)
            browser.run(_OPEN_ALL)
            browser.run(axe)
            result = browser.driver.execute_async_script(_AXE)

            checked = {rule["id"] for rule in result["passes"]}
            assert checked >= {"color-contrast", "svg-img-alt", "scrollable-region-focusable", "duplicate-id-aria"}
            assert [
                (found["id"], node["html"][:200], node.get("failureSummary"))
                for found in result["violations"]
                if found["impact"] in {"serious", "critical"}
                for node in found["nodes"][:2]
            ] == []
            assert browser.run("return document.documentElement.scrollWidth") <= width


def test_no_payload_of_a_column_runs_or_asks_the_network(browser, page):  # noqa: F811
    browser.open(page)
    browser.run(_OPEN_ALL)

    assert browser.run("return window.canary") is None
    assert browser.requests == [page.as_uri()]
    assert browser.complaints == []
    assert browser.run("return document.scripts.length") == 0
    assert CANARY in browser.run("return document.body.textContent")


def test_assistive_technology_is_told_of_every_panel_and_table(browser, page):  # noqa: F811
    browser.open(page)
    browser.run(_OPEN_ALL)
    names = browser.read_names().splitlines()

    assert sum(line.startswith("image: ") for line in names) == 1 + 4
    assert any(line.startswith("image: A From 2024-01 to 2024-04") for line in names)
    assert "region: Shares by month and outlet" in names
