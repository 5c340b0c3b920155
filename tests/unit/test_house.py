"""
The lines of the house: which room may import which, what stands in one module only, what no file may do.

Every check is a function of a source tree, so the second half can show that it speaks when its line is crossed.

"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = "nautilus_trader"
VERSION_BOUND = "catalog.nautilus_v2"
ROOMS = ("catalog", "actors", "strategies", "config")
MAY_IMPORT = {  # dependencies point one way
    "catalog": {"catalog"},
    "actors": {"actors", "catalog"},
    "strategies": {"strategies", "catalog", "actors"},  # of the actors only their messages
    "config": {"config", "strategies", "actors", "catalog"},
}
TOUCH_THE_ENGINE = {  # every other module is free of it; a new name here is a decision
    "catalog": "ib_download instruments nautilus_v2 store",
    "actors": """alerts.alerter bars.recorder bars.renewal component ledger link.book_check link.broker_link
        link.data_sentinel log.narrator loop.helm loop.loop_watch loop.start_witness loop.watchdog
        status.control status.pulse stop_coverage trailing_stop_manager""",
    "config": """backtest.data backtest.engine backtest.record backtest.run backtest.simulation components live.node
        live.session""",
    "strategies": """adoption answer_watch bar_feed booking intents left_overs order_changes order_release orders
        owner_voice position_owner retries signal_strategy stale_bars stop_keeper""",
}
PURE = {  # reach the engine by no path, not even through another module
    "catalog": """bar_files download_plan errors fees fetched_days ib_answers ib_clock ib_pacing indicators quality
        readers recorded_bars sessions tick_size timestamps write_lock""",
    "actors": """account alerts alerts.codes alerts.day alerts.executions alerts.rules alerts.sender alerts.targets
        bars bars.slices commands journal journal.commands journal.file journal.performance
        journal.reader journal.schema journal.store journal.trips journal.watch link link.book_rules
        link.data_age link.heard link.link_rules link.stray_orders log log.file log.line_writer
        log.lines log.narration log.news log.order_numbers log.printed_line log.repeated_failures
        log.round_trip_trail loop loop.hang_watch loss_limits messages performance
        performance.histogram performance.measures performance.meter performance.order_tracks
        performance.process_load report report.breakdowns report.charts report.failures
        report.format report.html report.live report.page report.performance report.records
        report.reports report.sections report.statistics report.tables report.terminal_summary
        report.trade_marks status status.answers status.desk_facts status.layout status.line
        status.parts status.report status.table trailing_rules words""",
    "config": """alerts alerts.last_run alerts.start_memory backtest checks checks.gateway_wait checks.tws_answers
        checks.tws_failures checks.tws_orders checks.tws_positions checks.tws_probe
        checks.tws_protobuf checks.tws_wire checks.verdicts commands commands.operator
        commands.parser commands.status commands.without_journal errors exit_codes live
        live.adapter_log live.broker_ear live.disowned live.ear_line live.engine_stderr live.restart
        live.state_dir live.unbuffered live_report live_report.bars live_report.equity
        live_report.orders live_report.story live_report.trades live_report.window secrets""",
    "strategies": """call_limit command_lane commissions decision_voice entry_gate entry_holds entry_plan holding
        limited_rule memory momentum moving_average_cross order_news price_bar rsi_macd rule_row
        rules sizing stop_raises stops trade_measures unanswered""",
}
OS_NAMES = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
CONSTRUCTORS = {"MarketOrder", "StopMarketOrder", "LimitOrder", "StopLimitOrder"}
REDUCE_ONLY_EXITS = {"bracket", "close_all_positions", "close_position", "market_exit"}
MAX_LINES, MAX_SCRIPT_LINES = 400, 80

Check = Callable[[Path], list[str]]


def sources(root: Path, *rooms: str) -> Iterator[tuple[str, Path, ast.Module]]:
    """Yield dotted name, file and tree of the modules of some rooms; "" = the scripts on the top level."""
    for room in rooms:
        for file in sorted((root / room).rglob("*.py") if room else root.glob("run_*.py")):
            name = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            yield name, file, ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Return the dotted names of all that a module imports, those for types only included."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "expected absolute imports"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(name: str) -> str:
    return name.partition(".")[0]


def imports_against_the_direction(root: Path) -> list[str]:
    return [
        f"{name} imports {other}"
        for name, _, tree in sources(root, *ROOMS)
        for other in sorted(imported(tree))
        if room_of(other) in (*ROOMS, "tests") or other.startswith("run_")
        if room_of(other) not in MAY_IMPORT[room_of(name)]
        or (room_of(name) == "strategies" and re.match(r"actors(?!\.messages\b)", other))
    ]


def engine_imports_out_of_place(root: Path) -> list[str]:
    return [
        f"{name} imports {ENGINE}"
        for name, _, tree in sources(root, "", *ROOMS)
        if any(room_of(other) == ENGINE for other in imported(tree))
        and name.partition(".")[2] not in TOUCH_THE_ENGINE.get(room_of(name), "").split()
    ]


def pure_modules_that_reach_the_engine(root: Path) -> list[str]:
    reach = {name: imported(tree) for name, _, tree in sources(root, *ROOMS)}

    def path_to_engine(name: str, seen: set[str]) -> list[str]:
        seen.add(name)
        for other in sorted(reach.get(name, ())):
            module = other if other in reach else other.rpartition(".")[0]
            if room_of(other) == ENGINE:
                return [name, ENGINE]
            if module in reach and module not in seen and (rest := path_to_engine(module, seen)):
                return [name, *rest]
        return []

    pure = [f"{room}.{name}" for room, names in PURE.items() for name in names.split()]
    missing = [f"{name} is listed as pure and is not there" for name in pure if name not in reach]
    return missing + [" → ".join(path) for name in pure if (path := path_to_engine(name, set()))]


def readers_of_the_environment(root: Path) -> list[str]:
    found = []
    for name, _, tree in sources(root, "", *ROOMS):
        reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and name_of(node) in OS_NAMES]
        if name != "config.loader" and (reads or imported(tree) & OS_NAMES):
            found.append(f"{name} reads the environment")
    return found


def readers_of_the_clock(root: Path) -> list[str]:
    found = []
    for name, _, tree in sources(root, *ROOMS):
        names = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        read = [each for each in sorted(names) if re.search(r"\.(now|today|utcnow)$", each)]
        if "time" in imported(tree):  # the module; datetime.time is another thing
            read += [each for each in sorted(names) if re.match(r"time\.(?!perf_counter)", each)]
        read += [each for each in sorted(imported(tree)) if re.match(r"time\.(?!perf_counter)", each)]
        found += [f"{name} reads the clock: {each}" for each in read]
    return found


def constructors_out_of_place(root: Path) -> list[str]:
    return [
        f"{name}:{call.lineno} calls {callee(call)}"
        for name, call in calls(root)
        if callee(call) in CONSTRUCTORS and name != VERSION_BOUND
    ]


def reduce_only_exits(root: Path) -> list[str]:
    return [
        f"{name}:{call.lineno} calls {callee(call)}" for name, call in calls(root) if callee(call) in REDUCE_ONLY_EXITS
    ]


def calls(root: Path) -> Iterator[tuple[str, ast.Call]]:
    for name, _, tree in sources(root, "", *ROOMS):
        yield from ((name, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def callee(call: ast.Call) -> str:
    return name_of(call.func).rpartition(".")[2]


def name_of(node: ast.AST) -> str:
    """Return ``a.b.c`` for that expression; what stands before an attribute and is no name becomes ``?``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{name_of(value)}.{attr}"
    return "?"


def scripts_too_thick(root: Path) -> list[str]:
    found = []
    for name, file, tree in sources(root, ""):
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > MAX_SCRIPT_LINES:
            found.append(f"{name} has {lines} lines > {MAX_SCRIPT_LINES}")
        found += [f"{name}:{node.lineno} runs on import" for node in tree.body if runs_on_import(node)]
    return found


def runs_on_import(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.Expr(value=ast.Constant()):
            return False
        case ast.Assign() | ast.AnnAssign():
            return any(isinstance(part, ast.Call) for part in ast.walk(node))
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return False
    return True


def files_too_long(root: Path) -> list[str]:
    files = [*root.glob("run_*.py"), *(file for room in (*ROOMS, "tests") for file in (root / room).rglob("*.py"))]
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sorted(files)}
    return [f"{file.relative_to(root)} has {n} lines > {MAX_LINES}" for file, n in lengths.items() if n > MAX_LINES]


def modules_without_a_docstring(root: Path) -> list[str]:
    return [f"{name} has no docstring" for name, _, tree in sources(root, "", *ROOMS) if not ast.get_docstring(tree)]


CROSSINGS: list[tuple[Check, str, str]] = [
    (imports_against_the_direction, "catalog/a.py", "import actors.messages"),
    (imports_against_the_direction, "actors/a.py", "from strategies.stops import StopConfig"),
    (imports_against_the_direction, "actors/a.py", "from config import loader"),
    (imports_against_the_direction, "strategies/a.py", "from actors.ledger import Ledger"),
    (imports_against_the_direction, "strategies/a.py", "from actors import ledger"),
    (imports_against_the_direction, "config/a.py", "import run_backtest"),
    (imports_against_the_direction, "config/a.py", "from tests.benchmarks import backtest_speed"),
    (engine_imports_out_of_place, "strategies/stops.py", "from nautilus_trader.model import Price"),
    (engine_imports_out_of_place, "config/loader.py", "def f():\n    import nautilus_trader"),
    (engine_imports_out_of_place, "run_backtest.py", "import nautilus_trader"),
    (readers_of_the_environment, "actors/a.py", "import os\nHOME = os.environ['HOME']"),
    (readers_of_the_environment, "config/secrets.py", "from os import getenv"),
    (readers_of_the_environment, "run_backtest.py", "import os\nos.getenv('HOME')"),
    (readers_of_the_clock, "strategies/a.py", "from datetime import datetime, UTC\ndatetime.now(UTC)"),
    (readers_of_the_clock, "actors/a.py", "import pandas as pd\npd.Timestamp.now()"),
    (readers_of_the_clock, "catalog/a.py", "import time\ntime.time_ns()"),
    (readers_of_the_clock, "config/a.py", "from time import monotonic"),
    (constructors_out_of_place, "strategies/orders.py", "MarketOrder(1)"),
    (constructors_out_of_place, "config/a.py", "model.StopMarketOrder(1)"),
    (reduce_only_exits, "strategies/a.py", "self.close_all_positions(1)"),
    (reduce_only_exits, "strategies/orders.py", "self.order_factory.bracket(1)"),
    (scripts_too_thick, "run_backtest.py", "x = 1\n" * 81),
    (scripts_too_thick, "run_live.py", "main()"),
    (scripts_too_thick, "run_live.py", "settings = load()"),
    (scripts_too_thick, "run_live.py", "if True:\n    main()"),
    (files_too_long, "tests/unit/test_a.py", "x = 1\n" * 401),
    (files_too_long, "config/a.py", "x = 1\n" * 401),
    (modules_without_a_docstring, "actors/a.py", "x = 1"),
]
CHECKS = [*dict.fromkeys(check for check, _, _ in CROSSINGS), pure_modules_that_reach_the_engine]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_house_keeps_its_lines(check: Check) -> None:
    assert check(ROOT) == []


def test_house_has_the_files_that_the_checks_read() -> None:
    assert {room_of(name) for name, _, _ in sources(ROOT, "", *ROOMS)} >= {*ROOMS, "run_backtest"}
    listed = {f"{room}.{name}" for room, names in TOUCH_THE_ENGINE.items() for name in names.split()}
    assert listed == {name for name, _, tree in sources(ROOT, *ROOMS) if ENGINE in map(room_of, imported(tree))}


@pytest.mark.parametrize(("check", "file", "source"), CROSSINGS)
def test_crossed_line_is_told(tmp_path: Path, check: Check, file: str, source: str) -> None:
    place = tmp_path / file
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(source)

    assert len(check(tmp_path)) == 1


def test_pure_module_that_reaches_the_engine_through_another_is_told(tmp_path: Path) -> None:
    for room, names in PURE.items():
        for name in names.split():
            (tmp_path / room).mkdir(exist_ok=True)
            (tmp_path / room / f"{name}.py").write_text("")
    (tmp_path / "catalog" / "store.py").write_text("from nautilus_trader.model import Bar")
    (tmp_path / "catalog" / "quality.py").write_text("from catalog.store import BarStore")
    (tmp_path / "strategies" / "stops.py").write_text("from catalog import quality")
    (tmp_path / "actors" / "account.py").unlink()

    assert pure_modules_that_reach_the_engine(tmp_path) == [
        "actors.account is listed as pure and is not there",
        "catalog.quality → catalog.store → nautilus_trader",
        "strategies.stops → catalog.quality → catalog.store → nautilus_trader",
    ]
