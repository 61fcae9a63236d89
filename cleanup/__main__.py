"""`cleanup` and `python -m cleanup`."""

import os


def main() -> None:
    """The entry point. An interrupt while the command line is being imported ends as quietly as one that comes later."""
    try:
        from cleanup.cli import main as command_line
    except KeyboardInterrupt:
        os.write(2, b"cleanup: interrupted\n")
        os._exit(130)
    command_line()


if __name__ == "__main__":
    main()
