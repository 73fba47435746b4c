"""The ``dormouse`` command: one file per subcommand in dormouse/commands, errors as one line."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import dormouse
from dormouse import commands
from dormouse.errors import DormouseError
from dormouse.upgrading import swap

# click's own class, wherever this release of typer keeps it
_CLICK_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
_INTERRUPTED = 130


def _show_version(value: bool) -> None:
    if value:
        print(f"dormouse {dormouse.__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Dormouse: battery-powered MicroPython sensor nodes that publish by MQTT and sleep."""


def build(wanted: str = "") -> typer.Typer:
    """The command with every subcommand found in dormouse/commands.

    A module NAME.py there holds a function NAME whose docstring is the help; names with a leading underscore are
    not commands.
    Arguments: wanted, the one subcommand that is needed: what the others import takes most of a second.
    """
    app = typer.Typer(name="dormouse", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_options)
    names = sorted(found.name for found in pkgutil.iter_modules(commands.__path__) if not found.name.startswith("_"))
    for name in [wanted] if wanted in names else names:
        loaded = importlib.import_module(f"{commands.__name__}.{name}")
        app.command(name.replace("_", "-"))(getattr(loaded, name))
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Arguments: arguments, the words after ``dormouse`` (default: those of the command line).
    Returns the exit status: 0 ok, 1 the thing failed, 2 wrong usage, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    ended = swap.before(words)
    if ended is not None:
        return ended
    command = typer.main.get_command(build(words[0] if words else ""))
    try:
        status = command.main(args=words, prog_name="dormouse", standalone_mode=False)
    except DormouseError as error:
        return _fail(str(error), error.exit_code)
    except _CLICK_USAGE_ERROR as error:
        if not words:
            return 2  # the help is on the screen already
        where = getattr(getattr(error, "ctx", None), "command_path", "dormouse")
        return _fail(f"{_text_of(error)} ('{where} --help' tells more)", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # The reader, `| head` say, has left; Python must not try again to write what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if status == _INTERRUPTED:  # typer's answer to Ctrl-C, which says nothing
        return _fail("interrupted", _INTERRUPTED)
    return status if isinstance(status, int) else 0


def _text_of(error: Exception) -> str:
    text = getattr(error, "format_message", error.__str__)()
    return " ".join(str(text).split()).rstrip(".")


def _fail(text: str, status: int) -> int:
    print(f"dormouse: {text}", file=sys.stderr)
    return status
