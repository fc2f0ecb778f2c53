"""The page on aspects: its table of what is found is true, and its figures are those of the sample."""

from __future__ import annotations

import re

import pytest

from policyframes.aspects import AspectFinder, read_aspects
from policyframes.taxonomy import Aspect, load_taxonomy


@pytest.fixture
def page(checkout):
    return (checkout / "docs" / "aspects.md").read_text(encoding="utf-8")


def rows(page, heading):
    table = page.split(heading, 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def test_the_table_of_forms_is_true(page):
    for written, found, other in rows(page, "| You write |"):
        finder = AspectFinder([Aspect("x", "X", "d", (written.strip("`"),))])
        # "over a line break" and the remarks in brackets are of the table, not examples.
        examples = re.sub(r" \(.*?\)|, over a line break", "", found).split(", ")
        assert all(len(finder.locate(example)) == 1 for example in examples), written
        others = [written_as for written_as in re.sub(r" \(.*?\)", "", other).strip(" |").split(", ") if written_as]
        if written != "`port of entry`":
            assert not any(finder.locate(example) for example in others), written


def test_the_table_of_figures_has_a_row_for_each_aspect(page):
    names = [row[0] for row in rows(page, "| aspect | coded |")]

    assert names == [*(aspect.id for aspect in load_taxonomy().aspects), "**all, micro**", "**all, macro**"]


def test_the_example_from_python_gives_what_the_page_says():
    finder = AspectFinder(read_aspects(additions=["trade=-quota", "water=water,river,aquifer,-water down"]))

    assert finder.find("Two rivers cross the border.") == ("border", "water")
    assert finder.locate("Two rivers cross the border.")[0].start == 4
