"""What a look at the gateway can end with: what was found, in words, and how the operator mends it; no I/O."""


class ProbeFailed(Exception):  # noqa: N818 - it is what was found, and the operator acts
    """The look ends here: what was found, and how it is mended."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(f"{found} {remedy}")
        self.found = found
        self.remedy = remedy


def absent(place: str, error: Exception) -> ProbeFailed:
    return ProbeFailed(
        f"nothing answers at {place} ({_reason(error)})",
        "Start IB Gateway or TWS and log in; compare ib.host and ib.port with the socket port in its API "
        'settings (in TWS, tick "Enable ActiveX and Socket Clients").',
    )


def client_id_taken(client_id: int) -> ProbeFailed:
    return ProbeFailed(
        f"client id {client_id} is in use by another program",
        "End that program (another node, or a script), or set ib.client_id to a number of its own.",
    )


def unanswered(place: str, question: str, last_word: str) -> ProbeFailed:
    return ProbeFailed(
        f"{place} takes the connection and leaves {question} unanswered{last_word}",
        "Look at the window of the gateway: a question to confirm, a login that has ended, the daily restart. "
        "Restart it if it hangs.",
    )


def hung_up(place: str, reason: str | OSError, last_word: str) -> ProbeFailed:
    word = reason if isinstance(reason, str) else _reason(reason)
    return ProbeFailed(
        f"{place} hung up ({word}){last_word}",
        "Look at its API settings: this machine among the trusted addresses, socket clients enabled; its log says "
        "more.",
    )


def not_tws(place: str, error: Exception) -> ProbeFailed:
    return ProbeFailed(
        f"what answers at {place} is no TWS or IB Gateway: {error}",
        "Correct ib.host and ib.port; another program may listen there.",
    )


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
