"""A mail server in a thread: it takes mails, in the clear, behind STARTTLS or by TLS from the first byte, or hangs."""
from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

Certificate = tuple[Path, Path]


@dataclass
class MailServer:
    """What came to it. `said` holds every line outside of mails, with whether it was private."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    said: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, object]:
        return {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "localhost", "EMAIL_PORT": self.port}

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in list(self.mails) if mail["To"] == address]


def link_in(text: str) -> tuple[str, str]:
    """The uid and the token of the link in a mail's text."""
    found = re.search(r"/reset/([\w-]+)/([\w-]+)/", text)
    assert found, text
    return found[1], found[2]


@contextlib.contextmanager
def mail_server(*, starttls: Certificate | None = None, tls: Certificate | None = None) -> Iterator[MailServer]:
    """One on a port of its own. It listens on the address that `localhost` is first."""
    listener = socketserver.ThreadingTCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler, bind_and_activate=True)
    listener.daemon_threads = True
    server = MailServer(listener.server_address[1])

    class Conversation(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, EOFError):
                talk(self.request if tls is None else private(self.request, tls), server, starttls, is_private=tls is not None)

    listener.RequestHandlerClass = Conversation
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()


@contextlib.contextmanager
def hanging() -> Iterator[MailServer]:
    """One that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        yield MailServer(listener.getsockname()[1])


def private(connection: socket.socket, certificate: Certificate) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context.wrap_socket(connection, server_side=True)


def talk(connection: socket.socket, server: MailServer, starttls: Certificate | None, *, is_private: bool) -> None:
    lines = connection.makefile("rb")
    say = lambda text: connection.sendall(text.encode() + b"\r\n")  # noqa: E731
    say("220 here")
    while line := lines.readline().decode().rstrip("\r\n"):
        server.said.append((line, is_private))
        match line.split(" ")[0].upper():
            case "EHLO":
                offers = (["STARTTLS"] if starttls and not is_private else []) + (["AUTH PLAIN"] if is_private else [])
                for offer in offers:
                    say(f"250-{offer}")
                say("250 8BITMIME")
            case "STARTTLS":
                assert starttls
                say("220 go ahead")
                connection, is_private = private(connection, starttls), True
                lines = connection.makefile("rb")
                say = lambda text, to=connection: to.sendall(text.encode() + b"\r\n")  # noqa: E731
            case "DATA":
                say("354 go")
                mail = bytearray()
                while (part := lines.readline()) != b".\r\n":
                    mail += part.removeprefix(b".")
                server.mails.append(email.message_from_bytes(bytes(mail), policy=email.policy.default))
                say("250 taken")
            case "QUIT":
                return say("221 bye")
            case _:
                say("250 ok")


def plain(user: str, password: str) -> str:
    """What AUTH PLAIN says."""
    return "AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()
