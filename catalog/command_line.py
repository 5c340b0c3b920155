"""
The commands of the catalog: sample, import, download, import-session, info, verify.

Exit codes: 0 done, 1 ``verify`` found errors or the output could not be written, 2 wrong usage, files or data,
130 interrupted.

"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from catalog.csv_import import ImportOptions, ImportReport, import_files
from catalog.download import Download, DownloadOptions
from catalog.errors import CatalogError
from catalog.ib_clock import broker_time_ns
from catalog.ib_download import IbHistory, leave
from catalog.overview import list_holdings, make_info_table, make_verify_table, verify
from catalog.sample import build_sample
from catalog.session_import import find_recorded, import_recorded
from catalog.store import DEFAULT_PATH, BarStore

PIPE_WIDTH = 160  # columns of a table that goes to a file or another program
DAY = "%Y-%m-%d"
INTERRUPTED = 130  # how typer ends after Ctrl-C: 128 + SIGINT, as shells count

app = typer.Typer(
    help="Price bars on disk: the sample, files, history from IB, live sessions; what is there, whether it is sound.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CatalogDir = Annotated[
    Path,
    typer.Option("--catalog", metavar="DIR", help="The directory (default: catalog/data).", show_default=False),
]


def run() -> int:
    """Run the command that the arguments name; return its exit code, or 1 when the output cannot be written."""
    code = 1
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
        if code == INTERRUPTED:
            print("Interrupted: the catalog is sound; run the command again to finish it.", file=sys.stderr)
    except OSError as error:  # the commands tell of files themselves: what is left is the printing
        print(f"Error: standard output could not be written: {error.strerror or error}.", file=sys.stderr)
        # What is left in the buffer must not fail a second time when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if IbHistory.was_opened:
        leave(code)
    return code


@app.command("sample")
def sample_command(catalog: CatalogDir = DEFAULT_PATH) -> None:
    """Build the sample: made-up 1-minute bars of AAPL, MSFT and TSLA, the same on every machine."""
    with _errors_told(), _progress() as progress:
        task = progress.add_task("sample", total=None)
        kinds = build_sample(catalog, lambda symbol: progress.update(task, description=symbol))
        store = BarStore(catalog)
        counts = {kind: store.count(kind) for kind in kinds}
    typer.echo(f"Built the sample (synthetic, not real prices) in {store.path}:")
    for kind, count in counts.items():
        typer.echo(f"  {kind}  {count:,} bars")


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=".csv, .csv.gz or .parquet, of one symbol.")],
    symbol: Annotated[str, typer.Option(help="Stock and listing venue, such as IBM.NYSE.")],
    bar: Annotated[str, typer.Option(help="Length of a bar: 5-SECOND, 1-MINUTE, 1-HOUR, 1-DAY, ...")] = "1-MINUTE",
    timezone: Annotated[str, typer.Option(help="Zone of times without an offset.")] = "America/New_York",
    timestamps: Annotated[Literal["open", "close"], typer.Option(help="What a bar's time stands for.")] = "open",
    hours: Annotated[Literal["regular", "all"], typer.Option(help="Keep regular sessions only, or all.")] = "regular",
    on_bad: Annotated[
        Literal["fail", "drop"], typer.Option(help="Bad rows: write nothing (exit 2), or leave them out.")
    ] = "fail",
    catalog: CatalogDir = DEFAULT_PATH,
) -> None:
    """Merge price files into the catalog; a bar that is there already is replaced by the new one."""
    options = ImportOptions(symbol, bar, timezone, timestamps, hours, on_bad)
    with _errors_told(), _progress() as progress:
        tasks = {file.name: progress.add_task(file.name, total=None) for file in files}

        def show(name: str, done: int, total: int) -> None:
            progress.update(tasks[name], completed=done, total=total)

        report = import_files(files, options, BarStore(catalog), show)
    _print_report(report)


@app.command("download")
def download_command(
    symbol: Annotated[list[str], typer.Option(help="Stock and listing venue, such as IBM.NYSE; may be repeated.")],
    start: Annotated[datetime, typer.Option(metavar="DATE", formats=[DAY], help="First day, such as 2026-01-02.")],
    end: Annotated[
        datetime | None, typer.Option(metavar="DATE", formats=[DAY], help="Last day (default: today).")
    ] = None,
    bar: Annotated[str, typer.Option(help="Length of a bar: 5-SECOND, 1-MINUTE, 1-HOUR, ...")] = "1-MINUTE",
    host: Annotated[str, typer.Option(help="Where IB Gateway or TWS runs.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its socket port.", min=1, max=65_535)] = 4002,
    client_id: Annotated[int, typer.Option(help="A client id that nobody else uses.", min=1, max=2**31 - 1)] = 9,
    catalog: CatalogDir = DEFAULT_PATH,
) -> None:
    """Fetch bars of regular sessions from IB; days that are there already are not asked for again."""
    options = DownloadOptions(tuple(symbol), bar, start.date(), end.date() if end else None)
    with _errors_told(), _progress() as progress:
        tasks = {each: progress.add_task(each, total=None) for each in options.symbols}

        def show(name: str, days: str, done: int, total: int) -> None:
            progress.update(tasks[name], description=f"{name} {days}", completed=done, total=total)

        now_ns = broker_time_ns(host, port, client_id)
        with IbHistory(host, port, client_id) as history:
            download = Download(BarStore(catalog), history, now_ns, lambda line: typer.echo(line, err=True))
            for report in download.run(options, show):
                typer.echo("\n".join(report.lines()))


@app.command("import-session")
def import_session_command(
    state: Annotated[Path, typer.Argument(metavar="STATE_DIR", help="Of run_live.py, such as state/paper-DU1234567.")],
    catalog: CatalogDir = DEFAULT_PATH,
) -> None:
    """Bring the bars that live sessions recorded into the catalog, so that run_backtest.py replays them."""
    with _errors_told():
        for file in find_recorded(state):
            for line in import_recorded(file, BarStore(catalog)):
                typer.echo(line)


@app.command("info")
def info_command(catalog: CatalogDir = DEFAULT_PATH) -> None:
    """List what the catalog holds; gaps are bars missing in regular sessions. Times are New York's."""
    with _errors_told():
        table = make_info_table(list_holdings(BarStore(catalog)))
    _console().print(table)


@app.command("verify")
def verify_command(catalog: CatalogDir = DEFAULT_PATH) -> None:
    """
    Check the bars against the exchange calendar and each other.

    Exit 0: nothing, or only notes (missing bars, bars outside the session, suspect prints, no volume).
    Exit 1: errors, over which a backtest would be wrong (splits, bad prices, days without a session).
    """
    with _errors_told():
        store = BarStore(catalog)
        found = verify(store)
        table = make_verify_table(store, found)
    _console().print(table)
    for kind, findings in found.items():
        for finding in findings:
            typer.echo(f"{finding.severity:5}  {kind}  {finding.kind}: {finding.detail} [{finding.count:,}]")
    if any(finding.severity == "error" for findings in found.values() for finding in findings):
        raise typer.Exit(1)


def _print_report(report: ImportReport) -> None:
    written = report.written
    typer.echo(f"{report.bar_type}: {report.rows:,} rows read, {report.bars:,} bars kept")
    typer.echo(f"  {report.covered_bars:,} of the {report.expected_bars:,} bars of their regular sessions")
    unchanged = report.bars - written.added - written.replaced
    typer.echo(f"  {written.added:,} new, {written.replaced:,} replaced, {unchanged:,} unchanged")
    notes = {
        "rows outside the regular session left out (--hours all keeps them)": report.outside_hours,
        "rows repeated with the same values": report.repeated,
        "prices rounded to the tick of $0.01": written.rounded_prices,
        "bad rows dropped:": report.bad_count,
    }
    for text, count in notes.items():
        if count:
            typer.echo(f"  {count:,} {text}")
    if report.bad_count:
        typer.echo(report.describe_bad())


@contextmanager
def _errors_told() -> Iterator[None]:
    # One paragraph on stderr and exit 2 for what the user can mend; anything else is a bug and shows itself.
    try:
        yield
    except CatalogError as error:
        typer.echo(f"Error: {error}", err=True)
    except OSError as error:
        typer.echo(f"Error: {error.filename or 'catalog'}: {error.strerror or error}.", err=True)
    else:
        return
    raise typer.Exit(2)


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
