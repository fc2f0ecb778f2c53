import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyframes.documents import canonicalise

ANY_TEXT = st.text(alphabet=st.characters(), max_size=400)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\fd\ve", "a\nb\nc\nd\ne"),
        ("\ufeffa\ufeffb", "a\ufeffb"),
        ("a\x00b\x07c\td", "abc\td"),
        ("a\ud800b", "a\ufffdb"),
        ("e\u0301", "é"),
        ("e\x00\u0301", "é"),
        ("two  spaces \u2028 \x85 stay", "two  spaces \u2028 \x85 stay"),
    ],
)
def test_each_rule_of_the_canonical_form(text, expected):
    assert canonicalise(text) == expected


@given(ANY_TEXT)
def test_canonical_text_is_a_fixed_point_that_encodes(text):
    once = canonicalise(text)
    assert canonicalise(once) == once
    assert once.encode("utf-8").decode("utf-8") == once
    assert unicodedata.is_normalized("NFC", once)
