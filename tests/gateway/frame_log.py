"""Every frame that came and went, so that a test can say what was sent, and what never was."""

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from tests.gateway.codec import as_dict, kind_of

MAX_FRAMES = 200_000  # older ones are forgotten, not their counts


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: when, from or to which client, and what it said."""

    ts: int  # wall clock, UTC nanoseconds
    is_incoming: bool  # from a client to the gateway
    client_id: int
    message: Message

    @property
    def kind(self) -> str:
        """Name of the message in the schema, such as "PlaceOrderRequest"."""
        return kind_of(self.message)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that are set, by their names in the schema."""
        return as_dict(self.message)


class FrameLog:
    """The last frames, and how many there were of each kind since the start."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque(maxlen=MAX_FRAMES)
        self.received: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()

    def add(self, is_incoming: bool, client_id: int, message: Message) -> None:
        frame = Frame(time.time_ns(), is_incoming, client_id, message)
        self._frames.append(frame)
        (self.received if is_incoming else self.sent)[frame.kind] += 1

    def frames(self, *kinds: str) -> list[Frame]:
        """Return the frames of some kinds in order, of all kinds if none is named."""
        return [frame for frame in self._frames if not kinds or frame.kind in kinds]
