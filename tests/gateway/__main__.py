"""``python -m tests.gateway``: run the gateway by itself until Ctrl-C."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from catalog.errors import CatalogError
from catalog.store import BarStore
from tests.gateway.gateway import ACCOUNT, DEFAULT_SPEED, Gateway, soon
from tests.gateway.market import Market

DEFAULT_PORT = 4002  # IB Gateway, paper


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, start, wait for Ctrl-C; return the exit code."""
    args = _parse(argv)
    try:
        market = _market(args)
        gateway = Gateway.start(
            market, port=args.port, speed=args.speed, control=args.control, lockstep=args.lockstep, show=_show
        )
    except (CatalogError, OSError) as error:
        print(f"gateway: {_problem(error, args)}", file=sys.stderr)
        return 2
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with gateway:
        _introduce(gateway, market, args)
        ended.wait()
    _show("Gateway stopped.")
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.gateway",
        description="Serve a trading session as IB Gateway does. Without --catalog its prices are made up.",
    )
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="where programs connect (default: 4002)")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="take the prices of a day from this catalog")
    parser.add_argument("--day", type=_day, metavar="DATE", help="that day, such as 2026-07-01")
    parser.add_argument(
        "--speed", type=_speed, default=DEFAULT_SPEED, metavar="N", help="times the clock (default: 60)"
    )
    parser.add_argument("--control", type=_port, metavar="PORT", help="take commands as lines of JSON on this port")
    parser.add_argument("--lockstep", action="store_true", help="after each bar and fill wait for its acknowledgement")
    args = parser.parse_args(argv)
    if (args.catalog is None) != (args.day is None):
        parser.error("expected --catalog and --day together, or neither")
    return args


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 (any free one) to 65535, was {text!r}")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date such as 2026-07-01, was {text!r}") from None


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 10_000:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and up to 10000, was {text!r}")
    return speed


def _market(args: argparse.Namespace) -> Market:
    if args.catalog is None:
        return Market.demo(soon())
    return Market.of_day(BarStore(args.catalog), args.day, soon())


def _problem(error: Exception, args: argparse.Namespace) -> str:
    if isinstance(error, OSError):
        return (
            f"Expected a free port, was {args.port} (control: {args.control}): {error.strerror}. Give another --port."
        )
    return str(error)


def _introduce(gateway: Gateway, market: Market, args: argparse.Namespace) -> None:
    source = f"the prices of {args.day}" if args.day else "made-up prices"
    pace = "a minute at a time, as acknowledged" if args.lockstep else f"at {args.speed:g} times the clock"
    port = "" if gateway.port == DEFAULT_PORT else f" --set ib.port={gateway.port}"
    _show(f"Gateway on 127.0.0.1:{gateway.port}, account {ACCOUNT} with play money.")
    _show(f"{', '.join(market.contracts)}: {source}, as session {market.session.session}, {pace}.")
    _show("The session begins when a program subscribes to bars. Connect:")
    _show(f"  uv run run_live.py --set account.id={ACCOUNT}{port}")
    if gateway.control_port:
        _show(f'Commands: lines such as {{"do": "help"}} to 127.0.0.1:{gateway.control_port}.')
    _show("Ctrl-C ends it.")


def _show(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
