"""Which catalog a run uses when none is named: the default one, with the sample built into it when it is empty."""

from pathlib import Path

from rich.console import Console

from catalog.sample import build_sample, is_unfinished
from catalog.store import BarStore

DEFAULT_CATALOG = Path(__file__).resolve().parents[2] / "catalog" / "data"


def open_catalog(named: Path | None, console: Console) -> BarStore:
    """
    Return the named catalog, else the default one.

    An empty default one gets the sample, one in which a build was killed the rest of it, and the user is told.

    Raises
    ------
    CatalogError
        If the directory is not a catalog's, or the sample is needed and cannot be written there.

    """
    if named is not None:
        return BarStore(named)
    store = BarStore(DEFAULT_CATALOG)
    is_empty = not store.bar_types()
    if is_empty or is_unfinished(store):
        state = "No bars yet" if is_empty else "The sample is unfinished"
        console.print(f"{state}: building the synthetic sample in {store.path} (made-up prices, no market data).")
        build_sample(store.path, lambda symbol: console.print(f"  {symbol}", style="dim"))
    return store
