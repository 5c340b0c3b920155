"""
Time in the tests of the preflight: no limit ends by a slow machine, only where the gateway of the test lets it.

``be_patient`` makes every limit long. ``hurry`` makes one step short, for a gateway that never answers it whole.
``stand_still`` stops the probe's clock until the gateway sends ``TIME_PASSES``: what stands before it in the stream
has been in time, and what stands behind it has not.

"""

from scripted_gateway import framed

from config.checks import tws_probe
from config.checks.tws_probe import TwsProbe

STEP_SECS = 60
LOOK_SECS = 600
TIME_PASSES = framed(b"\0\0\x03\xe7an hour of waiting")  # a message of no known number
STEP_LIMITS = ("ANSWER_SECS", "VALUE_SECS", "CONTRACTS_SECS")


def be_patient(monkeypatch):
    monkeypatch.setattr(tws_probe, "TOTAL_SECS", LOOK_SECS)
    for name in (*STEP_LIMITS, "CLOSE_SECS"):
        monkeypatch.setattr(tws_probe, name, STEP_SECS)


def hurry(monkeypatch, step):
    original = getattr(TwsProbe, step)

    def hurried(self, *args):
        with monkeypatch.context() as short:
            for name in STEP_LIMITS:
                short.setattr(tws_probe, name, 0.1)
            return original(self, *args)

    monkeypatch.setattr(TwsProbe, step, hurried)
    monkeypatch.setattr(tws_probe, "CLOSE_SECS", 0.1)  # such a gateway may not hang up either


class StillClock:
    def __init__(self):
        self.secs = 0

    def __call__(self):
        return self.secs


def stand_still(monkeypatch):
    clock, read_message = StillClock(), tws_probe.wire.read_message

    def read(payload):
        clock.secs += (STEP_SECS + 1) * (payload == TIME_PASSES[4:])
        return read_message(payload)

    monkeypatch.setattr(tws_probe, "perf_counter", clock)
    monkeypatch.setattr(tws_probe.wire, "read_message", read)
    return clock


def time_passes_after(count, answer):
    """Return the answers to a script's requests, and the end of the limit behind the last of ``count``."""
    left = iter(range(count - 1, -1, -1))
    return lambda data: answer(data) + (b"" if next(left) else TIME_PASSES)
