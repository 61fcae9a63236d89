"""Make the compiled kernels: when a distribution is built or installed, and where a checkout is used without being installed.

    python -m cleanup.kernels

The library is called after a digest of its sources and this file, so that it can't be used with others. Which compiler: `$CC`,
`cc`, `gcc`, `clang`; where there is none, the package `ziglang`, which brings one (the build asks for it only then).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUFFIX = ".dll" if sys.platform == "win32" else ".so"
# No contraction of floating point: the same numbers on every processor.
FLAGS = ("-O3", "-std=c99", "-shared", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
COMPILERS = ("cc", "gcc", "clang")
ZIG = "ziglang"
# What x86 processors have since 2013, as Linux and as compilers call it: compiled for them the same code takes a sixth less time.
WIDE = {"avx2": "-mavx2", "bmi1": "-mbmi", "bmi2": "-mbmi2", "popcnt": "-mpopcnt"}
ABOUT = "/proc/cpuinfo"


class NoCompilerError(Exception):
    """There is no C compiler, or it fails; the text says what it said."""


def sources() -> list[Path]:
    """What the library is made of, headers included."""
    return sorted([*HERE.glob("*.c"), *HERE.glob("*.h")])


def name() -> str:
    """The file name of the library that these sources give."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in sources():
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}{SUFFIX}"


def widened(name: str) -> str:
    """What the library of a name is called where it is made for processors that have all of WIDE."""
    return f"{name.removesuffix(SUFFIX)}-wide{SUFFIX}"


def is_wide() -> bool:
    """Whether the system says that the processor has all of WIDE, and lets it be used."""
    try:
        with open(ABOUT, "rb") as file:  # the first processor's lines are enough
            about = file.read(1 << 14)
    except OSError:
        return False
    flags = next((line.split() for line in about.split(b"\n")[:-1] if line.startswith(b"flags")), [])
    return all(flag.encode() in flags for flag in WIDE)


def compiler() -> list[str] | None:
    """The command of a C compiler; None where there is none."""
    if given := os.environ.get("CC"):
        return shlex.split(given)
    if found := next(filter(None, map(shutil.which, COMPILERS)), None):
        return [found]
    return [sys.executable, "-m", ZIG, "cc"] if importlib.util.find_spec(ZIG) else None


def build(folder: Path, *, wide: bool = False) -> Path:
    """Compile the kernels into a folder, which gets the library by rename; a library of the same sources is left as it is.

    `wide`: for processors that have all of WIDE.
    Raises NoCompilerError; OSError where the folder can't be written to.
    """
    import subprocess  # which a library that is there need not wait for
    import tempfile

    names = name(), widened(name())
    target = folder / names[wide]
    if target.exists():
        return target
    command = compiler()
    if command is None:
        raise NoCompilerError(f"no C compiler ({', '.join(COMPILERS)}, or the package {ZIG})")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".kernels-") as scratch:
        made = Path(scratch) / target.name
        files, flags = [path for path in sources() if path.suffix == ".c"], WIDE.values() if wide else ()
        try:
            done = subprocess.run([*command, *FLAGS, *flags, "-o", made, *files], capture_output=True, text=True, check=False)
        except OSError as error:
            raise NoCompilerError(f"{command[0]}: {error.strerror}") from error
        if done.returncode:
            raise NoCompilerError(f"{shlex.join(command)} failed: {done.stderr.strip()[-2000:]}")
        made.replace(target)
    if folder == HERE:  # elsewhere, those of other versions and checkouts are in use
        for old in folder.glob(f"kernels-*{SUFFIX}"):
            if old.name not in names:
                old.unlink(missing_ok=True)
    return target
