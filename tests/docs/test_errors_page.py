from __future__ import annotations

import re

from policyframes import errors


def all_classes(base=errors.PolicyFramesError):
    return [base, *(c for child in base.__subclasses__() for c in all_classes(child))]


def ours():
    return [c for c in all_classes() if c.__module__ == errors.__name__]


def test_every_error_has_a_code_of_its_own():
    codes = [c.code for c in ours()]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"PF-\d{4}", code) for code in codes)


def test_the_page_of_errors_names_every_code_and_no_other(checkout):
    page = (checkout / "docs" / "errors.md").read_text(encoding="utf-8")

    assert {(c.code, c.__name__) for c in ours()} == set(
        re.findall(r"^\| (PF-\d{4}) \| `(\w+)` \|", page, re.MULTILINE)
    )


def test_a_message_says_where_what_is_allowed_and_what_to_do():
    error = errors.EmptyDocumentError(where="a.txt", found="no text", allowed="a text", remedy="Write one.")

    assert str(error) == "a.txt: no text. Allowed: a text. Write one."
