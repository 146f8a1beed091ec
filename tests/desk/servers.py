"""A real SMTP server and a real HTTP server on loopback, each a thread with a socket of its own."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs that sends one message."""

    def handle(self) -> None:
        self._say("220 test ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper().decode("ascii", "replace").strip()
            if verb == "DATA":
                self._data()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            elif verb == "RCPT" and self.server.refuses:
                self._say("550 no such person")
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def _data(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.server.taken.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self._say("250 taken")


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    refuses = False


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def smtp() -> Iterator[Any]:
    """``taken`` holds the messages; ``refuses`` makes it refuse every recipient."""
    server = _Threads(("127.0.0.1", 0), _Smtp)
    server.taken = []
    with serving(server):
        yield server


class _Robot(BaseHTTPRequestHandler):
    """A group robot: takes a JSON text, answers as the server is told."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.taken.append((self.path, self.headers["Host"], json.loads(self.rfile.read(length))))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.server.pause is not None:
            self.server.pause.wait(30)
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silent."""


@contextmanager
def robot() -> Iterator[Any]:
    """``taken`` holds (path, host, content); ``answer`` is (status, headers, body); ``pause`` an event that the body waits for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Robot)
    server.daemon_threads = True
    server.taken, server.answer, server.pause = [], (200, {}, b'{"errcode":0,"errmsg":"ok"}'), None
    with serving(server):
        yield server
