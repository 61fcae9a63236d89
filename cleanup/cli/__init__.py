"""The command line. Commands are imported when they are used, so that `--help` answers at once."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import shlex
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from cleanup.cli.options import filter_options
from cleanup.engines import SELDOM

COMMANDS = {
    "run": ("cleanup.cli.run:run_command", "Clean and deduplicate a collection into a directory."),
    "check": ("cleanup.cli.check:check_command", "Dry run: show every proposed change, write nothing."),
    "explain": ("cleanup.cli.explain:explain_command", "Why: ledger rows and word diff of a document; --revert."),
    "rules": ("cleanup.cli.rules:rules_group", "List, show and test the rules; learn from a run."),
    "index": ("cleanup.cli.index:index_group", "The persistent near-duplicate index."),
    "eval": ("cleanup.cli.eval:eval_command", "Metrics on labelled data, and gates."),
    "corrupt": ("cleanup.cli.corrupt:corrupt_command", "Labelled dirty data made from clean text."),
    "review": ("cleanup.cli.review:review_command", "Answer the held decisions of a run."),
    "report": ("cleanup.cli.report:report_command", "Rebuild a run's report.html."),
    "init": ("cleanup.cli.init:init_command", "Write a commented cleanup.toml."),
}


class OutputError(Exception):
    """Standard output takes no more: its reader has gone, or its disk is full."""


class Commands(click.Group):
    """A group whose commands are named here and imported only when they are called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; click would make of a broken pipe an exit code of its own."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise OutputError from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's protocol)
        """All command names, in the order of a user's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's protocol)
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command; for a file name say what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            name = args[0]
            if os.path.exists(name) or "." in name or "/" in name:
                hint = f"to clean files: cleanup run {name} -o DIR   or   cleanup < {name}"
            else:
                import difflib

                near = difflib.get_close_matches(name, COMMANDS, 1)
                hint = f"did you mean `cleanup {near[0]}`?" if near else "`cleanup --help` lists the commands"
            raise click.UsageError(f"{error.message.rstrip('.')}\nhint: {hint}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's protocol)
        """The listing, without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Without a command, cleanup is a filter: cleanup < in > out. Exit codes: 0 done; 1 check found something or a gate "
    "broke; 2 wrong usage, configuration or rule; 3 finished, but some inputs could not be read; 130 interrupted; "
    "141 broken pipe.",
)
@click.version_option(package_name="corpus-cleanup", prog_name="cleanup")
@filter_options
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """Clean scraped news: repair mojibake, strip boilerplate, identify the language, detect and repair spun text, find
    near-duplicates. Every change can be explained and undone."""
    if ctx.invoked_subcommand is not None:
        _options_behind_the_command(ctx, options)
        return
    from cleanup.cli.filter import run_filter

    if sys.stdin is None or sys.stdin.isatty():
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)
    ctx.exit(run_filter(options))


def _options_behind_the_command(ctx: click.Context, options: dict[str, Any]) -> None:
    """Those before it belong to the filter; passed over in silence they would be taken to hold."""
    given = [name for name in options if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if given:
        flags = next(param.opts[0] for param in cli.params if param.name == given[0])
        raise click.UsageError(f"{flags} stands before {ctx.invoked_subcommand}: options belong behind the command")


def main() -> None:
    """The entry point: errors become one clear line with a hint and the exit code of the contract."""
    code = 0
    gc.set_threshold(*SELDOM)
    _stand_in()
    try:
        _heed_signals()
        code = cli.main(prog_name="cleanup", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.exceptions.Abort:
        code = _interrupted()
    except KeyboardInterrupt:
        code = _interrupted()
    except (BrokenPipeError, OutputError):
        _abandon_output()
        code = 141
    except click.ClickException as error:
        _complain(error)
        code = 2
    except Exception as error:
        code = _known(error)
    _leave(code)


def _stand_in() -> None:
    """For standard streams that are closed, lest a file that is opened later gets their number: messages go nowhere, and what is
    printed fails as it does elsewhere. What is printed is UTF-8."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
            if number:
                setattr(sys, name, open(opened, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 (lasts as long as we do)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # in any locale, as documents are


def _heed_signals() -> None:
    """Who ends this process or hangs up interrupts it, too; but not where that is ignored, as under `nohup`."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _leave(code: int) -> NoReturn:
    """End the process. To take its objects down one by one, as Python does at its end, takes a tenth of a second."""
    if sys.getprofile() or sys.gettrace():  # somebody waits for that end
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)


def _say(message: str) -> None:
    """To who reads the errors, who may be the one that has gone: the exit code holds without it."""
    with suppress(OSError):
        click.echo(message, err=True)


def _known(error: Exception) -> int:
    from cleanup.cli.show import safe
    from cleanup.errors import CleanupError

    if isinstance(error.__cause__, KeyboardInterrupt):  # Python 3.11 makes another error of one that ends the making of a class
        return _interrupted()
    if isinstance(error, CleanupError):
        _say(f"cleanup: error: {safe(str(error))}")
        return error.exit_code
    if isinstance(error, RecursionError | MemoryError):
        _say(f"cleanup: error: {type(error).__name__}: an input is too deep or too large\nhint: see `limits` in cleanup.toml")
        return 3
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        _abandon_output()
        _say("cleanup: error: standard output is closed\nhint: send it to a file or a pipe")
        return 2
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO):
        _abandon_output()
        _say(f"cleanup: error: cannot write: {error.strerror}\nhint: free some space, then repeat the command")
        return 2
    if isinstance(error, OSError) and error.filename is not None and error.errno is not None:
        _say(f"cleanup: error: {safe(str(error.filename))}: {error.strerror}")
        _say("hint: name a file or directory that is there and that you may use")
        return 2
    if os.environ.get("CLEANUP_TRACEBACK"):
        raise error
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("cleanup"):
        _say(f"cleanup: error: {safe(str(error))}\nhint: {sys.executable} -m pip install {_distribution()}")
        return 2
    _say(f"cleanup: error: unexpected {type(error).__name__}: {safe(str(error))}")
    _say("hint: this is a bug of cleanup; CLEANUP_TRACEBACK=1 shows where it is, please report it")
    return 2


def _distribution() -> str:
    """What brings the dependencies: a checkout that is run as it lies there brings its own."""
    root = Path(__file__).resolve().parents[2]
    return shlex.quote(str(root)) if (root / "pyproject.toml").is_file() else "corpus-cleanup"


def _complain(error: click.ClickException) -> None:
    from cleanup.cli.show import safe

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.format_message())
        return
    _say(f"cleanup: error: {safe(error.format_message())}")
    if isinstance(error, click.NoSuchOption) and not error.option_name.startswith("--"):
        _say("hint: a name that begins with - stands behind --")
    elif isinstance(error, click.UsageError) and error.ctx is not None and "hint:" not in error.format_message():
        _say(f"hint: `{error.ctx.command_path} --help` shows the usage")


def _interrupted() -> int:
    resumes = sys.argv[1:2] == ["run"]
    _say("cleanup: interrupted" + ("; the same command goes on where this one stopped" if resumes else ""))
    return 130


def _abandon_output() -> None:
    # Nothing may be written there any more, not even by the interpreter's last flush.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
