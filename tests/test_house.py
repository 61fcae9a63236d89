"""The house keeps its order: imports go one way, files stay small, text on the command line is quick to come."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = (  # of the packages, as data flows
    *(
        "arrays",
        "document",
        "errors",
        "disk",
        "aside",
        "versions",
        "kernels",
        "config",
        "rules",
        "read",
        "parse",
        "spin",
        "stages",
        "dedup",
        "pipeline",
        "write",
    ),
    *(
        "engines",
        "decided",
        "part",
        "router",
        "finish",
        "lasting",
        "corpus",
        "sites",
        "run",
        "stored",
        "learning",
        "report",
        "review",
        "evaluate",
        "ruletest",
        "own",
        "interop",
    ),
    "cli",
)
FILES = sorted((ROOT / "cleanup").rglob("*.py"))


def package(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imported(path: Path) -> set[str]:
    """Packages of our own that a file imports when it is imported; what a function imports when called is its own matter."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    skip = {id(node) for outer in [*guards, *functions] for node in ast.walk(outer)}
    for node in ast.walk(tree):
        if id(node) in skip:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "cleanup":
            found |= (
                {package(f"{node.module}.{alias.name}") for alias in node.names}
                if node.module == "cleanup"
                else {package(node.module)}
            )
        elif isinstance(node, ast.Import):
            found |= {package(alias.name) for alias in node.names if alias.name.startswith("cleanup.")}
    return found & set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    own = path.relative_to(ROOT / "cleanup").parts[0].removesuffix(".py")
    if own.startswith("__"):
        return
    assert own in ORDER, f"{own} has no place in the order"
    later = {name for name in imported(path) if ORDER.index(name) > ORDER.index(own)}
    assert not later, f"{own} imports {later}, which come after it"


@pytest.mark.parametrize(
    "path", [*FILES, *sorted((ROOT / "cleanup").rglob("*.[ch]"))], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_files_stay_small(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 420


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "polars", "ftfy", "trafilatura", "msgspec", "py3langid", "chardet")
    code = f"import sys, cleanup.cli; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
