"""A run on the terminal: bars done, rate and remaining time."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from actors.messages import HandlerFailed
from actors.report.records import SessionRecord
from config.backtest.run import Backtest


def run_with_progress(backtest: Backtest, console: Console, should_stop: Callable[[], bool]) -> SessionRecord:
    """Run a backtest with a progress line, shown on terminals only."""
    columns = (
        TextColumn("Backtest"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("bars  {task.fields[rate]:,.0f}/s "),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("backtest", total=None, rate=0)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, rate=progress.tasks[task].speed or 0)

        return backtest.run(tell, should_stop)


def failure_text(error: HandlerFailed | str) -> str:
    """Return a contained exception in one paragraph: component, handler, what, where."""
    if isinstance(error, str):
        return error
    return f"{error.component}, {error.handler}: {error.error} ({error.place}). The trace is in report.html."
