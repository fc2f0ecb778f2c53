"""Anchors hold in copies that were wrapped, hyphenated, normalised or encoded otherwise, and never guess."""

import json
import re
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyframes.errors import AnchorError
from policyframes_training.labels.anchors import (
    Anchor,
    LetterStream,
    Resolved,
    Unresolved,
    hash_letters,
    make_anchor,
    normalise_letters,
    resolve_anchor,
    resolve_spans,
)
from policyframes_training.labels.coded import load_labels

TEXT = (
    "The efficient officers of Łódź met in 1998.\n\nThey said: “We offer a café, a ½ share and a naïve treaty.” "
    "Nobody signed.\n\nIn the afternoon the choir rehearsed (twice) beside the frozen lake.\n"
)
PART = "They said: “We offer a café, a ½ share and a naïve treaty.”"


def anchor_of(part, text=TEXT):
    start = text.index(part)
    return make_anchor("s1", "d1", text=text, start=start, end=start + len(part))


def wrap(text, width):
    """Break lines at `width` columns, long words with a hyphen, and drop blank lines."""
    lines = []
    for paragraph in re.split(r"\n+", text):
        line = ""
        for word in paragraph.split():
            rest = word
            while len(line) + 1 + len(rest) > width:
                room = width - len(line) - 2
                if room >= 2 and len(rest) > 3:
                    room = min(room, len(rest) - 1)
                    lines.append(f"{line} {rest[:room]}-".strip())
                    rest = rest[room:]
                else:
                    lines.append(line)
                line = ""
                if len(rest) < width:
                    break
            line = f"{line} {rest}".strip()
        if line:
            lines.append(line)
    return "\n".join(lines)


def test_the_stored_offsets_are_kept_where_the_letters_there_are_right():
    made = anchor_of(PART)
    assert resolve_anchor(made, TEXT) == Resolved("s1", made.start, made.end, "offset")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: wrap(text, 20),
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: unicodedata.normalize("NFKD", "Foreword.\n" + text),
        lambda text: text.upper(),
        lambda text: text.replace("ffi", "ﬃ").replace("ff", "ﬀ"),
        lambda text: re.sub(r"(\w)(\w)", "\\1\u00ad\\2", text),
        lambda text: text.replace(" ", "\u2003"),
    ],
    ids=["wrapped", "bom-crlf", "nfd", "nfkd", "capitals", "ligatures", "soft-hyphens", "wide-spaces"],
)
def test_a_copy_that_differs_in_form_alone_still_resolves(change):
    copy = change(TEXT)
    found = resolve_anchor(anchor_of(PART), copy)
    assert isinstance(found, Resolved)
    assert normalise_letters(copy[found.start : found.end]) == normalise_letters(PART)


def test_what_is_found_by_search_keeps_its_quotes_and_full_stop_and_nothing_more():
    copy = "A new first line.\n" + TEXT
    found = resolve_anchor(anchor_of(PART), copy)
    assert copy[found.start : found.end] == PART
    assert found.how == "search"


def test_an_opening_bracket_belongs_to_the_span_that_it_opens():
    copy = "Zero. " + TEXT
    found = resolve_anchor(anchor_of("(twice) beside the frozen lake."), copy)
    assert copy[found.start : found.end] == "(twice) beside the frozen lake."


def test_one_changed_letter_is_unresolved_and_says_why():
    found = resolve_anchor(anchor_of(PART), TEXT.replace("treaty", "treaties"))
    assert found == Unresolved("s1", "d1", "its letters do not occur in this copy")


def test_a_right_rolling_hash_with_another_sha256_is_unresolved():
    made = anchor_of(PART)
    forged = Anchor(made.id, made.document, 0, 5, made.letters, made.rolling, "0" * 64)
    assert isinstance(resolve_anchor(forged, TEXT), Unresolved)


def test_of_several_places_the_nearest_to_the_stored_offset_is_taken():
    text = "Chorus line.\n" * 3 + "Verse.\n" + "Chorus line.\n" * 3
    start = text.rindex("Chorus")
    made = make_anchor("s1", "d1", text=text, start=start, end=start + 12)
    copy = "Hum\n" + text
    found = resolve_anchor(made, copy)
    assert found == Resolved("s1", copy.rindex("Chorus"), copy.rindex("Chorus") + 12, "repeated")


def test_what_does_not_resolve_is_named_and_counted():
    made = anchor_of(PART)
    lost = Anchor("s2", "d2", 0, 5, 5, "0" * 16, "0" * 64)
    gone = Anchor("s3", "d1", 0, 5, 5, "0" * 16, "0" * 64)
    result = resolve_spans([made, lost, gone], {"d1": TEXT})
    assert [place.id for place in result.resolved] == ["s1"]
    assert {(place.id, place.reason) for place in result.unresolved} == {
        ("s2", "there is no copy of the document"),
        ("s3", "its letters do not occur in this copy"),
    }


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (5, 5), (9, 3), (0, 10_000)])
def test_bounds_outside_the_text_are_refused(start, end):
    with pytest.raises(AnchorError, match=r"d1, span s1: start .* Allowed: 0 <= start < end <= length"):
        make_anchor("s1", "d1", text=TEXT, start=start, end=end)


def test_a_span_without_letters_is_refused():
    with pytest.raises(AnchorError, match="no letter or digit"):
        make_anchor("s1", "d1", text="a -- b", start=2, end=4)


def test_an_empty_copy_resolves_nothing_and_does_not_fail():
    assert isinstance(resolve_anchor(anchor_of(PART), ""), Unresolved)


def test_the_rolling_hash_is_the_polynomial_of_the_code_points():
    base = 0x9E3779B97F4A7C15
    letters = "aé漢"
    expected = sum(ord(letter) * base**power for power, letter in enumerate(letters)) % 2**64
    assert hash_letters(letters)[0] == f"{expected:016x}"


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_offsets_never_fall_and_lie_in_the_text(text):
    stream = LetterStream.from_text(text)
    assert len(stream.letters) == len(stream.offsets) == len(stream.codes)
    assert (np.diff(stream.offsets) >= 0).all()
    assert all(0 <= offset < len(text) for offset in stream.offsets)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cn"]), max_size=100))
@settings(max_examples=200, deadline=None)
def test_composed_and_decomposed_text_have_one_stream(text):
    composed = unicodedata.normalize("NFC", text)
    assert normalise_letters(composed) == normalise_letters(unicodedata.normalize("NFD", composed))


@given(st.lists(st.sampled_from(["alpha", "beta", "gamma", "Ωmega", "fin", "n1"]), min_size=12, max_size=60), st.data())
@settings(max_examples=100, deadline=None)
def test_every_span_of_any_text_resolves_after_wrapping(words, data):
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text) - 2))
    end = data.draw(st.integers(start + 1, len(text)))
    if not normalise_letters(text[start:end]):
        return
    copy = wrap("x " + text, 17)
    found = resolve_anchor(make_anchor("s", "d", text=text, start=start, end=end), copy)
    assert isinstance(found, Resolved)
    assert normalise_letters(copy[found.start : found.end]) == normalise_letters(text[start:end])


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda text: wrap(text, 70),
        lambda text: unicodedata.normalize("NFD", "\ufeff" + wrap(text, 43).replace("\n", "\r\n")),
    ],
    ids=["wrapped at 70", "wrapped at 43, NFD, CRLF, BOM"],
)
def test_the_spans_resolve_in_altered_copies_of_all_documents(shared_folder, checkout, change, record_property):
    labels = load_labels(checkout / "labels")
    anchors = [span.anchor for span in labels.spans]
    names = {anchor.document for anchor in anchors}
    originals = {name: (shared_folder / "documents" / f"{name}.txt").read_text(encoding="utf-8") for name in names}
    copies = {name: change(text) for name, text in originals.items()}
    began = time.perf_counter()
    result = resolve_spans(anchors, copies)
    seconds = time.perf_counter() - began
    record_property("resolved", len(result.resolved))
    record_property("seconds", round(seconds, 2))
    print(json.dumps({"resolved": len(result.resolved), "of": len(anchors), "seconds": round(seconds, 2)}))  # noqa: T201
    assert len(anchors) == 4197
    assert len(result.resolved) + len(result.unresolved) == len(anchors)
    assert len(result.resolved) >= 0.99 * len(anchors)
    by_id = {anchor.id: anchor for anchor in anchors}
    for place in result.resolved[::50]:
        anchor = by_id[place.id]
        found = copies[anchor.document][place.start : place.end]
        original = originals[anchor.document][anchor.start : anchor.end]
        assert normalise_letters(found) == normalise_letters(original)


@pytest.mark.shared
@pytest.mark.slow
def test_in_the_canonical_texts_every_span_lies_at_its_offsets(shared_folder, checkout):
    labels = load_labels(checkout / "labels")
    anchors = [span.anchor for span in labels.spans]
    names = {anchor.document for anchor in anchors}
    texts = {name: (shared_folder / "documents" / f"{name}.txt").read_text(encoding="utf-8") for name in names}
    result = resolve_spans(anchors, texts)
    assert {place.how for place in result.resolved} == {"offset"}
    assert len(result.resolved) == len(anchors)
