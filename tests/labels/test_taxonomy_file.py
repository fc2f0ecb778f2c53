"""Every fault of taxonomy.yaml is listed on its line, and what the reader refuses the check refuses."""

import random

import pytest

from policyframes.errors import TaxonomyError
from policyframes.taxonomy import load_taxonomy
from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.taxonomyfile import check_taxonomy
from tests.labels.plantings import both, replace

FILE = "taxonomy.yaml"
SMALL = """version: "1"
framings:
  - id: calm
    label: Calm
    definition: It is calm.
aspects:
  - id: sea
    label: Sea
    definition: The sea.
    terms: [sea, wave]
"""


def lines_and_words(text):
    return [(line, fault[1]) for line, fault in check_taxonomy(text)]


def test_a_sound_file_has_no_fault(checkout):
    assert check_taxonomy(SMALL) == []
    assert check_taxonomy(SMALL + "    excluded: [sea change]\n") == []
    assert check_taxonomy((checkout / "labels" / FILE).read_text(encoding="utf-8")) == []


def test_a_misspelt_key_is_reported_on_its_line(labels):
    replace(FILE, b"label:", b"lable:")(labels)
    found = [(defect.kind, defect.file, defect.line, defect.found) for defect in check_labels(labels)]
    assert found == [
        ("bad-taxonomy", FILE, 6, "framings[1] has no 'label'"),
        ("bad-taxonomy", FILE, 7, "framings[1] has the key 'lable'"),
    ]


def test_all_faults_are_reported_in_the_order_of_their_lines(labels):
    both(replace(FILE, b"id: securitized", b"id: Not An Id"), replace(FILE, b"label: Border", b"label: 7"))(labels)
    text = (labels / FILE).read_text(encoding="utf-8").split("\n")
    wanted = [next(number for number, line in enumerate(text, 1) if word in line) for word in ("Not An Id", "label: 7")]
    found = check_labels(labels)
    assert [(defect.kind, defect.line) for defect in found] == [("bad-taxonomy", line) for line in wanted]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("label: Calm", 'label: "Calm', 11, "begun on line 4"),
        ("    label: Sea", "   label: Sea", 8, "no YAML"),
        ("label: Sea", "label: Sea\x07", 8, "U+0007"),
        ("label: Sea", "label: !!python/name:os.system Sea", 8, "aspects[1].label is no text"),
        ('version: "1"', "# one\nversion: !!python/name:os.system x", 2, "no YAML"),
        ("label: Sea", 'label: ""', 8, "aspects[1].label is no text"),
        ("label: Sea", "label: 2020-13-45", 8, "aspects[1].label is no text"),
        ('version: "1"', "version: 2020-13-45", 1, "no YAML"),
        ("sea, wave", "sea, 7", 10, "aspects[1].terms[2]"),
        ("[sea, wave]", "sea", 10, "aspects[1].terms is no list"),
        ("sea, wave", "sea, -wave", 10, "aspects[1].terms[2] is no term"),
        ("sea, wave", "sea, '...'", 10, "aspects[1].terms[2] is no term"),
        ("[sea, wave]", "[sea]\n    excluded: [3]", 11, "aspects[1].excluded[1] is no term"),
        ("[sea, wave]", "[sea]\n    excluded: sea salt", 11, "aspects[1].excluded is no list"),
        ("is calm.", "is calm.\n    excluded: [calm]", 6, "framings[1] has the key 'excluded'"),
        ("aspects:", "aspect:", 1, "'aspects' is missing"),
        ("aspects:", "framings:", 6, "the key 'framings' again, first on line 2"),
        ("  - id: calm", "  - calm\n  - id: calm", 3, "framings[1] is no mapping"),
    ],
)
def test_a_fault_is_reported_on_its_line_in_one_line(old, new, line, words):
    assert old in SMALL
    found = lines_and_words(SMALL.replace(old, new, 1))
    assert any(at == line and words in what for at, what in found), found
    assert all("\n" not in what for _, what in found)


def test_broken_yaml_is_one_fault():
    assert len(check_taxonomy(SMALL.replace("label: Calm", "label: [Calm"))) == 1


def test_an_id_given_twice_names_the_first():
    again = SMALL.replace("aspects:", "  - id: calm\n    label: Other\n    definition: Other.\naspects:")
    assert lines_and_words(again) == [(6, "framings[2].id is 'calm' again, first on line 3")]


@pytest.mark.parametrize("text", ["", "[]", "7", "[" * 5000, "a: &a [*a]"])
def test_what_is_no_taxonomy_at_all_is_a_fault(text):
    assert check_taxonomy(text)


def test_what_the_reader_refuses_is_a_fault(tmp_path):
    rng = random.Random(3)
    pieces = ["", "[", "7", "- ", "x: ", "\n", '"', "!!set ", "null", "<<: ", "&a ", "*a", "  ", "#", "!!omap "]
    refused = 0
    for number in range(400):
        at = rng.randrange(len(SMALL))
        text = SMALL[:at] + rng.choice(pieces) + SMALL[at + rng.choice([0, 1, 4]) :]
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            load_taxonomy(path)
        except TaxonomyError:
            refused += 1
            assert check_taxonomy(text), text
    assert refused > 50


def test_the_check_of_a_missing_taxonomy_names_it(labels):
    (labels / FILE).unlink()
    assert ("missing-file", FILE, 1) in {(defect.kind, defect.file, defect.line) for defect in check_labels(labels)}
