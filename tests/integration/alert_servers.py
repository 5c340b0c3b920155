"""Servers on loopback that take alerts: HTTP and SMTP; what came is kept, and what is answered may be chosen."""

import json
import socketserver
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

PATIENCE_SECS = 20.0  # far above what anything here takes: a test that waits so long has failed


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


class Inbox:
    """
    What came: title and lines of each message; HTTP answers are taken from ``answers`` first, then 200.

    One that does not listen yet has its port all the same, so nobody else takes it: who connects is refused.

    """

    def __init__(self) -> None:
        self.messages: list[tuple[str, list[str]]] = []
        self.answers: list[int] = []
        self.asked = 0  # how often somebody came, whatever the answer
        self.may_answer = Event()
        self.may_answer.set()
        self.port = 0
        self.listen: Callable[[], None]

    @property
    def lines(self) -> list[str]:
        return [line for _, lines in list(self.messages) for line in lines]

    def took(self, title: str, body: str) -> None:
        self.messages.append((title, body.strip().splitlines()))


@contextmanager
def http_inbox(*, listens: bool = True) -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            inbox.asked += 1
            inbox.may_answer.wait()  # at the end of a test at the latest
            status = inbox.answers.pop(0) if inbox.answers else 200
            if status == 200:
                inbox.took(sent["title"], sent["message"])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    with _serving(server, inbox, listens=listens):
        yield inbox


@contextmanager
def smtp_inbox() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say(b"220 here")
            while line := self.rfile.readline():
                match line[:4].upper():
                    case b"DATA":
                        self._say(b"354 go on")
                        self._take()
                        self._say(b"250 taken")
                    case b"QUIT":
                        self._say(b"221 bye")
                        return
                    case _:
                        self._say(b"250 ok")

        def _say(self, text: bytes) -> None:
            self.wfile.write(text + b"\r\n")

        def _take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)  # RFC 5321, 4.5.2
            mail = message_from_bytes(b"".join(lines))
            part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
            inbox.asked += 1
            inbox.took(str(make_header(decode_header(mail["Subject"]))), part.get_payload(decode=True).decode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.daemon_threads = True
    with _serving(server, inbox):
        yield inbox


@contextmanager
def _serving(server: socketserver.TCPServer, inbox: Inbox, *, listens: bool = True) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def listen() -> None:
        server.server_activate()
        thread.start()

    server.server_bind()
    inbox.port, inbox.listen = server.server_address[1], listen
    if listens:
        listen()
    try:
        yield
    finally:
        inbox.may_answer.set()
        if thread.ident:
            server.shutdown()
            thread.join()
        server.server_close()
