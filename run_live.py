"""Trade the configured strategies through Interactive Brokers: ``uv run run_live.py``, paper unless armed."""

import sys
import time
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do it, return the exit code."""
    try:
        from config.commands.terminal import run_from_terminal  # takes a moment, in which Ctrl-C may come

        return run_from_terminal(argv, time.time_ns, time.sleep)
    except KeyboardInterrupt:
        print("run_live: interrupted before the node started; nothing was sent", file=sys.stderr)
        return 0


if __name__ == "__main__":
    sys.exit(main())
