"""
Alert targets by apprise: from an address, which is a secret, to a name that shows none and a way to deliver.

Of what apprise says only the status of an HTTP answer is passed on: its words may show parts of an address.

"""

import logging
import re
from collections.abc import Sequence
from typing import Any

from actors.alerts.rules import LEVELS
from actors.alerts.sender import AlertTarget, Outgoing
from actors.log.news import ticker
from actors.log.printed_line import shortened

KINDS = {"info": "info", "warning": "warning", "critical": "failure"}  # apprise's words
FILLED = 2  # a message fills at most 1/2 of what a service takes: title and escaped signs need room too
LIBRARIES = ("apprise", "urllib3")  # their logs show addresses
MAX_PAUSE_SECS = 1.0  # between two messages to one target; apprise would take up to 5.5, too long for the last ones
SCHEME = re.compile(r"([a-z][a-z0-9+]{0,15})://", re.IGNORECASE)


def open_target(number: int, address: str, title: str) -> AlertTarget:
    """
    Return the target of an address, the ``number``-th given; ``title`` says whose alerts they are.

    Raises
    ------
    ValueError
        If apprise does not know such an address; the text does not show it.

    """
    # Here, for it takes a second and 40 MB, and most runs have no target
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, OverflowMode

    _silence()
    asset = AppriseAsset(
        app_id="Ballast", app_desc="Ballast", async_mode=False, storage_mode="memory", service_timeout=0
    )
    service = _service(address, asset)
    if service is None:
        scheme = SCHEME.match(address)
        found = f"one that begins with {scheme[0]}" if scheme else "one without a scheme"
        raise ValueError(f"target {number}: expected an address that apprise can read, found {found}; correct it")
    service.request_rate_per_sec = min(service.request_rate_per_sec, MAX_PAUSE_SECS)
    service.overflow_mode = OverflowMode.SPLIT  # of an alert that is too long alone; the service would refuse it
    notifier = Apprise(asset=asset)
    notifier.add(service)

    def deliver(alerts: Sequence[Outgoing]) -> str:
        severity = max((alert.severity for alert in alerts), key=LEVELS.__getitem__)
        result = notifier.notify(
            title=f"{severity.upper()}{_about(alerts)}: {shortened(title)}",
            body="\n".join(alert.text for alert in alerts),
            notify_type=NotifyType(KINDS[severity]),
            body_format=NotifyFormat.TEXT,
        )
        return "" if result else _problem(" ".join(entry.message for entry in result.logs()))

    return AlertTarget(f"target {number} ({_shown(service)})", deliver, service.body_maxlen // FILLED)


def _about(alerts: Sequence[Outgoing]) -> str:
    """Return code and symbol of the only alert of a message: more than these a locked telephone may not show."""
    [first, *others] = alerts
    return "" if others else "".join(f" {word}" for word in (first.code, ticker(first.symbol)) if word)


def _service(address: str, asset: Any) -> Any:
    """Return what apprise makes of an address, None when it cannot; meanwhile it is silent, it would log the whole."""
    from apprise import Apprise

    log = logging.getLogger("apprise")
    log.disabled = True
    try:
        return Apprise.instantiate(address, asset=asset)
    except Exception:  # noqa: BLE001 - whatever a plugin raises; its text may show the address
        return None
    finally:
        log.disabled = False


def _silence() -> None:
    """Let no log of the libraries leave them, also where a program or a rule of the user's own turns logging on."""
    for name in LIBRARIES:
        log = logging.getLogger(name)
        log.propagate = False
        if not log.handlers:
            log.addHandler(logging.NullHandler())  # without one a warning would go to standard error


def _shown(service: Any) -> str:
    """Return the scheme, and the host where every form of such an address has one; elsewhere it may be a token."""
    address = service.url(privacy=True)
    scheme = SCHEME.match(address)
    named = scheme[1] if scheme else str(service.service_name)
    has_host = all("{host}" in form for form in service.templates)
    if not has_host or not service.host:
        return named
    place = f"{service.host}:{service.port}"  # a port that was not written is the scheme's own
    return f"{named}://{place if place in address else service.host}"


def _problem(said: str) -> str:
    status = re.search(r"\berror=(\d{3})\b", said)
    return f"it answered with HTTP status {status[1]}" if status else "no connection, or it refused the message"
