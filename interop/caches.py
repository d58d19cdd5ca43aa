"""A Redis server of a test's own, which keeps what it was told over a crash."""
from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from servers import House, Server, free_port, wait_until

PASSWORD = "cache-password-7Zp2qLx9Tn"


@dataclass(frozen=True)
class Tls:
    """What a server shows, and who signed that, in PEM files."""

    certificate: Path
    key: Path
    authority: Path


@dataclass
class Redis:
    """`redis-server` with a password and a log that is on disk before each answer."""

    house: House
    port: int
    server: Server
    tls: Tls | None = None

    @classmethod
    def start(cls, house: House, tls: Tls | None = None) -> Redis:
        port = free_port()
        cache = cls(house, port, _started(house, port, tls), tls)
        cache.wait_ready()
        return cache

    @property
    def url(self) -> str:
        return self.url_by(self.tls.authority) if self.tls else f"redis://:{PASSWORD}@127.0.0.1:{self.port}/3"

    def url_by(self, authority: Path) -> str:
        """By TLS, for somebody who believes this authority."""
        return f"rediss://:{PASSWORD}@localhost:{self.port}/3?ssl_ca_certs={quote(str(authority))}"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def copies(self, session_key: str) -> list[bytes]:
        """The names under which something of a session is kept."""
        return self.client().keys(f"*{session_key}")

    def wait_ready(self) -> None:
        def answers() -> bool:
            try:
                return bool(self.client().ping())
            except redis.RedisError:
                return False

        wait_until("Redis to answer", answers)

    def crash(self) -> None:
        self.server.kill()

    def come_back(self) -> None:
        self.server = _started(self.house, self.port, self.tls)
        self.wait_ready()

    def stand_still(self) -> None:
        os.kill(self.server.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.server.pid, signal.SIGCONT)


def _started(house: House, port: int, tls: Tls | None) -> Server:
    listening = {"port": port}
    if tls:
        listening = {
            "port": 0, "tls-port": port, "tls-cert-file": tls.certificate, "tls-key-file": tls.key,
            "tls-ca-cert-file": tls.authority, "tls-auth-clients": "no",
        }  # fmt: skip
    options = listening | {
        "bind": "127.0.0.1", "dir": house.folder, "requirepass": PASSWORD, "save": "",
        "appendonly": "yes", "appendfsync": "always",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return house.start("redis", port, ["redis-server", *words])
