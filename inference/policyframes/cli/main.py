"""The `policyframes` command: its subcommands, and the one place where errors become messages and exit codes.

Exit codes: 0 ok, 1 failure, 2 usage, 3 finished with documents that could not be scored, 4 refused, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from policyframes._version import __version__
from policyframes.cli.archive import app as archive
from policyframes.cli.compare import compare
from policyframes.cli.doctor import doctor
from policyframes.cli.sample import sample
from policyframes.cli.score import score
from policyframes.errors import MissingExtraError, OutputError, PolicyFramesError

INTERRUPTED = 130
_TRAINING = "policyframes_training"


def build_app() -> typer.Typer:
    """Return the command line with the commands of every installed package that adds some."""
    app = typer.Typer(
        name="policyframes",
        help="Measure how policy texts frame their subject: securitized, governance, partnership.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_main)
    app.command()(score)
    app.command()(compare)
    app.command()(sample)
    app.command()(doctor)
    app.add_typer(archive, name="archive")
    for point in sorted(entry_points(group="policyframes.commands"), key=lambda point: point.name):
        commands = point.load()
        # An app of one command is that command; typer gives it its own name where the app gets none.
        is_single = commands.registered_callback is None and len(commands.registered_commands) == 1
        app.add_typer(commands, name=None if is_single else point.name)
    return app


def run() -> None:
    """Run the command line; no traceback reaches a user."""
    try:
        build_app()()
    except PolicyFramesError as error:
        _say(error)
        raise SystemExit(error.exit_code) from None
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"policyframes", _TRAINING}:
            raise
        missing = MissingExtraError(
            where=f"policyframes {' '.join(sys.argv[1:2])}",
            found=f"the package '{error.name}' is not installed",
            allowed="this command with the training part installed",
            remedy="In the checkout, type: pip install '.[training]'",
        )
        _say(missing)
        raise SystemExit(missing.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of our output has left (`| head`).
        _silence_stdout()
        raise SystemExit(0) from None
    except OSError as error:
        unwritten = OutputError(
            where=str(error.filename or "standard output"),
            found=error.strerror or str(error),
            allowed="a place that can be read and written, on a disk with room",
            remedy="Free room, or write elsewhere.",
        )
        _say(unwritten)
        _silence_stdout()
        raise SystemExit(unwritten.exit_code) from None


def _silence_stdout() -> None:
    """Point standard output elsewhere, or Python complains once more at exit when it flushes what is left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(error: PolicyFramesError) -> None:
    # What a file says stands in the message, and must not steer the terminal.
    text = "".join(char if char.isprintable() or char == "\n" else " " for char in f"{error.code}: {error}")
    Console(stderr=True, soft_wrap=True).print(Text(text))


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer calls it with the flag's value)
    if wanted:
        from policyframes.bundle import FORMAT_VERSION  # noqa: PLC0415  (numpy costs time that --help need not pay)
        from policyframes.scorer import DEFAULT_BUNDLE  # noqa: PLC0415

        typer.echo(f"policyframes {__version__}, bundle {DEFAULT_BUNDLE}, bundle format {FORMAT_VERSION}")
        raise typer.Exit


def _main(
    version: Annotated[  # noqa: FBT002  (typer's way to declare a flag)
        bool,
        typer.Option("--version", help="Print package, bundle and format.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Measure how policy texts frame their subject: securitized, governance, partnership."""
