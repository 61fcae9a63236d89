"""Review: held decisions are answered in the terminal, in a browser or elsewhere; every answer is kept at once."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from cleanup.cli.review import review_command, walk
from cleanup.cli.run import run_command
from cleanup.config import Config
from cleanup.document import Document, Drop, Edit
from cleanup.errors import CleanupError
from cleanup.pipeline import Pipeline, Policy, settle
from cleanup.review import answers
from cleanup.review.queue import held, with_context
from cleanup.review.session import Session
from cleanup.review.web import Server
from cleanup.run import Run
from cleanup.write.record import encode, render, render_rows

SCORES = (0.85, 0.55, 0.7)


def replace(doc: Document, word: str, after: str, score: float, rule: str) -> Edit:
    """Replace the first `word`."""
    at = doc.text.index(word)
    return Edit(at, at + len(word), word, after, rule, score, {"because": "\x1b[31m"})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run: three documents with a held edit each, and a held drop; later edits moved the text."""
    path = tmp_path / "run"
    docs = []
    for number, score in enumerate(SCORES):
        doc = Document(f"doc-{number}", text=f"Intro {number}.\nThe lazy dog sleeps here.", source="a.txt")
        settle(doc, 1, "spin", [replace(doc, "lazy", "idle", score, "spin/adj-lazy-idle")], Policy(), {})
        settle(doc, 2, "boilerplate", [replace(doc, f"Intro {number}.\n", "", 1.0, "boilerplate/en/intro")], Policy(), {})
        if number == 2:
            settle(doc, 3, "dedup", [Drop("dedup/near", 0.8)], Policy(), {})
        docs.append(doc)
    for name in ("corpus", "dropped", "ledger"):
        (path / name).mkdir(parents=True)
    (path / "corpus/part-00000.jsonl").write_bytes(b"".join(render(doc, "text") for doc in docs))
    (path / "ledger/part-00000.jsonl").write_bytes(b"".join(render_rows(doc.ledger) for doc in docs))
    (path / "run.json").write_bytes(encode({"config": msgspec.to_builtins(Config()), "counts": {"held": 4}}))
    return path


def session(run: Path) -> Session:
    """A session over all held decisions."""
    return Session(run, held(Run(run)))


def test_the_most_uncertain_comes_first(run: Path) -> None:
    assert [item.score for item in held(Run(run))] == [0.55, 0.7, 0.8, 0.85]
    assert [item.same for item in held(Run(run))] == [3, 3, 1, 3]


def test_a_decision_is_shown_in_the_text_as_it_is_now(run: Path) -> None:
    items = held(Run(run))
    with_context(Run(run), items)
    first, drop = items[0], items[2]
    assert (first.left, first.before, first.right) == ("The ", "lazy", " dog sleeps here.")
    assert drop.right.startswith("The lazy dog")


def test_answers_are_on_disk_before_the_next_question(run: Path) -> None:
    walked = session(run)
    first = walked.item
    assert first is not None
    walked.answer("apply")
    assert answers.of_run(run) == {first.key: "apply"}
    assert session(run).answered == 1
    assert walked.item is not first


def test_all_alike_can_be_answered_and_taken_back_together(run: Path) -> None:
    walked = session(run)
    assert walked.answer("skip", alike=True) == 3
    assert walked.answered == 3
    assert walked.item is not None
    assert walked.item.action == "drop"
    assert walked.back()
    assert walked.answered == 0
    assert answers.of_run(run) == {}
    assert not walked.back()


def test_an_earlier_answer_survives_taking_back_those_alike(run: Path) -> None:
    walked = session(run)
    keys = [item.key for item in walked.items]
    walked.set(keys[3], "apply")
    walked.answer("skip", alike=True)
    walked.back()
    assert walked.answers == {keys[3]: "apply"}


def test_unsure_leaves_open(run: Path) -> None:
    walked = session(run)
    for _ in range(4):
        walked.answer(None)
    assert walked.item is None
    assert session(run).item is not None


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("yn", ["apply", "skip"]),
        ("ypn", ["skip"]),
        ("uy", ["apply"]),
        ("f", []),
        ("N", ["skip"] * 3),
        ("x?y", ["apply"]),
        ("pyyyy", ["apply"] * 4),
    ],
)
def test_the_keys_of_the_terminal(run: Path, keys: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pressed = iter(keys)

    def key() -> str:
        return next(pressed, "f")

    walk(session(run), key)
    assert sorted(answers.of_run(run).values()) == sorted(expected)
    assert "\x1b" not in capsys.readouterr().err


def test_answers_go_out_and_come_in(run: Path, tmp_path: Path) -> None:
    walked = session(run)
    walked.answer("apply")
    file = tmp_path / "answers.json"
    assert CliRunner().invoke(review_command, [str(run), "--export", str(file)]).exit_code == 0
    assert answers.load(file) == walked.answers
    (run / "answers.json").unlink()
    assert CliRunner().invoke(review_command, [str(run), "--import", str(file)]).exit_code == 0
    assert answers.of_run(run) == walked.answers


def test_answers_change_the_decision_of_a_policy(run: Path) -> None:
    item = next(item for item in held(Run(run)) if item.doc == "doc-1")
    doc = Document("doc-1", text="Intro 1.\nThe lazy dog sleeps here.")
    settle(doc, 1, "spin", [replace(doc, "lazy", "idle", 0.55, "spin/adj-lazy-idle")], Policy(), {item.key: "apply"})
    assert doc.text == "Intro 1.\nThe idle dog sleeps here."


def test_what_a_person_turned_down_stays_in_the_ledger_once(samples: Path) -> None:
    line = next(line for line in (samples / "news.jsonl").open() if "northlight-2" in line)
    doc = Document("northlight-2", text=json.loads(line)["text"])
    Pipeline().map([doc])
    keys = [row.key for row in doc.ledger if row.decision == "review"]
    again = Document("northlight-2", text=json.loads(line)["text"])
    Pipeline(answers=dict.fromkeys(keys, "skip")).map([again])
    assert again.text == doc.text
    turned_down = [row.key for row in again.ledger if (row.decision, row.by) == ("skip", "review")]
    assert sorted(turned_down) == sorted(keys) != []


@pytest.mark.parametrize("content", [b"[1]", b'{"a": "perhaps"}', b"{", b'{"a": 1}', b'[{"data": {}}]', b"\xff"])
def test_wrong_answers_are_refused(run: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "answers.json"
    file.write_bytes(content)
    result = CliRunner().invoke(review_command, [str(run), "--import", str(file)])
    assert isinstance(result.exception, CleanupError)
    assert str(file) in str(result.exception)
    assert not (run / "answers.json").exists()


def test_answers_that_fit_nothing_are_counted(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({held(Run(run))[0].key: "apply", "of another run": "skip"}))
    result = CliRunner().invoke(review_command, [str(run), "--import", str(file)])
    assert result.output == "2 answers taken over; 1 of them to questions that this run does not ask\n"


def test_with_answers_a_run_wants_another_directory_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Some text.")
    (tmp_path / "answers.json").write_text('{"a": "apply"}')
    arguments = [str(tmp_path / "in.txt"), "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(run_command, arguments).exit_code == 0
    result = CliRunner().invoke(run_command, [*arguments, "--answers", str(tmp_path / "answers.json")])
    assert "belongs to a run with other answers to held decisions" in str(result.exception)


def test_a_run_refuses_wrong_answers(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Some text.")
    (tmp_path / "answers.json").write_text('{"a": "perhaps"}')
    arguments = [str(tmp_path / "in.txt"), "-o", str(tmp_path / "out"), "--answers", str(tmp_path / "answers.json")]
    result = CliRunner().invoke(run_command, arguments)
    assert isinstance(result.exception, CleanupError)
    assert not (tmp_path / "out").exists()


def test_tasks_go_to_label_studio_and_back(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    assert CliRunner().invoke(review_command, [str(run), "--tasks", str(file)]).exit_code == 0
    tasks = json.loads(file.read_text())
    assert len(tasks) == 4
    assert tasks[0]["data"]["text"] == "The [-lazy-]{+idle+} dog sleeps here."
    tasks[0]["annotations"] = [{"result": [{"value": {"choices": ["skip"]}}]}]
    tasks[1]["annotations"] = [{"was_cancelled": True, "result": [{"value": {"choices": ["skip"]}}]}]
    file.write_text(json.dumps(tasks))
    assert CliRunner().invoke(review_command, [str(run), "--import", str(file)]).exit_code == 0
    assert answers.of_run(run) == {tasks[0]["data"]["key"]: "skip"}


def test_without_a_terminal_there_is_a_hint(run: Path) -> None:
    result = CliRunner().invoke(review_command, [str(run)])
    assert result.exit_code == 2
    assert "--web" in result.output


@pytest.fixture
def server(run: Path) -> Iterator[Server]:
    """A server in a thread."""
    serving = Server(session(run), 0)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


def ask(server: Server, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Status and body of a request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server.server_address[1]}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_browser_sees_and_answers(server: Server, run: Path) -> None:
    token = {"X-Token": server.token}
    status, page = ask(server, f"/?token={server.token}")
    assert status == 200
    assert b"innerHTML" not in page
    status, body = ask(server, "/items", **token)
    items = json.loads(body)["items"]
    assert len(items) == 4
    assert ask(server, "/answer", {"key": items[0]["key"], "decision": "apply"}, **token) == (200, b'{"answered": 1}')
    assert answers.of_run(run) == {items[0]["key"]: "apply"}
    assert ask(server, "/answer", {"key": items[0]["key"], "decision": None}, **token)[0] == 200
    assert answers.of_run(run) == {}


def test_nobody_else_is_admitted(server: Server, run: Path) -> None:
    key = server.session.items[0].key
    answer = {"key": key, "decision": "apply"}
    assert ask(server, "/")[0] == 403
    assert ask(server, "/items?token=wrong")[0] == 403
    assert ask(server, "/answer", answer)[0] == 403
    assert ask(server, f"/answer?token={server.token}", answer)[0] == 403
    assert ask(server, "/items", **{"X-Token": server.token, "Host": "evil.example"})[0] == 403
    assert ask(server, "/answer", answer, **{"X-Token": server.token, "Origin": "http://evil.example"})[0] == 403
    assert answers.of_run(run) == {}


@pytest.mark.parametrize("body", [[], {}, {"key": 1, "decision": "apply"}, {"key": "x", "decision": "maybe"}, "x" * 20_000])
def test_malformed_answers_are_refused(server: Server, body: Any) -> None:
    assert ask(server, "/answer", body, **{"X-Token": server.token})[0] == 400


def test_an_unknown_key_and_path_are_not_found(server: Server) -> None:
    token = {"X-Token": server.token}
    assert ask(server, "/answer", {"key": "none", "decision": "apply"}, **token)[0] == 404
    assert ask(server, "/../../etc/passwd", **token)[0] == 404
