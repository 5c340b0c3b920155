"""The gateway on TCP: listens, reads frames, and gives them to clients of the world."""

import asyncio
import socket
import struct
from datetime import UTC, datetime

from tests.gateway.client import Client
from tests.gateway.codec import PREFIX, SERVER_VERSION, BadFrame, framed, length_of
from tests.gateway.world import World

HOST = "127.0.0.1"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: the peer sees a reset


class Connection:
    """The wire to one client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._held: list[bytes] = []
        self._is_open = asyncio.Event()  # not open = hung
        self._is_open.set()

    async def handshake(self) -> None:
        """Agree on the version: the client says what it can, the gateway what it will."""
        prefix = await self._reader.readexactly(len(PREFIX))
        if prefix != PREFIX:
            raise BadFrame(f"Expected {PREFIX!r}, was {prefix!r}.")
        await self.read()  # "v100..225"; below 213 the client finds that it cannot speak to us
        now = f"{datetime.now(UTC):%Y%m%d %H:%M:%S} UTC"
        self._writer.write(framed(f"{SERVER_VERSION}\0{now}\0".encode()))

    async def read(self) -> bytes:
        """Return the next frame without its length."""
        length = length_of(await self._reader.readexactly(4))
        payload = await self._reader.readexactly(length)
        await self._is_open.wait()
        return payload

    def write(self, frame: bytes) -> None:
        if self._is_open.is_set():
            self._writer.write(frame)
        else:
            self._held.append(frame)

    def hang(self, is_hung: bool) -> None:
        """Hold back everything in both directions, or let it go."""
        if is_hung:
            self._is_open.clear()
            return
        self._is_open.set()
        held, self._held = self._held, []
        for frame in held:
            self._writer.write(frame)

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """Break the connection as a crash does, unless it has ended by itself."""
        if self._writer.transport.is_closing():
            return
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._writer.transport.abort()


class Server:
    """Listens for clients and serves them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._is_hung = False
        self.port = 0

    async def listen(self, port: int) -> None:
        """Begin to accept connections; port 0 = any free one."""
        self._server = await asyncio.start_server(self._serve, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Accept no more connections; those that stand go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def close(self) -> None:
        """End everything."""
        self.refuse()
        self.drop()

    def drop(self) -> None:
        """Break every connection."""
        for connection in list(self._connections):
            connection.reset()

    def hang(self, is_hung: bool) -> None:
        self._is_hung = is_hung
        for connection in self._connections:
            connection.hang(is_hung)

    def send_raw(self, frame: bytes) -> None:
        """Send bytes to every client as they are."""
        for connection in self._connections:
            connection.write(frame)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        connection.hang(self._is_hung)
        self._connections.add(connection)
        client = Client(self._world, connection.write, connection.close)
        try:
            await connection.handshake()
            while True:
                client.receive(await connection.read())
        except (asyncio.IncompleteReadError, ConnectionError, BadFrame):
            pass  # the client went away, or spoke another protocol
        finally:
            client.gone()
            self._connections.discard(connection)
            connection.close()
