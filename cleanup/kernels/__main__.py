"""`python -m cleanup.kernels`: compile the kernels beside their sources, and say where they are."""

from cleanup.kernels import path

print(path())  # noqa: T201 (for people who build)
