"""datatrove's pipeline with the same steps, on one core, in four stages as its examples have them. IN DIRECTORY

Without its language filter, whose model is a download, and so with less to do than the others. ftfy runs once, before the first
stage of deduplication; the texts it makes lie on disk between them.
"""

import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.formatters import FTFYFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

if __name__ == "__main__":
    source, root = Path(sys.argv[1]), Path(sys.argv[2])
    config = MinhashConfig(n_grams=5, num_buckets=16, hashes_per_bucket=8)
    fixed, signatures, buckets, removed = (str(root / name) for name in ("fixed", "signatures", "buckets", "removed"))
    steps = [
        [JsonlReader(str(source.parent), glob_pattern=source.name), FTFYFormatter(), JsonlWriter(fixed, compression=None)],
        [JsonlReader(fixed), MinhashDedupSignature(signatures, config)],
        [MinhashDedupBuckets(signatures, buckets, config=config)],
        [MinhashDedupCluster(buckets, removed, config=config)],
        [JsonlReader(fixed), MinhashDedupFilter(removed), JsonlWriter(str(root / "out"), compression=None)],
    ]
    for number, step in enumerate(steps):
        tasks = config.num_buckets if number == 2 else 1
        LocalPipelineExecutor(step, tasks=tasks, workers=1, logging_dir=str(root / f"log{number}")).run()
