"""Inputs at addresses, through fsspec's file system in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import cleanup
from cleanup.errors import InputError
from cleanup.read.inputs import expand

fsspec = pytest.importorskip("fsspec")
FILES = {"/x/a.txt": b"one", "/x/deep/a.txt": b"two", "/x/page.html?n=1": b"<p>three</p>", "/x/b.jsonl": b'{"text": "four"}\n'}


@pytest.fixture
def files() -> Iterator[None]:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for name, data in FILES.items():
        memory.pipe(name, data)
    yield
    memory.store.clear()


class Web:
    """What fsspec makes of the web: a page with links is a directory of what they lead to."""

    def isdir(self, path: str) -> bool:
        """As it is said of any page."""
        return path.startswith("http")

    def find(self, path: str) -> list[str]:
        """Where its links lead."""
        return [f"{path}/elsewhere"]

    glob = find

    def size(self, path: str) -> int:
        """Bytes of the page."""
        return len(path)

    def unstrip_protocol(self, path: str) -> str:
        """The address."""
        return path


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("address", "labels", "texts"),
    [
        ("memory://x/a.txt", ["a.txt"], ["one"]),
        ("memory://x/deep", ["a.txt"], ["two"]),
        ("memory://x", ["a.txt", "b.jsonl", "deep/a.txt", "page.html?n=1"], ["one", "four", "two", "<p>three</p>"]),
        ("memory://x/*.txt", ["a.txt"], ["one"]),
        ("memory://x/*/*.txt", ["a.txt"], ["two"]),
    ],
)
def test_files_directories_and_patterns(address: str, labels: list[str], texts: list[str]) -> None:
    sources = list(expand([address]))
    assert [source.label for source in sources] == labels
    assert [doc.text for doc in cleanup.read(address)] == texts
    assert all(source.size for source in sources)


def test_a_page_of_the_web_is_no_directory_and_a_question_mark_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda url: (Web(), url))
    assert [source.path for source in expand(["https://x.example/page.html?n=1"])] == ["https://x.example/page.html?n=1"]
    assert [source.label for source in expand(["https://x.example/*.html"])] == ["elsewhere"]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("address", ["memory://x/none.txt", "memory://x/*.none", "nosuch://x/a.txt"])
def test_what_is_not_there_is_said(address: str) -> None:
    with pytest.raises(InputError, match=r"no such|not known"):
        expand([address])
