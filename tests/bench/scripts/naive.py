"""What users of the same libraries write: ftfy, langdetect and datasketch, document by document. IN OUT"""

import json
import re
import sys

import ftfy
from datasketch import MinHash, MinHashLSH
from langdetect import DetectorFactory, LangDetectException, detect

DetectorFactory.seed = 0
words, index, permutations = re.compile(r"\w+"), MinHashLSH(threshold=0.7, num_perm=128), MinHash(128).permutations
with open(sys.argv[1], encoding="utf-8") as lines, open(sys.argv[2], "w", encoding="utf-8") as out:
    for number, line in enumerate(lines):
        record = json.loads(line)
        text = record["text"] = ftfy.fix_text(record["text"])
        try:
            record["language"] = detect(text)
        except LangDetectException:
            record["language"] = "und"
        found = words.findall(text.lower())
        sketch = MinHash(128, permutations=permutations, scheme="affine32")
        sketch.update_batch([" ".join(found[start : start + 5]).encode() for start in range(max(1, len(found) - 4))])
        if not index.query(sketch):
            index.insert(str(number), sketch)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
