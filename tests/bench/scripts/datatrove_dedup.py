"""datatrove's four stages of MinHash deduplication, two workers, as its example has them: IN (a directory of JSONL) OUT."""

import json
import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.hashing import HashConfig


def main() -> None:
    given, out = sys.argv[1], Path(sys.argv[2])
    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=16, hashes_per_bucket=8, n_grams=5)
    stages = [
        ([JsonlReader(given), MinhashDedupSignature(output_folder=str(out / "signatures"), config=config)], 2),
        ([MinhashDedupBuckets(str(out / "signatures"), str(out / "buckets"), config=config)], config.num_buckets),
        ([MinhashDedupCluster(str(out / "buckets"), str(out / "removed"), config=config)], 1),
        (
            [
                JsonlReader(given),
                MinhashDedupFilter(str(out / "removed")),
                JsonlWriter(str(out / "kept"), compression=None, output_filename="${rank}.jsonl"),
            ],
            2,
        ),
    ]
    for number, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=2, logging_dir=str(out / f"log{number}")).run()
    kept = [json.loads(line)["id"] for path in sorted((out / "kept").glob("*.jsonl")) for line in path.open()]
    (out / "kept.json").write_text(json.dumps(kept))


if __name__ == "__main__":
    main()
