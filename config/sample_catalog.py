"""Which catalog a run uses when none is named: the default one, with the sample built into it when it is empty."""

from pathlib import Path

from rich.console import Console

from catalog.sample import build_sample
from catalog.store import BarStore

DEFAULT_CATALOG = Path(__file__).resolve().parent.parent / "catalog" / "data"


def open_catalog(named: Path | None, console: Console) -> BarStore:
    """Return the named catalog, else the default one; an empty default one gets the sample, and the user is told."""
    if named is not None:
        return BarStore(named)
    store = BarStore(DEFAULT_CATALOG)
    if not store.bar_types():
        console.print(f"No bars yet: building the synthetic sample in {store.path} (made-up prices, no market data).")
        build_sample(store.path, lambda symbol: console.print(f"  {symbol}", style="dim"))
    return store
