"""How well and how fast copies of articles are found: wire copies are made from texts, with noise of several kinds.

python benchmarks/duplicates.py                       texts of invented sentences
python benchmarks/duplicates.py --documents DIR       articles cut out of the .txt files of a folder
python benchmarks/duplicates.py --rows 100000         speed and memory as well
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

from policyframes.archive.duplicates.clusters import Clusters
from policyframes.archive.duplicates.signatures import sign_text

_SHARD = 1000
_ARTICLE = (6, 30)
_SENTENCE = 6
_STARTS = "The ministry|A court|The harbour council|Two neighbours|The committee|An agency|The alliance|A union".split(
    "|"
)
_VERBS = "approved delayed signed rejected reviewed funded published opened postponed welcomed criticised ended".split()
_THINGS = "treaty budget bridge ship licence tariff border school network pipeline forecast election patrol".split()
_TAILS = "rivers farmers exporters students pilots hospitals cities miners readers voters insurers airlines".split()


def make_sentence(chance: random.Random) -> str:
    """Return an invented sentence."""

    def word() -> str:
        return "".join(chance.choice("bdfgklmnprstv") + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))

    return (
        f"{chance.choice(_STARTS)} of {word().title()} {chance.choice(_VERBS)} the {word()} {chance.choice(_THINGS)} "
        f"for {chance.choice(_TAILS)} and {chance.choice(_TAILS)} after {chance.randint(2, 90)} days of {word()}."
    )


def cut_documents(folder: Path) -> list[str]:
    """Return the sentences of all texts of a folder, in order."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.txt")))
    return [
        part.strip() for text in texts for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) >= _SENTENCE
    ]


def make_articles(count: int, chance: random.Random, pool: list[str]) -> list[list[str]]:
    """Return articles as lists of sentences: stretches of the pool, or invented where there is none."""
    articles, place = [], 0
    for _ in range(count):
        size = chance.randint(*_ARTICLE)
        if pool:
            if place + size > len(pool):
                break
            articles.append(pool[place : place + size])
            place += size
        else:
            articles.append([make_sentence(chance) for _ in range(size)])
    return articles


def change_sentences(article: list[str], chance: random.Random, part: float) -> list[str]:
    """Return an article with a part of its sentences replaced by others."""
    changed = list(article)
    for place in chance.sample(range(len(article)), max(1, round(part * len(article)))):
        changed[place] = make_sentence(chance)
    return changed


def change_words(article: list[str], chance: random.Random, part: float) -> list[str]:
    """Return an article with a part of its words replaced by others."""

    def new(word: str) -> str:
        return "".join(chance.choice("bdfgklmnprstv") + chance.choice("aeiou") for _ in word[:3])

    return [" ".join(new(w) if chance.random() < part else w for w in sentence.split()) for sentence in article]


def add_byline(article: list[str], chance: random.Random) -> list[str]:
    """Return an article with what papers put around wires."""
    head = f"By {make_sentence(chance)[:20]} Staff writer, updated {chance.randint(1, 12)}:30."
    return [head, *article, "Follow our newsletter for more. All rights reserved.", make_sentence(chance)]


def cut_end(article: list[str], chance: random.Random, part: float) -> list[str]:
    """Return an article without a part of its end."""
    del chance
    return article[: max(3, round(len(article) * (1 - part)))]


Noise = Callable[[list[str], random.Random], list[str]]
NOISES: dict[str, Noise] = {
    "unchanged": lambda a, _: a,
    "by-line and footer": add_byline,
    "end cut by 20 %": lambda a, c: cut_end(a, c, 0.2),
    "end cut by 40 %": lambda a, c: cut_end(a, c, 0.4),
    "5 % of sentences": lambda a, c: change_sentences(a, c, 0.05),
    "10 % of sentences": lambda a, c: change_sentences(a, c, 0.1),
    "20 % of sentences": lambda a, c: change_sentences(a, c, 0.2),
    "20 % and by-line": lambda a, c: add_byline(change_sentences(a, c, 0.2), c),
    "20 %, by-line, cut 20 %": lambda a, c: add_byline(cut_end(change_sentences(a, c, 0.2), c, 0.2), c),
    "5 % of words": lambda a, c: change_words(a, c, 0.05),
    "10 % of words": lambda a, c: change_words(a, c, 0.1),
    "20 % of words": lambda a, c: change_words(a, c, 0.2),
}


def measure_recall(articles: list[list[str]], chance: random.Random) -> None:
    """Print how many copies are found, by noise, and how many articles are wrongly taken for copies."""
    ids = [f"a{number}" for number in range(len(articles))]
    clusters = Clusters()
    places = clusters.place(ids, b"".join(sign_text(" ".join(article)) for article in articles))
    false = sum(place.is_duplicate for place in places)
    print(f"{len(articles)} articles: {false} taken for copies of another ({false / len(articles):.3%})")
    for name, noise in NOISES.items():
        clusters = Clusters()
        clusters.place(ids, b"".join(sign_text(" ".join(article)) for article in articles))
        copies = [" ".join(noise(article, chance)) for article in articles]
        found = clusters.place([f"c{i}" for i in ids], b"".join(sign_text(copy) for copy in copies))
        right = sum(place.cluster == i for place, i in zip(found, ids, strict=True))
        wrong = sum(place.is_duplicate and place.cluster != i for place, i in zip(found, ids, strict=True))
        print(f"  {name:26} recall {right / len(ids):7.2%}   in a wrong cluster {wrong / len(ids):.2%}")


def measure_speed(rows: int, chance: random.Random) -> None:
    """Print seconds and memory for many articles, a fifth of them copies."""
    signing = placing = 0.0
    clusters = Clusters()
    words = [word for _ in range(2000) for word in make_sentence(chance).split()]
    sign_text("What is loaded once is no memory of the clusters.")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recent: list[list[str]] = []
    duplicates = 0
    for start in range(0, rows, _SHARD):
        # Of words drawn at once, because sentences take longer to make than to sign.
        articles = [[" ".join(chance.choices(words, k=16)) for _ in range(18)] for _ in range(_SHARD)]
        for place in range(0, _SHARD, 5):
            if recent:
                articles[place] = add_byline(change_sentences(chance.choice(recent), chance, 0.1), chance)
        recent = (recent + articles[1::97])[-500:]
        texts = [" ".join(article) for article in articles]
        begun = time.process_time()
        signatures = b"".join(sign_text(text) for text in texts)
        signed = time.process_time()
        places = clusters.place([f"article-{start + n}" for n in range(_SHARD)], signatures)
        placing += time.process_time() - signed
        signing += signed - begun
        duplicates += sum(place.is_duplicate for place in places)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{rows} articles, {duplicates} copies: signing {signing:.1f} s ({signing / rows * 1e6:.0f} us each, in the "
        f"workers), placing {placing:.1f} s ({placing / rows * 1e6:.0f} us each), memory +{memory:.0f} MB, "
        f"{memory * 2**20 / max(1, len(clusters)):.0f} bytes a cluster"
    )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(20240501)  # noqa: S311  (seeded chance is what is wanted)
    pool = cut_documents(options.documents) if options.documents else []
    if options.rows:
        measure_speed(options.rows, chance)
    else:
        measure_recall(make_articles(options.articles, chance, pool), chance)


if __name__ == "__main__":
    main()
