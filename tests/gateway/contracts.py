"""The stocks as the broker knows them: the real numbers of three, made-up but well-formed ones of any other."""

from zlib import crc32

from tests.gateway.model import Contract

KNOWN = {
    contract.symbol: contract
    for contract in (
        Contract(265598, "AAPL", "NASDAQ", "US0378331005", "APPLE INC"),
        Contract(272093, "MSFT", "NASDAQ", "US5949181045", "MICROSOFT CORP"),
        Contract(76792991, "TSLA", "NASDAQ", "US88160R1014", "TESLA INC"),
    )
}
FIRST_MADE_UP_ID = 900_000_000  # above the ids that IB has given so far


def contract_of(symbol: str) -> Contract:
    """Return the contract of a symbol such as AAPL.NASDAQ; the same one every time."""
    if symbol in KNOWN:
        return KNOWN[symbol]
    ticker, _, exchange = symbol.rpartition(".")
    number = crc32(symbol.encode()) % 100_000_000
    return Contract(FIRST_MADE_UP_ID + number, ticker, exchange, _isin(number), f"{ticker} MADE-UP INC")


def _isin(number: int) -> str:
    body = f"US{number:09d}"
    return f"{body}{_check_digit(body)}"


def _check_digit(body: str) -> int:
    # ISO 6166: letters become 10 … 35, then Luhn over the digits, the last one doubled.
    digits = "".join(str(int(letter, 36)) for letter in body)
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return -sum(value // 10 + value % 10 for value in doubled) % 10
