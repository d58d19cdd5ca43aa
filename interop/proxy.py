"""A proxy before PostgreSQL that counts the statements that pass."""
from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Self
from urllib.parse import urlsplit, urlunsplit

from databases import PostgresDatabase


@dataclass
class CountingProxy:
    """Statements are counted where they are run: a simple query by its text, a prepared one each time it is executed."""

    server: tuple[str, int]
    statements: Counter[str] = field(default_factory=Counter)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @classmethod
    @contextmanager
    def before(cls, database: PostgresDatabase) -> Iterator[Self]:
        """While it lasts the database is reached through the proxy."""
        url = database.server_url
        parts = urlsplit(url)
        assert parts.hostname
        proxy = cls((parts.hostname, parts.port or 5432))
        credentials = parts.netloc.rpartition("@")[0]
        port = proxy._listener.getsockname()[1]
        database.server_url = urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}", query="sslmode=disable"))
        threading.Thread(target=proxy._accept, daemon=True).start()
        try:
            yield proxy
        finally:
            database.server_url = url
            proxy._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # it was closed
                return
            server = socket.create_connection(self.server)
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=pump, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        prepared: dict[bytes, str] = {}
        bound: dict[bytes, str] = {}
        with suppress(OSError), client, server, client.makefile("rb") as stream:
            for kind, message, words in messages(stream):
                match kind:
                    case b"Q":
                        self.statements[words[0].decode()] += 1
                    case b"P":
                        prepared[words[0]] = words[1].decode()
                    case b"B":
                        bound[words[0]] = prepared[words[1]]
                    case b"E":
                        self.statements[bound[words[0]]] += 1
                server.sendall(message)


def messages(stream: BinaryIO) -> Iterator[tuple[bytes, bytes, list[bytes]]]:
    """A client's messages: its kind, the whole of it, and its words, which each end with a zero. The first has no kind."""
    kind = b""
    while head := stream.read(4):
        body = stream.read(int.from_bytes(head) - 4)
        yield kind, kind + head + body, body.split(b"\0")
        kind = stream.read(1)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError), source, sink:
        while data := source.recv(65536):
            sink.sendall(data)
