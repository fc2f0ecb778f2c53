"""A text divides at its marks without losing a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.errors import UsageError
from policyframes.evidence import Mark, Run, mark_text

TEXT = "Rules bind us all."
PLACES = st.tuples(st.integers(0, 17), st.integers(1, 18)).filter(lambda place: place[0] < place[1])
MARKS = st.builds(lambda place, weight: Mark(*place, weight), PLACES, st.floats(-5, 5))


def test_the_strongest_mark_has_the_strength_1_and_others_their_share():
    assert mark_text(TEXT, [Mark(0, 5, 2.0), Mark(14, 17, 1.0)]) == (
        Run("Rules", 1.0),
        Run(" bind us ", 0.0),
        Run("all", 0.5),
        Run(".", 0.0),
    )


def test_a_text_without_marks_is_one_run():
    assert mark_text(TEXT, []) == (Run(TEXT, 0.0),)
    assert mark_text("", []) == ()


def test_where_marks_overlap_the_heavier_counts_and_weights_below_0_keep_their_sign():
    runs = mark_text(TEXT, [Mark(0, 10, 1.0), Mark(6, 18, -2.0)])

    assert [(run.text, run.strength) for run in runs] == [("Rules ", 0.5), ("bind", -1.0), (" us all.", -1.0)]


@given(st.lists(MARKS, max_size=5))
def test_the_runs_make_the_text(marks):
    runs = mark_text(TEXT, marks)

    assert "".join(run.text for run in runs) == TEXT
    assert all(-1 <= run.strength <= 1 and run.text for run in runs)


@pytest.mark.parametrize("place", [(0, 19), (-1, 3), (4, 4), (6, 2)])
def test_a_mark_outside_the_text_is_refused(place):
    with pytest.raises(UsageError, match="marks that lie within the text"):
        mark_text(TEXT, [Mark(*place, 1.0)])
