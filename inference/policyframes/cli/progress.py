"""How a long job gets on, on standard error: a bar where somebody looks, else a line a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from policyframes.archive.ledger import Entry

_MINUTE = 60.0


class Progress:
    """Counts rows and says how fast they come.

    Args:
        live: that shows the state at all times; None: a line a minute.
        quiet: nothing is said.
    """

    def __init__(self, live: Live | None, *, quiet: bool) -> None:
        self._live = live
        self._quiet = quiet
        self._rows = -1
        self._before = self._done = self._quarantined = 0
        self._start = self._said = time.monotonic()

    def say(self, message: str) -> None:
        """Print a sentence."""
        if not self._quiet:
            console = self._live.console if self._live else Console(stderr=True, soft_wrap=True)
            console.print(Text(message))

    def begin(self, rows: int, done: int) -> None:
        """Start counting."""
        self._rows, self._before = rows, done
        self._start = self._said = time.monotonic()

    def advance(self, entry: Entry) -> None:
        """Count a shard."""
        self._done += entry.rows
        self._quarantined += entry.quarantined
        now = time.monotonic()
        if self._live is not None:
            self._live.update(Text(self._describe(now)))
        elif now - self._said >= _MINUTE:
            self._said = now
            self.say(self._describe(now))

    def _describe(self, now: float) -> str:
        rate = self._done / max(now - self._start, 1e-9)
        total = self._before + self._done
        parts = [f"{total} rows" if self._rows < 0 else f"{total} of {self._rows} rows"]
        parts.append(f"{rate:.0f} a second")
        if self._rows >= 0:
            parts.append(f"{format_seconds((self._rows - total) / rate)} left" if rate else "")
        parts.append(f"{self._quarantined} quarantined")
        return ", ".join(part for part in parts if part)


def format_seconds(seconds: float) -> str:
    """Return a time in hours and minutes, or in seconds where it is short."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004


@contextmanager
def open_progress(*, quiet: bool) -> Iterator[Progress]:
    """Show a job's progress while the block runs."""
    if quiet or not sys.stderr.isatty():
        yield Progress(None, quiet=quiet)
        return
    with Live(console=Console(stderr=True), transient=True, refresh_per_second=4) as live:
        yield Progress(live, quiet=False)
