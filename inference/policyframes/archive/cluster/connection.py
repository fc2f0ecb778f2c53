"""The one door to Ray, which is an extra: joins a cluster or starts one on this machine. Nothing is sent elsewhere."""

from __future__ import annotations

import os
import secrets
import signal
import socket
from typing import Any

from policyframes.errors import ArchiveClusterError
from policyframes.extras import import_extra

_ADDRESS = "RAY_ADDRESS"
_TOKEN = "RAY_AUTH_TOKEN"  # noqa: S105  (the name of a variable)
_CLIENT = "ray://"
_SECONDS = 10.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def import_ray() -> Any:  # noqa: ANN401  (ray has no types that we could rely on)
    """Import ray, which then reports its use to nobody, unless the environment asks it to.

    Raises:
        MissingExtraError: it is not installed.
    """
    # Read when ray is imported, and by the processes that it starts.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    return import_extra(
        "ray",
        "ray",
        purpose="--engine ray",
        remedy="In the checkout, type: pip install '.[archive,ray]'. Without it, --engine local uses this machine.",
    )


def join_cluster(ray: Any, address: str = "", workers: int = 0) -> bool:  # noqa: ANN401  (a module)
    """Join a cluster, and return whether it is ours to leave.

    Args:
        ray: the module.
        address: `host:port` of the cluster, or `auto` on one of its machines; empty: RAY_ADDRESS, and where that is
            empty too, a cluster of this machine alone that lasts as long as the job.
        workers: CPUs of the cluster where it is started here; 0: those of the machine.

    Raises:
        ArchiveClusterError: the cluster cannot be joined.
    """
    if ray.is_initialized():
        return False
    address = address or os.environ.get(_ADDRESS, "")
    _check_address(address)
    settings: dict[str, object] = {"address": address}
    if not address:
        settings = {"address": "local", "include_dashboard": False, "num_cpus": workers or None}
    lent = {} if address or _TOKEN in os.environ else {_TOKEN: secrets.token_hex(32)}
    # The cluster of one job asks for a token of its own; without it Ray would leave one in the home folder.
    os.environ.update(lent)
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        ray.init(**settings, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise _make_unreachable(address or "this machine", str(error)) from error
    finally:
        for name in lent:
            del os.environ[name]
        # Ray takes SIGTERM for itself; how a job stops is for whoever started it to say.
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
    return True


def _check_address(address: str) -> None:
    """Refuse what cannot be an address, and one where nobody answers: Ray itself would wait for many minutes."""
    if address in {"", "auto", "local"}:
        return
    host, _, port = address.rpartition(":")
    if address.startswith(_CLIENT) or not host or not port.isdecimal():
        raise ArchiveClusterError(
            where=f"--address {address}",
            found="no address of a cluster's head",
            allowed="host:port, such as 10.0.0.5:6379, or auto on a machine of the cluster",
            remedy="Type the command on a machine of the cluster, or hand it in: ray job submit -- policyframes ...",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _make_unreachable(address, str(error)) from error


def _make_unreachable(address: str, found: str) -> ArchiveClusterError:
    return ArchiveClusterError(
        where=f"--engine ray, {address}",
        found=f"no cluster that can be joined: {' '.join(found.split())[:300]}",
        allowed="a running cluster with the same versions of Python and Ray",
        remedy="Check with: ray status --address ADDRESS. A cluster that asks for a token needs RAY_AUTH_MODE=token "
        "and its token in the environment. Then type the same command again.",
    )
