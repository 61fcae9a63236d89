"""The least that reading and writing JSONL line by line costs in Python. IN OUT"""

import sys

import orjson

with open(sys.argv[1], "rb") as lines, open(sys.argv[2], "wb") as out:
    for line in lines:
        out.write(orjson.dumps(orjson.loads(line)) + b"\n")
