"""Held decisions as Label Studio tasks, and answers back from its export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cleanup.document import Decision
from cleanup.errors import CleanupError
from cleanup.pipeline import Answers
from cleanup.review import answers
from cleanup.review.queue import Held

LABELS: dict[str, Decision] = {"apply": "apply", "skip": "skip"}
# The labelling interface for these tasks:
# <View><Text name="text" value="$text"/>
# <Choices name="decision" toName="text"><Choice value="apply"/><Choice value="skip"/></Choices></View>


def render(items: Sequence[Held], given: Mapping[str, str]) -> str:
    """A JSON list of tasks, one a decision; the score is the prediction, so that the most uncertain can be asked first."""
    return json.dumps([_task(item, given.get(item.key)) for item in items], ensure_ascii=False, indent=1)


def _task(item: Held, answer: str | None) -> dict[str, Any]:
    change = (
        f"[-{item.before}-]" + (f"{{+{item.after}+}}" if item.after else "") if item.action == "edit" else f"[{item.action}] "
    )
    task: dict[str, Any] = {
        "data": {
            "text": f"{item.left}{change}{item.right}",
            "key": item.key,
            "document": item.doc,
            "rule": item.rule,
            "why": json.dumps(item.why, ensure_ascii=False),
        },
        "predictions": [{"score": round(item.score, 3), "result": [_choice("apply")]}],
    }
    if answer:
        task["annotations"] = [{"result": [_choice(answer)]}]
    return task


def _choice(value: str) -> dict[str, Any]:
    return {"from_name": "decision", "to_name": "text", "type": "choices", "value": {"choices": [value]}}


def load(path: Path) -> Answers:
    """Answers from a file of answers, or from Label Studio's JSON export: of a task's annotations the last that says something.

    Raises CleanupError when it is neither.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return answers.load(path)  # which says what is wrong
    if not isinstance(data, list):
        return answers.load(path)
    found: Answers = {}
    for task in data:
        try:
            key = str(task["data"]["key"])
            choices = [
                choice
                for annotation in task.get("annotations", [])
                if not annotation.get("was_cancelled")
                for result in annotation["result"]
                for choice in result["value"].get("choices", [])
            ]
        except (AttributeError, KeyError, TypeError):
            raise CleanupError(
                f"{path}: not an export of tasks made by `cleanup review --tasks`", "export them as JSON"
            ) from None
        if choices and choices[-1] in LABELS:
            found[key] = LABELS[choices[-1]]
    return found
