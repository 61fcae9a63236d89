"""Where a map runs, and how processes of ours are set up. The one engine is worker processes on this machine; none is Spark."""

SELDOM = (200_000, 20, 100)  # as of gc.set_threshold: rules and libraries are a million objects, and hardly one is in a cycle
