"""
The control port: the commands of the gateway as lines of JSON on the loopback, one answer for each line.

    → {"do": "reject", "request": "place", "code": 201}
    ← {"ok": true, "answer": null}

The words are those of ``tests.gateway.commands.Commands``; ``{"do": "help"}`` lists them.

"""

import asyncio
import inspect
import json
from typing import Any

from tests.gateway.commands import Commands
from tests.gateway.model import Refused

HOST = "127.0.0.1"
HELP = "help"


class ControlError(ValueError):
    """Says what is wrong with a line; who sent it acts."""


class Control:
    """Listens for lines and carries them out, one after the other on each connection."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen(self, port: int) -> None:
        """Begin to listen; port 0 = any free one."""
        self._server = await asyncio.start_server(self._serve, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self.answer(line.decode(errors="replace"))
                writer.write(json.dumps(answer, default=str).encode() + b"\n")
        except (ConnectionError, ValueError):
            pass  # the other side went away, or sent a line beyond all measure
        finally:
            writer.close()

    async def answer(self, line: str) -> dict[str, Any]:
        """Carry out one line."""
        try:
            return {"ok": True, "answer": await self._carry_out(_parse(line))}
        except (ControlError, Refused, ValueError, KeyError) as error:
            return {"ok": False, "error": str(error)}

    async def _carry_out(self, request: dict[str, Any]) -> Any:
        name = request.pop("do")
        if name == HELP:
            return {each: str(inspect.signature(getattr(self._commands, each))) for each in names()}
        if name not in names():
            raise ControlError(f"Expected one of {', '.join(names())}, was {name!r}.")
        command = getattr(self._commands, name)
        try:
            inspect.signature(command).bind(**request)
        except TypeError as e:
            raise ControlError(f"Expected {name}{inspect.signature(command)}, {e}.") from e
        found = command(**request)
        return await found if inspect.isawaitable(found) else found


def names() -> list[str]:
    """Return the words of the vocabulary."""
    return sorted(name for name in vars(Commands) if not name.startswith("_"))


def _parse(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except json.JSONDecodeError as e:
        raise ControlError(f"Expected a line of JSON, was {line.strip()!r}.") from e
    if not isinstance(request, dict) or "do" not in request:
        raise ControlError(f'Expected an object with "do", such as {{"do": "state"}}, was {line.strip()!r}.')
    return request
