"""Thousands of access tokens expire at the same moment, and thousands of clients come to refresh at once."""
from __future__ import annotations

import os
import re
import resource
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

import pytest

from clients import RawAnswer
from conftest import Figure
from rotations import (
    REFRESH,
    SIGN_IN,
    Pair,
    assert_alive,
    at_once,
    claims,
    is_let_in,
    request,
    settings,
    sign_in,
    sign_up,
    successors,
)
from servers import House, Server

pytestmark = [
    pytest.mark.alone,
    pytest.mark.munjigi_only("simplejwt lets one token rotate several times"),
    pytest.mark.soak,
]

HERD = int(os.environ.get("INTEROP_HERD", "500"))
USERS = 50
SOME = 25


@dataclass
class Comer:
    """One client of the herd, on a connection of his own."""

    socket: socket.socket
    sent: float = 0.0
    took: float = 0.0
    received: bytes = b""

    def send(self, content: bytes) -> None:
        self.sent = time.monotonic()
        self.socket.sendall(content)

    def receive(self) -> bool:
        """Whether the whole answer is there."""
        chunk = self.socket.recv(65_536)
        self.received += chunk
        self.took = time.monotonic() - self.sent
        head, _, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: (\d+)", head)
        return not chunk or (length is not None and len(body) >= int(length[1]))

    @property
    def answer(self) -> RawAnswer:
        head, _, body = self.received.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        return RawAnswer(int(status[1]) if status else None, head.decode("latin-1"), body)


def stampede(server: Server, requests: Sequence[bytes]) -> list[Comer]:
    """Each request on a connection of its own, all sent before an answer is read."""
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        comers = [Comer(stack.enter_context(socket.create_connection(server.address, timeout=60))) for _ in requests]
        for comer in comers:
            selector.register(comer.socket, selectors.EVENT_READ, comer)
        for comer, content in zip(comers, requests, strict=True):
            comer.send(content)
        while selector.get_map():
            ready = selector.select(timeout=60)
            assert ready, "nobody was answered for a minute"
            for key, _ in ready:
                if key.data.receive():
                    selector.unregister(key.fileobj)
    return comers


@dataclass
class Bystander:
    """Somebody who has a good access token and uses it all the while."""

    server: Server
    pair: Pair
    took: list[float] = field(default_factory=list)

    def look_about(self, until: threading.Event) -> None:
        while not until.is_set():
            began = time.monotonic()
            assert is_let_in(self.server, self.pair.access)
            self.took.append(time.monotonic() - began)
            until.wait(0.02)


@pytest.fixture(autouse=True)
def enough_files() -> None:
    """A connection each, here and in the server, which inherits the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most == resource.RLIM_INFINITY or most > HERD + 1_000, f"at most {most} files can be open (ulimit -Hn)"
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def test_all_who_come_to_refresh_at_once_are_served_once(house: House, figure: Figure, backend: str) -> None:
    server = house.munjigi(settings() | {"hashers": {"pbkdf2_sha256": {"iterations": 1}}})
    pairs = signed_in(server)
    bystander, is_over = Bystander(server, sign_in(server, "user0")), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(bystander.look_about, is_over)
        comers = stampede(server, [request(REFRESH, {"refresh": pair.refresh}) for pair in pairs])
        is_over.set()
        looking.result()

    assert Counter(comer.answer.status for comer in comers) == {200: HERD}
    after = successors([comer.answer for comer in comers])
    assert [claims(pair.refresh)["sid"] for pair in after] == [claims(pair.refresh)["sid"] for pair in pairs]
    assert len({claims(pair.refresh)["jti"] for pair in after}) == HERD
    assert house.database.rows("select count(*) from munjigi_session where rotations = 1") == [(HERD,)]
    for pair in after[:: HERD // SOME]:
        assert_alive(server, pair)

    took = sorted(comer.took for comer in comers)
    presented = comers[-1].sent - comers[0].sent
    lasted = max(comer.sent + comer.took for comer in comers) - comers[0].sent
    figure(
        f"{HERD} refreshes presented within {presented:.2f} s, {backend}: {HERD} served in {lasted:.2f} s, half of them "
        f"within {median(took):.2f} s, p99 {quantiles(took, n=100)[98]:.2f} s, slowest {took[-1]:.2f} s; "
        f"somebody else's request took {median(bystander.took) * 1000:.0f} ms, at most {max(bystander.took) * 1000:.0f} ms"
    )


def signed_in(server: Server) -> list[Pair]:
    """So many sign-ins, of fifty users in turn."""
    for number in range(USERS):
        sign_up(server, f"user{number}")
    one_of_each = [request(SIGN_IN, {"username": f"user{number}", "password": "1234"}) for number in range(USERS)]
    pairs = [pair for _ in range(0, HERD, USERS) for pair in successors(at_once([server], one_of_each))]
    assert len(pairs) == HERD
    return pairs
