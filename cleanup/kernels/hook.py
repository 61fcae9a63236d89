"""What the build does beyond packing files: it compiles the kernels. Used by hatchling alone, and not part of the wheel."""

from __future__ import annotations

import platform
import runpy
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "cleanup/kernels"


class Kernels(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Compiles into the wheel, or into the checkout for an editable installation."""

    def dependencies(self) -> list[str]:
        """A compiler, where the machine has none."""
        return [] if self._build()["compiler"]() else [self._build()["ZIG"]]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library to the wheel, which is then one of this platform, for any Python 3."""
        self._scratch = tempfile.TemporaryDirectory()
        for made in self._made(Path(self.root) / FOLDER if version == "editable" else Path(self._scratch.name)):
            if version != "editable":
                build_data["force_include"][str(made)] = f"{FOLDER}/{made.name}"
        build_data["pure_python"] = False
        # On a Mac the compiler makes what this processor needs, whatever the interpreter was made for.
        system = sysconfig.get_platform().replace("universal2", platform.machine())
        build_data["tag"] = "py3-none-" + system.replace("-", "_").replace(".", "_")

    def _made(self, folder: Path) -> Iterator[Path]:
        """The library, and the one for wide processors where the compiler makes it: who uses them finds out which fits."""
        build = self._build()
        yield build["build"](folder)
        if sys.platform == "linux" and platform.machine() == "x86_64":
            with suppress(build["NoCompilerError"]):
                yield build["build"](folder, wide=True)

    def _build(self) -> dict[str, Any]:
        return runpy.run_path(str(Path(self.root) / FOLDER / "build.py"))
