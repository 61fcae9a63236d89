"""The compiled kernels: made where they are missing, refused where they can't be made, never those of other sources."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cleanup import kernels
from cleanup.errors import CleanupError
from cleanup.kernels import build


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources without a library, and an empty cache."""
    folder = tmp_path / "sources"
    shutil.copytree(build.HERE, folder, ignore=shutil.ignore_patterns("kernels-*", "__pycache__"))
    monkeypatch.setattr(build, "HERE", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_made_on_first_use_and_once(elsewhere: Path) -> None:
    made = kernels.path()
    first = made.stat().st_mtime_ns
    assert made.parent == elsewhere
    assert kernels.path() == made
    assert made.stat().st_mtime_ns == first


def test_changed_sources_get_a_library_of_their_own(elsewhere: Path) -> None:
    before = kernels.path()
    with (elsewhere / "kernels.h").open("a") as file:
        file.write("/* changed */\n")
    assert kernels.path().name != before.name
    assert not before.exists()


def test_in_the_cache_where_the_sources_can_not_be_written_to(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build.build

    def refuse(folder: Path, *, wide: bool) -> Path:
        if folder == elsewhere:
            raise PermissionError(13, "Permission denied")
        return whole(folder, wide=wide)

    monkeypatch.setattr(build, "build", refuse)
    assert kernels.path().parent == elsewhere.parent / "cache" / "cleanup"


@pytest.mark.parametrize("command", ["no-such-compiler", "false"])
def test_no_compiler_is_one_line_and_a_hint(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("CC", command)
    with pytest.raises(CleanupError, match=command) as caught:
        kernels.path()
    assert "pip install" in caught.value.hint
    assert not [path for path in elsewhere.iterdir() if path.name.startswith((".kernels", "kernels-"))]


def test_zig_where_nothing_else_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(build.importlib.util, "find_spec", {}.get)
    assert build.compiler() is None
    monkeypatch.setattr(build.importlib.util, "find_spec", str)
    assert (build.compiler() or [])[1:] == ["-m", "ziglang", "cc"]


def test_an_interrupt_while_arrays_are_passed_is_no_error_of_ctypes() -> None:
    class Interrupted(np.ndarray):  # type: ignore[type-arg]
        @property
        def flags(self) -> np.flagsobj:
            raise KeyboardInterrupt

    look_up = kernels.function("language_words", "u64* i64* i64* i64 i64 u64* u64* u64* u64*")
    with pytest.raises(KeyboardInterrupt):
        look_up(np.zeros(1, np.uint64).view(Interrupted), *[None] * 8)


def test_an_array_of_another_type_is_refused() -> None:
    look_up = kernels.function("language_words", "u64* i64* i64* i64 i64 u64* u64* u64* u64*")
    texts, words, found = kernels.Texts(["of"] * 2), np.zeros(256, np.uint64), np.ones(4, np.uint64)
    characters = np.full(2, 2)
    look_up(texts.where, texts.size, characters, 2, 160, words, words, found, found)
    assert found.tolist() == [0, 0, 0, 0]
    with pytest.raises(ctypes.ArgumentError):
        look_up(texts.where, texts.size, characters, 2, 160, words, words, found.astype(np.int64), found)
    with pytest.raises(ctypes.ArgumentError):
        look_up(texts.where, texts.size, characters, 2, 160, words, words, np.ones(8, np.uint64)[::2], found)


def test_texts_are_where_they_say() -> None:
    given = ["", "plain", "naïve", "日本", "half \ud83d", "\ud83d\ude00", "😀"]
    texts = kernels.Texts(given)
    read = [ctypes.string_at(int(at), int(size)) for at, size in zip(texts.where, texts.size, strict=True)]
    assert read == [text.encode("utf-8", "surrogatepass") for text in given]


def test_what_is_in_the_cache_may_be_in_use_elsewhere(elsewhere: Path) -> None:
    cache = elsewhere.parent / "cache" / "cleanup"
    other = cache / "kernels-0123456789abcdef.so"
    cache.mkdir(parents=True)
    other.touch()
    assert build.build(cache).exists()
    assert other.exists()


def test_without_a_home_there_is_no_cache(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert kernels.path().parent == elsewhere


def test_nowhere_to_write_is_one_line_and_a_hint(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, *, wide: bool) -> Path:  # noqa: ARG001
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(build, "build", refuse)
    with pytest.raises(CleanupError, match="Permission denied") as caught:
        kernels.path()
    assert str(elsewhere) in caught.value.hint


def test_a_library_of_another_system_is_refused(elsewhere: Path) -> None:
    for name in (build.name(), build.widened(build.name())):
        (elsewhere / name).write_bytes(b"not a library")
    kernels._library.cache_clear()
    try:
        with pytest.raises(CleanupError, match="can't be loaded"):
            kernels.function("any", "i64")
    finally:
        kernels._library.cache_clear()


@pytest.mark.parametrize(
    ("about", "wide"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 bmi1 bmi2 popcnt sse2\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx2 bmi1 popcnt sse2\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", False),
        ("flags\t\t: fpu avx2 bmi1 bmi2 popcnt", False),  # cut short
        (None, False),
    ],
)
def test_the_library_is_one_that_the_processor_can_use(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, about: str | None, wide: bool
) -> None:
    said = elsewhere.parent / "cpuinfo"
    if about is not None:
        said.write_text(about)
    monkeypatch.setattr(build, "ABOUT", str(said))
    plain = build.name()
    for name in (plain, build.widened(plain)):
        (elsewhere / name).touch()
    assert kernels.path().name == (build.widened(plain) if wide else plain)


def test_without_the_best_library_another_one_does(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "is_wide", lambda: True)
    (elsewhere / build.name()).touch()
    assert kernels.path().name == build.name()
    (elsewhere / build.name()).unlink()

    def narrow(folder: Path, *, wide: bool) -> Path:
        if wide:
            raise build.NoCompilerError("-mavx2: unknown")
        return folder / build.name()

    monkeypatch.setattr(build, "build", narrow)
    assert kernels.path() == elsewhere / build.name()


WORK = r"""
import hashlib, random, sys
import numpy as np
from cleanup.kernels import build
build.ABOUT = sys.argv[1]
from cleanup import kernels
from cleanup.config import DedupConfig
from cleanup.dedup import alignment, canonical, verify
from cleanup.dedup.sketch import Sketcher
from cleanup.dedup.texts import Strings

rng = random.Random(7)
words = ["of", "the", "Rain", "costs", "1,204", "naïve", "Überraschung", "日本語", "😀", "it’s", "a", "extraordinarily"]
words += ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(1, 20))) for _ in range(400)]
made = [rng.choices(words, k=rng.randint(0, 900)) for _ in range(80)]
made += [[word for word in one if rng.random() > 0.1] for one in made]
texts = Strings([rng.choice(" \n").join(one) for one in made])
found = hashlib.blake2b()
a, b = np.arange(80), np.arange(80, 160)
for scheme in ("fss", "affine32"):
    for field in Sketcher(DedupConfig(scheme=scheme)).batch(texts.texts):
        found.update(np.ascontiguousarray(field).tobytes())
for table in (verify.surface(texts, a, b, 5), alignment.align(texts, a, b, canonical.built_in())):
    for field in table:
        found.update(np.ascontiguousarray(field).tobytes())
print(kernels.path().name, found.hexdigest())
"""


@pytest.mark.skipif(not build.is_wide(), reason="this processor has nothing that the other library could use")
def test_both_libraries_give_the_same_bytes() -> None:
    code = (sys.executable, "-c", WORK)
    wide, plain = (subprocess.check_output([*code, about], text=True).split() for about in (build.ABOUT, os.devnull))
    assert wide[0] == build.widened(plain[0])
    assert wide[1] == plain[1]
