from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.passages import split_sentences


def sentences(text):
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["The talks failed.", "Nobody was surprised."],
        ["Gen. A. B. Orland met Dr. Sahl at 5 p.m. on Jan. 3.", "They left at noon."],
        ["Trade with the U.S. Government fell.", "It rose later."],
        ["It was signed in the U.S.", "The text is public."],
        ["“We will not wait.”", "She left."],
        ["Is it a threat?", "It is not!", "We shall see..."],
        ["Growth was 3.5 percent in 2014.", "It fell to 2.1 percent."],
        ["The rule stands.12", "Nobody doubts it."],
        ["See Art. 5 of the treaty, e.g. its second part.", "It binds both."],
        ["The council (see No. 4) agreed.", "(A dissent is attached.)"],
        ["(1) The minister shall report.", "(2) The report is public."],
        ["3. The court decides.", "4. Its word is final."],
        ["He said that this was final … and left."],
        ["¿Quién decide?", "¡Nosotros!"],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts):
    assert sentences(" ".join(parts)) == parts


@given(st.text())
def test_only_white_space_lies_between_sentences(text):
    spans = split_sentences(text)
    inside = set()
    for start, end in spans:
        assert start < end
        inside.update(range(start, end))

    assert len(inside) == sum(end - start for start, end in spans)
    assert all(text[i].isspace() for i in range(len(text)) if i not in inside)
