"""The development documents: plain text to the byte, and the same letters through PDF and DOCX."""

import csv
import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from conversion import split_blocks, write_docx, write_pdf

from policyframes.documents import read_document

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def letters(text):
    return "".join(char for char in text.casefold() if char.isalnum())


def test_every_text_comes_back_to_the_byte_and_few_look_like_markdown(shared_folder):
    with (shared_folder / "documents" / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        hashes = {row["id"]: row["sha256"] for row in csv.DictReader(file)}
    paths = [shared_folder / "documents" / f"{name}.txt" for name in hashes]
    with ThreadPoolExecutor(2) as pool:
        documents = list(pool.map(read_document, paths))
    assert len(documents) == len(hashes) > 1000
    for document, path in zip(documents, paths, strict=True):
        content = path.read_bytes()
        assert document.text.encode("utf-8") == content
        assert document.sha256 == document.source_sha256 == hashes[document.id] == hashlib.sha256(content).hexdigest()
    # One test for both: each reading starts a process, of which there are a thousand.
    warned = [document.id for document in documents if any("Markdown" in warning for warning in document.warnings)]
    assert warned == ["bg-nss-2018", "orion-mexico-2026"]


@pytest.mark.parametrize("write", [write_pdf, write_docx])
@pytest.mark.parametrize("name", ["orion-mexico-2026", "nss-2001"])
def test_the_letters_survive_other_formats(shared_folder, tmp_path, name, write):
    text = (shared_folder / "documents" / f"{name}.txt").read_text(encoding="utf-8")
    document = read_document(write(text, tmp_path / f"{name}.{write.__name__.removeprefix('write_')}"))
    assert letters(document.text) == letters(text)
    wanted = Counter(filter(None, map(letters, split_blocks(text))))
    found = Counter(letters(document.text[block.start : block.end]) for block in document.blocks)
    assert (wanted & found).total() >= 0.95 * wanted.total()
