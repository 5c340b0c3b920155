"""What a supervisor such as systemd tells a service in its environment."""

import pytest

from config.loader import ConfigError, Supervisor, supervisor


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"NOTIFY_SOCKET": ""}, None),
        ({"WATCHDOG_USEC": "1000000"}, None),
        ({"NOTIFY_SOCKET": "/run/systemd/notify"}, Supervisor("/run/systemd/notify", None)),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "1500000"}, Supervisor("@a", 1.5)),
    ],
)
def test_supervisor_is_one_that_listens(environ: dict[str, str], expected: Supervisor | None) -> None:
    assert supervisor(environ) == expected


@pytest.mark.parametrize("patience", ["", "0", "-1", "1.5", "3min"])
def test_patience_that_is_no_number_is_told(patience: str) -> None:
    with pytest.raises(ConfigError, match="environment WATCHDOG_USEC: expected microseconds above 0, found") as caught:
        supervisor({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": patience})
    assert str(caught.value).endswith("leave it to systemd (WatchdogSec=), or unset it.")
