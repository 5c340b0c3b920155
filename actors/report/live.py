"""What a report says of a live session beyond the figures: whose account, whose prices, and what else belongs to it."""

from actors.report.format import count, run_name
from actors.report.records import SessionRecord

_ACCOUNTS = {"paper": "Paper account", "live": "Live account", "dry-run": "Dry run, account"}
_PRICES = {"dry-run": "No order reached the broker: the fills are simulated on its prices."}
_BROKERS = "Orders, fills and prices are the broker's, as the journal has them."


def account_name(record: SessionRecord) -> str:
    """Return the account in words, ``Paper account DU…567``; nothing for a backtest."""
    kind = _ACCOUNTS.get(record.mode, run_name(record))
    return f"{kind} {record.live.account}" if record.live else ""


def remarks(record: SessionRecord) -> list[str]:
    """Return what a reader must know of a live session, a sentence each; nothing for a backtest."""
    live = record.live
    if live is None:
        return []
    said = [_PRICES.get(record.mode, _BROKERS)]
    if live.starts > 1:
        killed = f"; {live.killed} of its runs did not end in order" if live.killed else ""
        said.append(f"The program was started {live.starts} times{killed}.")
    if live.carried:
        trips = count(live.carried, "round trip")
        said.append(f"{trips} from before: counted whole as a trade, in the net P&L only since the session began.")
    return said
