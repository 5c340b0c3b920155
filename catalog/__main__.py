"""
``python -m catalog``, from the checkout: answers Ctrl-C in words even in the seconds in which the libraries load.

What the commands do stands in ``catalog.command_line``.

"""

import sys


def main() -> int:
    """Load the commands and run the one that the arguments name; return the exit code, unless it exits itself."""
    try:
        from catalog.command_line import run

        return run()
    except KeyboardInterrupt:
        print("Interrupted: nothing was done.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
else:
    from catalog.command_line import app as app
