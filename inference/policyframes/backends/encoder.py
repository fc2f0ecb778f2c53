"""The encoder: tokens of a passage to logits, by a fine-tuned transformer in one ONNX file.

A passage longer than the model reads is scored in overlapping windows, and its logits are the highest of any window,
framing by framing: a framing is present where some part of the passage carries it. Nothing is cut off unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from policyframes.backends.runtimes import Tokens, choose_runtime, open_runtime
from policyframes.backends.tiers import Logits, Reading
from policyframes.bundle import Bundle
from policyframes.cores import count_cores
from policyframes.errors import BundleDamagedError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# The share of a window that the next one repeats, so that no sentence is only seen cut in two.
_OVERLAP = 4
# What the tokenizer says of a text takes more room than the text: so many are cut at a time.
_TEXTS = 512


class Encoder:
    """A transformer and its head; each passage's logits are its own, whatever else is scored with it.

    Args:
        bundle: of the kind `encoder-onnx`.
        runtime: name of the library that runs the graph; see `choose_runtime`.
        threads: how many windows are read at a time; as many as there are cores unless given.

    Raises:
        MissingExtraError: a library is not installed.
        BundleDamagedError: the tokenizer or the graph cannot be read.
    """

    def __init__(self, bundle: Bundle, *, runtime: str | None = None, threads: int | None = None) -> None:
        self.runtime = choose_runtime(runtime)
        self._tokenizer = _open_tokenizer(bundle.files["tokenizer.json"], int(bundle.features["max_tokens"]))
        self._threads = threads or count_cores()
        self._runtime = open_runtime(self.runtime, bundle.files["model.onnx"], self._threads)
        self._framings = len(bundle.framings)

    def logits(self, texts: Sequence[str]) -> Logits:
        """Return the logits, shape (texts, framings); of a long text the highest of its windows.

        Raises:
            BundleDamagedError: the graph does not fit the tokenizer, or gives something else than logits.
        """
        logits = np.full((len(texts), self._framings), -np.inf)
        with ThreadPoolExecutor(max_workers=self._threads) as pool:
            for start in range(0, len(texts), _TEXTS):
                self._fill(logits[start : start + _TEXTS], texts[start : start + _TEXTS], pool)
        return logits

    def _fill(self, logits: Logits, texts: Sequence[str], pool: ThreadPoolExecutor) -> None:
        windows, owners = self._cut(texts)
        batches = self._group(windows)
        read = pool.map(lambda batch: self._run([windows[i] for i in batch]), batches)
        for batch, rows in zip(batches, read, strict=True):
            np.maximum.at(logits, [owners[i] for i in batch], rows)

    def _group(self, windows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Return the places of the windows in batches, each of one length: padding would change their logits a little.

        The longest come first, so that no thread is left with a long one at the end.
        """
        order = sorted(range(len(windows)), key=lambda i: -len(windows[i]))
        groups = [list(group) for _, group in groupby(order, key=lambda i: len(windows[i]))]
        size = self._runtime.batch
        return [group[i : i + size] for group in groups for i in range(0, len(group), size)]

    def read(self, texts: Sequence[str]) -> Reading:
        """Return the logits; the encoder reads every text."""
        return Reading(self.logits(texts), np.ones(len(texts), dtype=np.bool_))

    def _cut(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Return the windows of all texts, as token ids, and for each window the place of its text."""
        windows, owners = [], []
        with _named_errors():
            encodings = self._tokenizer.encode_batch_fast([_mend(text) for text in texts])
        for owner, encoding in enumerate(encodings):
            for window in (encoding, *encoding.overflowing):
                # A tokenizer without marks gives an empty text no token, and a graph needs one.
                windows.append(window.ids or [0])
                owners.append(owner)
        return windows, owners

    def _run(self, windows: Sequence[Sequence[int]]) -> Logits:
        ids: Tokens = np.array(windows, dtype=np.int64)
        logits = self._runtime.run(ids, np.ones_like(ids))
        if logits.shape != (len(windows), self._framings) or not np.isfinite(logits).all():
            raise BundleDamagedError(
                where="model.onnx",
                found=f"it gives {'numbers that are not finite' if logits.size else 'nothing'}, or of another shape",
                allowed=f"{self._framings} finite logits a passage",
                remedy="Export the encoder again.",
            )
        return logits


def _mend(text: str) -> str:
    # The library takes no half of a surrogate pair.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _open_tokenizer(data: bytes, max_tokens: int) -> Tokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415  (an extra)

    with _named_errors():
        tokenizer = Tokenizer.from_buffer(data)
        # The file may ask for a fixed length and for cutting at another; both would change what the model reads.
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens, stride=max_tokens // _OVERLAP)
    return tokenizer


@contextmanager
def _named_errors() -> Iterator[None]:
    """Name what the tokenizer's library raises, which has no class of its own for anything."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (the library raises nothing narrower)
        raise _make_senseless(error) from None
    except BaseException as error:
        # A panic in the library's Rust stands beside Exception, not below it.
        if type(error).__name__ != "PanicException":
            raise
        raise _make_senseless(error) from None


def _make_senseless(error: BaseException) -> BundleDamagedError:
    return BundleDamagedError(
        where="tokenizer.json",
        found=f"it is no tokenizer that works ({' '.join(str(error).split())[:200]})",
        allowed="the file that the tokenizer of the model was saved to",
        remedy="Export the encoder again.",
    )
