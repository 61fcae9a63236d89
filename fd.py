import os, sys

sys.path.insert(0, "/tmp/wt/audit")
import cleanup
from cleanup.config import Config


def n():
    return len(os.listdir("/proc/self/fd"))


if __name__ == "__main__":
    p = cleanup.Pipeline(stages=[])
    import shutil

    for k in range(4):
        shutil.rmtree("/tmp/s8-audit/ofd", ignore_errors=True)
        p.run("/tmp/s8-audit/a", out="/tmp/s8-audit/ofd", jobs=2)
        print(n(), len(os.listdir("/proc/self/task")))
