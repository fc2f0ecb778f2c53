"""One text in every format: the same passages, and so the same scores."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import pytest

from policyframes import load, read_document

sys.path.insert(0, str(Path(__file__).with_name("documents")))
from conversion import looks_like_heading, split_blocks, write_docx, write_pdf  # isort: skip


def write_html(text, path):
    tags = ((("h2" if looks_like_heading(block) else "p"), escape(block)) for block in split_blocks(text))
    body = "\n".join(f"<{tag}>{block}</{tag}>" for tag, block in tags)
    path.write_text(f"<!DOCTYPE html><html><head><title>t</title></head><body><article>{body}</article></body></html>")


def write_markdown(text, path):
    blocks = (f"## {block}" if looks_like_heading(block) else block for block in split_blocks(text))
    path.write_text("\n\n".join(blocks), encoding="utf-8")


WRITERS = {"docx": write_docx, "pdf": write_pdf, "html": write_html, "md": write_markdown}


def letters(text):
    return "".join(char for char in text.lower() if char.isalnum())


def score_passages(path):
    return {letters(item.passage.text): item.score for item in load().score_document(read_document(path)).passages}


def agreement(text, folder, kind):
    """Return the share of the text's passages that come back alike from the other format, with the same framings."""
    plain, other = folder / "plain.txt", folder / f"other.{kind}"
    plain.write_text(text, encoding="utf-8")
    WRITERS[kind](text, other)
    expected, found = score_passages(plain), score_passages(other)
    same = [key for key in expected if key in found]
    assert all(expected[key].framings == found[key].framings for key in same)
    return len(same) / len(expected)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_passages_of_an_example_agree_between_formats(kind, checkout, tmp_path):
    text = read_document(checkout / "examples" / "documents" / "halmerra-strategy-2025.docx").text

    assert agreement(text, tmp_path, kind) >= 0.95


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["docx", "pdf"])
@pytest.mark.parametrize(("document", "share"), [("orion-mexico-2026", 0.95), ("nss-2001", 0.97)])
def test_the_passages_of_real_documents_agree_between_formats(shared_folder, tmp_path, document, share, kind):
    text = (shared_folder / "documents" / f"{document}.txt").read_text(encoding="utf-8")

    assert agreement(text, tmp_path, kind) >= share
