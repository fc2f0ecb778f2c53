from __future__ import annotations

import json
import subprocess
import sys

import pytest

import policyframes

BANNED = (
    "torch",
    "transformers",
    "sklearn",
    "mlflow",
    "pandas",
    "matplotlib",
    "mpltern",
    "scipy",
    "datasets",
    "policyframes_training",
)
READERS = ("lxml", "trafilatura", "docx", "pypdfium2", "rich", "typer")


def modules_after(code: str) -> set[str]:
    report = "; import sys, json; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import policyframes",
        "import policyframes; policyframes.load().score(['The court decides.'])",
        "import policyframes.report.files, policyframes.report.terminal",
        "import policyframes.profiles, policyframes.aspects, policyframes.evidence, policyframes.voice",
        "import policyframes.profiles.frames, policyframes.profiles.notebook, policyframes.profiles.plots",
        "import policyframes.cli.score, policyframes.cli.compare, policyframes.cli.sample, policyframes.cli.doctor",
        "import policyframes.documents, policyframes.documents.child",
    ],
)
def test_scoring_imports_nothing_that_learns(code):
    assert modules_after(code).isdisjoint(BANNED)


def test_importing_the_package_imports_no_library():
    assert modules_after("import policyframes").isdisjoint({"numpy", "jinja2", "yaml", "safetensors", *READERS})


def test_scoring_texts_needs_no_document_reader():
    assert modules_after("import policyframes; policyframes.load().score(['A text.'])").isdisjoint(READERS)


def test_the_fast_tier_loads_no_library_of_the_encoder():
    loaded = modules_after("import policyframes; policyframes.load().score(['A text.'])")

    assert loaded.isdisjoint({"onnxruntime", "tokenizers", "openvino"})


def test_every_public_name_is_there():
    assert all(getattr(policyframes, name) is not None for name in policyframes.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = policyframes.nothing
