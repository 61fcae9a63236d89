"""Standard streams that are slow, closed or gone, and signals."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cleanup import cli as command_line
from tests.test_cli import CLEANUP, call, records


def test_broken_pipe() -> None:
    line = json.dumps({"id": "x", "text": "A line of text that is long enough to be a text."}) + "\n"
    command = subprocess.Popen([*CLEANUP, "--no-dedup"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert command.stdin
    assert command.stdout
    assert command.stderr
    command.stdin.write(line.encode() * 200)  # less than a pipe holds, there and back
    command.stdin.flush()
    command.stdout.readline()
    command.stdout.close()
    try:
        command.stdin.write(line.encode() * 3000)
        command.stdin.close()
    except BrokenPipeError:
        pass
    assert command.wait(60) == 141
    assert command.stderr.read() == b""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt(by: signal.Signals) -> None:
    # Where the tests themselves run in the background, interrupts are ignored, and a child inherits that.
    command = subprocess.Popen(
        [*CLEANUP, "--no-dedup"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(by, signal.SIG_DFL),
    )
    assert command.stdin
    assert command.stdout
    assert command.stderr
    command.stdin.write(b'{"text": "One line of text."}\n')
    command.stdin.flush()
    assert command.stdout.readline()
    command.send_signal(by)
    try:
        assert command.wait(60) == 130
        assert command.stderr.read().strip() == b"cleanup: interrupted"
    finally:
        command.kill()


def test_records_do_not_wait_for_those_that_come_later() -> None:
    command = subprocess.Popen(CLEANUP, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert command.stdin
    assert command.stdout
    try:
        found = b""
        for there in (3, 6):
            command.stdin.write(
                b"".join(b'{"id": %d, "text": "Text number %d."}\n' % (one, one) for one in range(there - 3, there))
            )
            command.stdin.flush()
            while found.count(b"\n") < there:
                assert select.select([command.stdout], [], [], 60)[0], "a record waits for others"
                found += os.read(command.stdout.fileno(), 1 << 16)
    finally:
        command.kill()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_run_does_without_standard_streams(tmp_path: Path, samples: Path, closed: str) -> None:
    words = [*CLEANUP, "run", str(samples / "news.jsonl"), "-o", str(tmp_path / "out")]
    done = subprocess.run(["sh", "-c", f"{shlex.join(words)} {closed}"], capture_output=True, check=False)
    assert done.returncode == 0
    assert len(records(tmp_path / "out" / "corpus")) == 4
    assert b"bug" not in done.stderr


@pytest.mark.parametrize("command", ["run - -o out", "check -", "corrupt - --recipe near", "review done"])
def test_a_closed_standard_input_is_said(tmp_path: Path, samples: Path, command: str) -> None:
    call("run", samples, "-o", tmp_path / "done")
    done = subprocess.run(["sh", "-c", f"{shlex.join(CLEANUP)} {command} <&-"], capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode in (2, 3)
    assert re.match(rb"cleanup: (error|-): (standard input is closed|answers are read from a terminal)", done.stderr)


def test_who_reads_no_errors_gets_the_exit_code(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*CLEANUP, "check", "nothing"], stderr=writer, cwd=tmp_path, check=False)
    os.close(writer)
    assert done.returncode == 3


@pytest.mark.parametrize("args", [[], ["rules", "list"]])
def test_a_closed_standard_output_is_said(args: list[str]) -> None:
    words = shlex.join([*CLEANUP, *args])
    done = subprocess.run(["sh", "-c", f"{words} >&-"], input=b"A text.", capture_output=True, check=False)
    assert (done.returncode, done.stderr.split(b"\n")[0]) == (2, b"cleanup: error: standard output is closed")


def test_interrupt_while_the_command_line_is_imported() -> None:
    program = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from cleanup.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"cleanup: interrupted\n")


def test_an_interrupt_that_became_another_error_is_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: object) -> None:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr(command_line.cli, "main", interrupted)
    monkeypatch.setattr(command_line, "_leave", sys.exit)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("cleanup: interrupted")
