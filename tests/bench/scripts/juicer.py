"""data-juicer, with what it has of the same: ftfy and MinHash of 128 permutations in 16 bands, one process. IN (JSONL) OUT"""

import json
import sys
from pathlib import Path

from data_juicer.config import init_configs
from data_juicer.core import DefaultExecutor

BANDS = {"num_permutations": 128, "jaccard_threshold": 0.7, "num_bands": 16, "num_rows_per_band": 8}


def main() -> None:
    given, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True)
    config = {
        "project_name": "peer",
        "dataset_path": str(given),
        "export_path": str(out / "out.jsonl"),
        "np": 1,
        "use_cache": False,
        "open_tracer": False,
        "process": [
            {"fix_unicode_mapper": {}},
            {"document_minhash_deduplicator": {"tokenization": "space", "window_size": 5, **BANDS}},
        ],
    }
    (out / "config.yaml").write_text(json.dumps(config))
    DefaultExecutor(init_configs(["--config", str(out / "config.yaml")])).run()


if __name__ == "__main__":
    main()
