"""A run on the terminal: what to know before, bars done, rate and remaining time, and what failed."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from actors.messages import HandlerFailed
from actors.report.failures import first_of_each
from actors.report.records import SessionRecord
from config.backtest.run import Backtest
from config.cautions import cautions


def run_with_progress(backtest: Backtest, console: Console, should_stop: Callable[[], bool]) -> SessionRecord:
    """Run a backtest with a progress line, shown on terminals only; first tell of settings that undo each other."""
    for caution in cautions(backtest.settings):
        console.print(f"{caution.found}. {caution.remedy}", style="yellow", markup=False, highlight=False)
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


def failure_texts(record: SessionRecord) -> list[str]:
    """Return a paragraph for each place that failed: component, handler, what, where, and how often."""
    return [_failure_text(error, more) for error, more in first_of_each(record.errors, record.more_errors)]


def _failure_text(error: HandlerFailed | str, more: int) -> str:
    if isinstance(error, str):
        return error
    like_it = f"{more:,} more like it; the" if more else "The"
    return f"{error.component}, {error.handler}: {error.error} ({error.place}). {like_it} trace is in report.html."
