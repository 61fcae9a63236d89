"""The command of text-dedup, two processes, with its usual settings: IN (a JSONL file) OUT."""

import json
import subprocess
import sys
from pathlib import Path


def main() -> None:
    given, out = sys.argv[1], Path(sys.argv[2])
    settings = {
        "path": "json", "data_files": given, "split": "train", "cache_dir": str(out / "cache"), "output": str(out / "kept"),
        "column": "text", "num_proc": "2", "ngram": "5", "num_perm": "128", "threshold": "0.7", "b": "16", "r": "8",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "text_dedup.minhash",
        *(word for key, item in settings.items() for word in (f"--{key}", item)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    from datasets import load_from_disk

    (out / "kept.json").write_text(json.dumps(list(load_from_disk(str(out / "kept"))["id"])))


if __name__ == "__main__":
    main()
