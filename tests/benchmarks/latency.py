"""
Latency, memory and CPU of a live node, over TCP against the gateway of the tests: the work plan's table.

Run: uv run python -m tests.benchmarks.latency [--orders N] [--mins M]. It has four parts:

- orders: from the bytes of a 5-second bar out of the gateway to the first bytes of the order that it causes in, by the
  gateway's log of frames. "Ours" is run_live.py with its journal on disk, and once more with the journal in memory;
  "bare" is a strategy without a thought on the same node and adapter. All are up at the same time and take turns order
  by order, so that a drift of the machine's speed falls on all.
- bars: for each way to get bars a node on a session of the present at the speed of the clock, --mins long, all at the
  same time.
- idle: the default configuration in the first minutes of a session: three symbols are listened to, nothing is bought.
- active: three symbols on bars of 5 seconds, each in and out again every 20 seconds.

Beside it stands what the nodes measured of themselves, as ``run_live.py status --json`` says it. It needs Linux's /proc
and /dev/shm.
"""

import argparse
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from actors.performance.measures import MEASURES
from actors.report.format import figure
from tests.benchmarks.live_floor import (
    FIRST_CYCLES,
    START_SECS,
    Floor,
    in_turns,
    measured,
    run_bare,
    run_live,
    run_lively,
    started,
)
from tests.gateway.gateway import Gateway
from tests.integration.live_bars import present_market
from tests.integration.live_rig import flat_market
from tests.integration.rig import AAPL, MSFT

TSLA = "TSLA.NASDAQ"
MEMORY = "/dev/shm"  # noqa: S108 - a file system without a disk behind it
NANOS = 1_000_000_000
SETTLED_SECS = 20.0  # after which the start is over
STEP_NS = 5 * NANOS
LEAD_NS = 15 * NANOS  # for a node to subscribe before the session opens
WAYS = {  # to get bars: settings, and how long before its close the gateway plays a slice of five seconds
    "1-MINUTE, broker": (('bars.step="1-MINUTE"',), 0),
    "1-MINUTE, broker, told 3 s late": (('bars.step="1-MINUTE"',), -3 * NANOS),  # the adapter waits for 2 s
    "5-SECOND, broker": (('bars.step="5-SECOND"',), 0),
    "5-SECOND, ticks": (('bars.step="5-SECOND"', 'bars.source="ticks"', "bars.warmup_bars=20"), STEP_NS // 2),
    "1-MINUTE, ticks": (('bars.step="1-MINUTE"', 'bars.source="ticks"', "bars.warmup_bars=5"), STEP_NS // 2),
}
ABOUT = {  # what each part is about; its market is made up, and so is what else its node measures
    "orders": ("decision_to_sent", "sent_to_accepted", "decision_to_filled", "signal_processing"),
    "bars": ("data_latency",),
    "idle": ("loop_lateness", "memory_mb", "cpu_idle_pct"),
    "active": ("signal_processing", "loop_lateness", "memory_mb", "cpu_active_pct"),
}
Measured = dict[str, dict[str, Any]]  # by measure, as `status --json` says it


def measure_orders(orders: int) -> tuple[dict[str, list[float]], Measured]:
    """Return the latencies of the nodes by the gateway, milliseconds, and ours by itself."""
    with ExitStack() as stack:
        folders: dict[str, Path] = {}

        def floor(name: str, where: str | None, arguments: Callable[[int, Path], list[str]]) -> Floor:
            folders[name] = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
            gateway = stack.enter_context(Gateway.start(flat_market(), speed=None))
            return Floor(gateway, stack.enter_context(started(arguments(gateway.port, folders[name]), folders[name])))

        def ours(port: int, folder: Path) -> list[str]:
            return run_lively(port, folder, in_turns(AAPL))

        floors = {
            "bare": floor("bare", None, lambda port, folder: ["-m", __spec__.name, "--bare", str(port), str(folder)]),
            "ours, journal in memory": floor("ours, journal in memory", MEMORY, ours),
            "ours": floor("ours", None, ours),
        }
        for _ in range(FIRST_CYCLES + orders):
            for each in floors.values():
                each.take_turn()
        time.sleep(2.0)  # the next beat tells all
        return {name: each.latencies_ms() for name, each in floors.items()}, measured(folders["ours"])


def measure_bars(way: str, mins: float) -> Measured:
    """Return what a node measured that got its bars in this way, on a session of the present."""
    settings, early_ns = WAYS[way]
    opens = time.time_ns() // (60 * NANOS) * 60 * NANOS + 60 * NANOS
    if opens - time.time_ns() < LEAD_NS:
        opens += 60 * NANOS
    with (
        tempfile.TemporaryDirectory() as name,
        Gateway.start(present_market(opens, session_mins=int(mins) + 5), speed=1.0, subscriptions=99) as gateway,
        started(run_lively(gateway.port, Path(name), in_turns(AAPL), 'session.hours="any"', *settings), Path(name)),
    ):
        begin = threading.Timer((opens - early_ns - time.time_ns()) / NANOS, gateway.do.begin)
        begin.start()
        begin.join()
        time.sleep(mins * 60 + START_SECS / 2)
        return measured(Path(name))


def measure_load(mins: float, run: Callable[[int, Path], list[str]]) -> tuple[dict[str, float], Measured]:
    """Return memory (MB) and CPU (%) of a node that hears three symbols for so many minutes, from outside and by it."""
    with (
        tempfile.TemporaryDirectory() as name,
        Gateway.start(speed=1.0, subscriptions=3) as gateway,
        started(run(gateway.port, Path(name)), Path(name)) as node,
    ):
        time.sleep(SETTLED_SECS)
        before, began = _cpu_secs(node.pid), time.monotonic()
        time.sleep(mins * 60)
        share = (_cpu_secs(node.pid) - before) / (time.monotonic() - began)
        memory = {row: _memory_mb(node.pid, row) for row in ("VmRSS", "VmHWM")}
        return {"CPU": share * 100, **memory}, measured(Path(name))


def run_actively(port: int, folder: Path) -> list[str]:
    return run_lively(port, folder, in_turns(AAPL, MSFT, TSLA))


def _cpu_secs(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system


def _memory_mb(pid: int, row: str) -> float:
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(rows[row].split()[0]) / 1024


def show_orders(found: dict[str, list[float]], console: Console) -> None:
    """Print the percentiles of each node, and as multiples of the bare one's."""
    points = {name: [quantiles(values, n=100)[point - 1] for point in (50, 95, 99)] for name, values in found.items()}
    table = Table("bar out to order in", "orders", "p50 ms", "p95 ms", "p99 ms", "times the bare one's")
    for name, values in points.items():
        ratios = [value / bare for value, bare in zip(values, points["bare"], strict=True)]
        figures = (f"{value:.2f}" for value in values)
        table.add_row(name, str(len(found[name])), *figures, " / ".join(f"{ratio:.1f}" for ratio in ratios))
    console.print(table)


def show_measures(parts: dict[str, Measured], console: Console) -> None:
    """Print what the nodes measured of themselves."""
    table = Table("by the node itself", "in", "count", "p50", "p95", "max", "mean", "goal", "")
    for name, measure in MEASURES.items():
        for part, found in parts.items():
            if name in ABOUT[part.partition(":")[0]] and (one := found.get(name)):
                figures = (figure(one[key]) for key in ("p50", "p95", "max", "mean"))
                goal = f"{measure.judged_by} ≤ {measure.goal:,g} {measure.unit}" if measure.goal else measure.unit
                verdict = {True: "met", False: "MISSED", None: ""}[one["is_met"]]
                table.add_row(measure.title, part, f"{one['count']:,}", *figures, goal, verdict)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--mins", type=float, default=3.0, help="of each of the other parts (default: 3)")
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        run_bare(int(args.bare[0]), Path(args.bare[1]))
        return
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it tells of each slice that nobody is there for any more
    console = Console(width=130)
    latencies, ours = measure_orders(args.orders)
    show_orders(latencies, console)
    parts = {"orders": ours}
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda way: measure_bars(way, args.mins), WAYS)
        parts |= zip([f"bars: {way}" for way in WAYS], found, strict=True)
    for name, run in (("idle", run_live), ("active", run_actively)):
        outside, parts[name] = measure_load(args.mins, run)
        console.print(
            f"{name}, three symbols, {args.mins:g} min: {outside['CPU']:.2f} % of a core, "
            f"{outside['VmRSS']:.0f} MB resident at the end, {outside['VmHWM']:.0f} MB at the peak"
        )
    show_measures(parts, console)


if __name__ == "__main__":
    main()
