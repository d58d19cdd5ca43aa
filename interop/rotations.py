"""Sign-ins whose refresh tokens rotate: what their clients do, alone and at the same moment, and what the record says."""
from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from clients import RawAnswer
from servers import House, Server

ROTATION = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
# What is tested is not the sign-in.
CHEAP_HASHES = {"pbkdf2_sha256": {"iterations": 1000}}
REFUSED = {"detail": "Token is blacklisted", "code": "token_not_valid"}
PASSWORD = "1234"

# munjigi's routes that simplejwt has too, so that both can be asked the same.
SIGN_IN, REFRESH = "/api/token/", "/api/token/refresh/"
SIGN_OUT = "/user/jwt_signout"


def settings(window: str | int | None = None) -> dict[str, Any]:
    """Rotation as it is meant to be used."""
    simple_jwt = ROTATION if window is None else ROTATION | {"ROTATION_WINDOW": window}
    return {"SIMPLE_JWT": simple_jwt, "hashers": CHEAP_HASHES}


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


@dataclass(frozen=True)
class Record:
    """What of the row behind a sign-in these tests ask for."""

    jti: str
    previous_jti: str | None
    rotations: int
    has_ended: bool


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def record(house: House, token: str) -> Record:
    """The record behind a token, as it is in the database."""
    columns = "select jti, previous_jti, rotations, ended_at is not null from munjigi_session where sid = ?"
    [(jti, previous_jti, rotations, has_ended)] = house.database.rows(columns, claims(token)["sid"])
    return Record(jti, previous_jti, rotations, bool(has_ended))


# ---- one client -----------------------------------------------------------------------------------------------------


def sign_up(server: Server, name: str = "mseo") -> None:
    assert server.client().sign_up(name, PASSWORD).status_code == 201


def sign_in(server: Server, name: str = "mseo") -> Pair:
    answer = server.client().post(SIGN_IN, {"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Pair(**answer.json())


def refresh(server: Server, token: str) -> Pair:
    answer = server.client().post(REFRESH, {"refresh": token})
    assert answer.status_code == 200, answer.text
    return Pair(**answer.json())


def is_refreshed(server: Server, token: str) -> bool:
    """Whether a token gives another pair; if not, it is refused as one that is not good any more."""
    answer = server.client().post(REFRESH, {"refresh": token}, headers={"Accept-Language": "en"})
    assert answer.status_code == 200 or (answer.status_code, answer.json()) == (401, REFUSED), answer.text
    return answer.status_code == 200


def sign_out(server: Server, token: str) -> None:
    assert server.client().post(SIGN_OUT, {"refresh_token": token}).status_code == 200


def is_let_in(server: Server, access: str) -> bool:
    status = server.client(bearer=access).me().status_code
    assert status in (200, 401)
    return status == 200


def assert_alive(server: Server, pair: Pair) -> Pair:
    """The sign-in holds, and goes on with the pair that this gives back."""
    assert is_let_in(server, pair.access)
    successor = refresh(server, pair.refresh)
    assert is_let_in(server, successor.access)
    return successor


def assert_dead(server: Server, *pairs: Pair) -> None:
    for pair in pairs:
        assert not is_let_in(server, pair.access)
        assert not is_refreshed(server, pair.refresh)


def assert_rotates_or_repeats(house: House, server: Server, pair: Pair) -> Pair:
    """Whoever asks again with the token he has gets the one successor, and goes on with it."""
    before = record(house, pair.refresh)
    was_rotated = before.jti != claims(pair.refresh)["jti"]
    successor = refresh(server, pair.refresh)
    after = record(house, pair.refresh)
    assert (after.jti, after.previous_jti) == (claims(successor.refresh)["jti"], claims(pair.refresh)["jti"])
    assert after.rotations == before.rotations + (0 if was_rotated else 1)
    return assert_alive(server, successor)


def assert_stays_ended(server: Server, pair: Pair) -> None:
    assert_dead(server, pair)
    sign_out(server, pair.refresh)
    assert_dead(server, pair)


# ---- many at the same moment ----------------------------------------------------------------------------------------


def request(path: str, body: dict[str, str], *, bearer: str | None = None) -> bytes:
    """A POST as it goes over the wire."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept-Language: en\r\n"
    head += f"Authorization: Bearer {bearer}\r\n" if bearer else ""
    return head.encode() + b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


def at_once(servers: Sequence[Server], requests: Sequence[bytes]) -> list[RawAnswer]:
    """Sends each request on a connection of its own, to the servers in turn. The last byte of each is held back until
    all are there, and no answer is read before all are sent."""
    with ExitStack() as stack:
        connections = [stack.enter_context(servers[turn % len(servers)].raw()) for turn in range(len(requests))]
        for connection, content in zip(connections, requests, strict=True):
            assert connection.send(content[:-1])
        for connection, content in zip(connections, requests, strict=True):
            assert connection.send(content[-1:])
        return [connection.answer() for connection in connections]


def successors(answers: Sequence[RawAnswer]) -> list[Pair]:
    """The pairs of those who got one. Whoever did not, was told that his token is not good any more."""
    pairs = []
    for answer in answers:
        if answer.status == 200:
            pairs.append(Pair(**json.loads(answer.body)))
        else:
            assert (answer.status, json.loads(answer.body)) == (401, REFUSED)
    return pairs


# ---- answers that do not arrive -------------------------------------------------------------------------------------


class Swallower:
    """A proxy for one request: it passes the request on, waits for all of the answer, and keeps it to itself."""

    def __init__(self, server: Server) -> None:
        self.answer: RawAnswer | None = None
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _run(self) -> None:
        client, _ = self._listener.accept()
        with client, self._server.raw() as upstream:
            threading.Thread(target=_pump, args=(client, upstream.socket), daemon=True).start()
            self.answer = upstream.answer()
            client.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def listening(self) -> Iterator[Swallower]:
        self._thread.start()
        try:
            yield self
        finally:
            self._thread.join(timeout=20)
            self._listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
