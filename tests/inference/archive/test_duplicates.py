"""Copies of articles: found in spite of what papers change, counted once, and the same after any kill."""

from __future__ import annotations

import json
import random
import shutil
import sys

import pytest

from policyframes.archive.duplicates import signatures
from policyframes.archive.duplicates.clusters import Clusters
from policyframes.archive.duplicates.signatures import SIGNATURE, sign_text
from policyframes.errors import MissingExtraError
from tests.inference.archive.archives import make_rows, read_documents, read_entries, read_tree, run_job, write_rows

pytest.importorskip("datasketch", reason="datasketch, the extra dedupe, is not installed")

WORDS = (
    "harbour council river bridge treaty border court minister budget school patrol network tariff ship union "
    "farmer pilot storm election report plan road city island forest market engine letter window garden signal"
).split()


def write_article(chance, sentences=12):
    return [
        " ".join(chance.choice(WORDS) for _ in range(chance.randint(9, 16))).capitalize() + "."
        for _ in range(sentences)
    ]


def place(texts):
    return Clusters().place([f"a{n}" for n in range(len(texts))], b"".join(sign_text(text) for text in texts))


def test_a_signature_is_the_same_wherever_it_is_made():
    assert sign_text("The harbour council meets the river towns.") == sign_text(
        "the Harbour  council meets the river towns"
    )
    assert len(sign_text("Bridge")) == SIGNATURE


def test_an_article_with_another_by_line_a_cut_end_and_changed_sentences_is_found_and_others_are_not():
    chance = random.Random(3)
    articles = [write_article(chance) for _ in range(300)]
    copies = []
    for article in articles:
        changed = list(article)
        changed[chance.randrange(len(changed))] = write_article(chance, 1)[0]
        copies.append(["By our own correspondent in the harbour.", *changed[:-1]])

    places = place([" ".join(article) for article in (*articles, *copies)])

    assert not any(found.is_duplicate for found in places[:300])
    assert sum(found.cluster == f"a{n}" for n, found in enumerate(places[300:])) >= 297
    assert all(found.is_duplicate == (found.cluster != f"a{n}") for n, found in enumerate(places))


def test_a_copy_belongs_to_the_first_article_of_its_cluster_in_order():
    chance = random.Random(4)
    article, other = " ".join(write_article(chance)), " ".join(write_article(chance))

    assert [found.cluster for found in place([article, other, article, other, article])] == [
        "a0",
        "a1",
        "a0",
        "a1",
        "a0",
    ]


def test_articles_in_parts_are_placed_as_articles_at_once():
    chance = random.Random(5)
    texts = [" ".join(write_article(chance)) for _ in range(40)]
    texts += [chance.choice(texts) for _ in range(60)]
    ids = [f"a{n}" for n in range(100)]
    whole = place(texts)

    for size in (1, 7, 50):
        clusters, found = Clusters(), []
        for start in range(0, 100, size):
            signed = b"".join(sign_text(text) for text in texts[start : start + size])
            if start % (3 * size) == 0:
                # As after a kill: what was placed before is read back.
                again = Clusters()
                done = [place.is_duplicate for place in found]
                again.recall(ids[:start], b"".join(sign_text(text) for text in texts[:start]), done)
                clusters = again
            found += clusters.place(ids[start : start + size], signed)
        assert found == whole


@pytest.fixture
def wires(tmp_path):
    rows = make_rows(60, seed=2)
    chance = random.Random(6)
    for number, row in enumerate(rows):
        if row["text"] and row["text"].strip():
            row["text"] = " ".join(write_article(chance))
        if number >= 30 and number % 3 == 0:
            row["text"] = rows[number - 30]["text"]
    return write_rows(tmp_path / "wires.jsonl", rows)


@pytest.mark.parametrize("output_format", ["parquet", "jsonl"])
def test_copies_are_flagged_and_left_out_of_the_shares(wires, tmp_path, bundle_folder, output_format):
    summary = run_job(
        wires, tmp_path / "out", bundle_folder, dedupe=True, any_language=True, output_format=output_format
    )

    folder = tmp_path / f"out/documents.{output_format}"
    if output_format == "jsonl":
        rows = [json.loads(line) for part in sorted(folder.iterdir()) for line in part.read_text().splitlines()]
    else:
        rows = read_documents(tmp_path / "out")
    copies = [row for row in rows if row["is_duplicate"]]
    firsts = [row for row in rows if not row["is_duplicate"]]
    known = {row["document"]: row for row in firsts}
    assert summary.duplicates == len(copies) >= 5
    assert all(row["cluster"] == row["document"] for row in firsts)
    assert all(row["share_governance"] == known[row["cluster"]]["share_governance"] for row in copies)
    once = sum(row["governance"] for row in firsts) / sum(row["passages"] for row in firsts)
    assert summary.shares["governance"] == round(once, 4)
    assert summary.passages == sum(row["passages"] for row in rows)
    assert summary.duplicate_passages == sum(row["passages"] for row in copies)


def test_clusters_are_the_same_after_a_kill_and_with_a_shard_made_anew(wires, tmp_path, bundle_folder):
    run_job(wires, tmp_path / "out", bundle_folder, dedupe=True, any_language=True)
    whole = read_tree(tmp_path / "out")
    for gone in (0, 1, 2):
        shutil.copytree(tmp_path / "out", tmp_path / f"again{gone}")
        entries = read_entries(tmp_path / f"again{gone}")
        (tmp_path / f"again{gone}" / entries[gone].files["documents"].path).write_bytes(b"torn")

        run_job(wires, tmp_path / f"again{gone}", bundle_folder, dedupe=True, any_language=True)

        assert read_tree(tmp_path / f"again{gone}") == whole


@pytest.mark.slow
def test_clusters_are_the_same_with_two_workers(wires, tmp_path, bundle_folder):
    run_job(wires, tmp_path / "one", bundle_folder, dedupe=True, any_language=True)
    run_job(wires, tmp_path / "two", bundle_folder, dedupe=True, any_language=True, workers=2)

    assert read_tree(tmp_path / "one") == read_tree(tmp_path / "two")


def test_without_the_extra_the_job_ends_before_it_begins(wires, tmp_path, bundle_folder, monkeypatch):
    signatures._make_empty.cache_clear()
    monkeypatch.setitem(sys.modules, "datasketch", None)

    with pytest.raises(MissingExtraError, match=r"datasketch: not installed.*dedupe"):
        run_job(wires, tmp_path / "out", bundle_folder, dedupe=True, any_language=True)

    assert not (tmp_path / "out").exists()
