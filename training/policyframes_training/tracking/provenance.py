"""Where a run comes from: code commit, lock, environment, date. Reads them and changes nothing."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from policyframes.errors import UsageError

_CHECKOUT = Path(__file__).resolve().parents[3]
_LOCK = "constraints.txt"
_RECORDED = ("policyframes", "numpy", "scipy", "scikit-learn", "datasets", "mlflow", "safetensors")
_GIT_SECONDS = 20


def read_commit(checkout: Path = _CHECKOUT) -> str:
    """Return the commit of the checkout, with `-dirty` where files differ from it; `unknown` outside a checkout."""
    git = shutil.which("git")
    # An installed package may lie inside somebody else's repository, whose commit would mean nothing here.
    if git is None or not (checkout / "pyproject.toml").is_file() or not (checkout / ".git").exists():
        return "unknown"
    commit = _ask_git(git, checkout, "rev-parse", "HEAD")
    if not commit:
        return "unknown"
    changed = _ask_git(git, checkout, "status", "--porcelain", "--", "inference", "training", "labels")
    return f"{commit}-dirty" if changed else commit


def hash_lock(checkout: Path = _CHECKOUT) -> str | None:
    """Return the sha256 of the checkout's constraints.txt; None where there is none."""
    lock = checkout / _LOCK
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None


def read_environment() -> dict[str, str]:
    """Return the versions of Python and of what a result depends on, and the platform."""
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _RECORDED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    return versions


def read_date() -> str:
    """Return today's date in UTC, or that of SOURCE_DATE_EPOCH where it is set, ISO 8601.

    Raises:
        UsageError: SOURCE_DATE_EPOCH holds no number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            where="SOURCE_DATE_EPOCH",
            found=repr(epoch),
            allowed="seconds since 1970 as a whole number",
            remedy="Correct the variable or unset it.",
        ) from error
    return moment.date().isoformat()


def _ask_git(git: str, checkout: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(
            [git, "-C", str(checkout), *arguments], capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
