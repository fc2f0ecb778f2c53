"""`policyframes doctor`: is this installation able to read and score? Every check says what it found."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from policyframes._version import __version__
from policyframes.errors import BundleNotFoundError, MissingExtraError, PolicyFramesError

_LIBRARIES = (
    "jinja2",
    "lxml",
    "markdown-it-py",
    "numpy",
    "pypdfium2",
    "python-docx",
    "pyyaml",
    "safetensors",
    "trafilatura",
)
_FREE_BYTES = 100_000_000
_PROBE = "The two governments plan together and share the cost of the joint commission that they have agreed upon."


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str
    ok: bool
    found: str


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a check.")] = False) -> None:
    """Check the installation: libraries, bundles and their hashes, the isolated reader, disk.

    Exit codes: 0 all well; 1 a check failed.
    """
    checks = list(run_checks())
    for check in checks:
        if as_json:
            typer.echo(json.dumps(asdict(check), ensure_ascii=False))
        else:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {check.found}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def run_checks() -> Iterator[Check]:
    """Yield the result of every check; none of them raises."""
    yield Check("policyframes", ok=True, found=f"{__version__} on Python {sys.version.split()[0]}")
    yield from (_check_library(name) for name in _LIBRARIES)
    for name, check in (("taxonomy", _check_taxonomy), ("reader", _check_reader), ("disk", _check_disk)):
        yield _run(name, check)
    yield from _check_bundles()
    yield from _check_qualities()


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, found=check())
    except (PolicyFramesError, OSError) as error:
        return Check(name, ok=False, found=str(error))


def _check_library(name: str) -> Check:
    try:
        return Check(name, ok=True, found=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, ok=False, found="not installed. Type: pip install --force-reinstall . in the checkout")


def _check_taxonomy() -> str:
    from policyframes.taxonomy import load_taxonomy  # noqa: PLC0415  (only the doctor's own cost)

    taxonomy = load_taxonomy()
    return f"{', '.join(taxonomy.framing_ids)}; {len(taxonomy.aspects)} aspects; sha256 {taxonomy.sha256[:12]}"


def _check_reader() -> str:
    from policyframes.documents import read_document  # noqa: PLC0415

    samples = {
        "txt": _PROBE.encode(),
        "md": f"# Probe\n\n{_PROBE}".encode(),
        "html": f"<html><body><main><p>{_PROBE}</p></main></body></html>".encode(),
        "docx": _make_docx(),
        "pdf": _make_pdf(),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in samples.items():
            path = Path(folder, f"probe.{name}")
            path.write_bytes(content)
            read_document(path)
    return f"{', '.join(samples)}: each read in a process of its own"


def _make_docx() -> bytes:
    import docx  # noqa: PLC0415

    document = docx.Document()
    document.add_paragraph(_PROBE)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _make_pdf() -> bytes:
    """Return the smallest sound PDF with one line of text."""
    content = f"BT /F 9 Tf 40 700 Td ({_PROBE}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        *(size, table, size),
        len(data),
    )


def _check_disk() -> str:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < _FREE_BYTES:
        raise OSError(f"{free / 1e6:,.0f} MB free in {tempfile.gettempdir()}; 100 MB are needed. Free some room.")
    return f"{free / 1e9:,.1f} GB free for temporary files"


def _check_bundles() -> Iterator[Check]:
    from policyframes.bundle import load_bundle  # noqa: PLC0415
    from policyframes.resources import models_folder  # noqa: PLC0415
    from policyframes.scorer import load  # noqa: PLC0415

    def describe(path: Path) -> Callable[[], str]:
        def check() -> str:
            verified = f"hashes verified, id {load_bundle(path).id[:12]}"
            try:
                score = load(path).score([_PROBE])[0]
            except MissingExtraError as error:
                return f"{verified}; not used here: {error.found}. {error.remedy}"
            return f"{verified}; the probe scores {', '.join(score.framings) or 'none'}"

        return check

    folders = sorted(path for path in models_folder().glob("*-v*") if path.is_dir()) if models_folder().is_dir() else []
    if not folders:
        yield Check("bundles", ok=False, found=f"there is none in {models_folder()}. Reinstall policyframes.")
    for path in folders:
        yield _run(path.name, describe(path))


def _check_qualities() -> Iterator[Check]:
    from policyframes.backends import QUALITIES  # noqa: PLC0415
    from policyframes.backends.runtimes import choose_runtime  # noqa: PLC0415
    from policyframes.scorer import load  # noqa: PLC0415

    for quality in QUALITIES:
        try:
            found = f"available, with {load(quality=quality).bundle.name}"
            found += f" on {choose_runtime()}" if quality != "fast" else ""
        except (BundleNotFoundError, MissingExtraError) as error:
            # The base installation scores with the fast bundle alone, and that is no defect.
            found = f"not available: {error.where}: {error.found}. {error.remedy}"
        except (PolicyFramesError, OSError) as error:
            yield Check(quality, ok=False, found=str(error))
            continue
        yield Check(quality, ok=True, found=found)
