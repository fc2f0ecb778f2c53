"""Pages of every kind, and a headless Chromium to look at them with; without one, its tests skip with the reason."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from policyframes.documents.document import Block, BlockKind, Dropped
from policyframes.evidence import Evidence, Mark
from policyframes.profiles import Collection, compare
from policyframes.report.page import render_page
from policyframes.taxonomy import Aspect
from tests.inference.builders import make_document
from tests.inference.report.comparisons import collect

FILL = "the " * 40
_BODY = BlockKind.PARAGRAPH
KINDS = ("threat", "court", "partner", "the")


class Browser:
    """Chromium with what the tests ask of a page."""

    def __init__(self, driver) -> None:
        self.driver = driver

    def open(self, path: Path, *, width: int = 1280, dark: bool = False, scripts: bool = True) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())

    def call(self, command: str, **values):
        return self.driver.execute_cdp_cmd(command, values)

    def run(self, script: str, *values):
        return self.driver.execute_script(script, *values)

    def print(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])

    def read_names(self) -> str:
        """Return what assistive technology is told, as one text."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return "\n".join(
            f"{node['role']['value']}: {node.get('name', {}).get('value', '')}" for node in nodes if not node["ignored"]
        )

    @property
    def requests(self) -> list[str]:
        """What the page asked for since it was opened."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    @property
    def complaints(self) -> list[str]:
        """What the console says, refusals of the page's policy among it."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    paths = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    for name, path in paths.items():
        if path is None:
            pytest.skip(f"{name} is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = paths["chromium"]
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(paths["chromedriver"]))
    driver.set_script_timeout(120)
    yield Browser(driver)
    driver.quit()


@pytest.fixture
def read_collection(scorer):
    """Return a function that scores texts as documents of a collection, with metadata and aspects."""

    def read(texts, *, metadata=None, aspects=(), **changes):
        documents = []
        for name, text in texts.items():
            document = make_document(text, **{"id": name, "source": f"{name}.txt", **changes})
            scored = scorer.score_document(document)
            documents.append(
                collect(scored, [aspect.id for aspect in aspects], "own", **(metadata or {}).get(name, {}))
            )
        return Collection(tuple(documents), tuple(aspects), scorer.bundle)

    return read


@pytest.fixture
def render(read_collection):
    """Return a function that renders the page of one text."""

    def render_text(text, *, failures=(), **changes):
        return render_page(compare(read_collection({"doc": text}, **changes)), failures)

    return render_text


def write_text(number: int) -> str:
    paragraphs = [f"{KINDS[(number + row) % 4]} number {row} {FILL}." for row in range(14)]
    return "A short heading\n\n" + "\n\n".join(paragraphs) + "\n\nPage 3"


@pytest.fixture
def pages(read_collection, tmp_path) -> dict[str, Path]:
    """Return the files of a page of scores and one of a comparison, with evidence, warnings and a dropped block."""
    aspects = (Aspect("border", "Border", "Borders.", ("border",)), Aspect("trade", "Trade", "Trade.", ("trade",)))
    changes = {"warnings": ("Two columns were found.",), "dropped": (Dropped("Head", 1, "running head"),)}
    metadata = {f"d{n}": {"year": str(1990 + 2 * n), "administration": f"Adm {n // 2}"} for n in range(6)}
    texts = {f"d{number}": write_text(number) for number in range(6)}
    score = compare(read_collection({"d0": texts["d0"]}, page_starts=(0, 900), **changes))
    comparison = compare(
        read_collection(texts, metadata=metadata, aspects=aspects), "year", [aspect.id for aspect in aspects]
    )
    words = (Mark(0, 6, 2.0), Mark(7, 13, 0.9), Mark(14, 16, 0.1))
    evidence = {
        ("d0", number): {
            "securitized": Evidence("securitized", words, ()),
            "governance": Evidence("governance", words[1:], ()),
        }
        for number in range(1, 15)
    }
    found = {"score": render_page(score, evidence=evidence), "compare": render_page(comparison)}
    for name, text in found.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: tmp_path / f"{name}.html" for name in found}


@pytest.fixture
def make_hostile(read_collection):
    """Return a function that renders a page with one text in every place that a user's file or option fills."""

    def make(payloads, failures=()):
        names = [f"{number}{payload}" for number, payload in enumerate(payloads)]
        aspects = [Aspect(f"{n}{payload}", payload, payload, (payload,)) for n, payload in enumerate(payloads)]
        metadata = {
            name: {"title": payload, "year": f"{payload} {1990 + number}", "administration": payload, payload: payload}
            for number, (name, payload) in enumerate(zip(names, payloads, strict=True))
        }
        joined = "".join(payloads)
        common = {
            "title": joined,
            "source": joined,
            "format": joined,
            "warnings": tuple(payloads),
            "dropped": tuple(Dropped(payload, 1, payload) for payload in payloads),
        }
        documents = []
        for name, payload in zip(names, payloads, strict=True):
            heading, body = f"{payload}\n\n", f"threat {payload} {FILL}."
            blocks = (Block(0, len(payload), BlockKind.HEADING), Block(len(heading), len(heading + body), _BODY))
            one = read_collection({name: heading + body}, metadata=metadata, aspects=aspects, blocks=blocks, **common)
            documents += one.documents
        collection = Collection(tuple(documents), tuple(aspects), one.bundle)
        return render_page(compare(collection, "year", [aspect.id for aspect in aspects]), failures)

    return make
