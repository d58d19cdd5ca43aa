"""What the tests of rotating refresh tokens share: munjigi and the real simplejwt on one street, and what both say of a token."""
from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Barrier

from clients import Answer
from rotations import CHEAP_HASHES, REFRESH, REFUSED, ROTATION, claims
from servers import House, Server, Settings


@dataclass(frozen=True)
class Street:
    """munjigi, and a Django that refreshes too, on one database; a user who can sign in at both."""

    house: House
    munjigi: Server
    django: Server

    @property
    def both(self) -> tuple[Server, Server]:
        return self.munjigi, self.django

    def server(self, name: str) -> Server:
        return self.munjigi if name == "munjigi" else self.django

    def sign_in(self, home: str, count: int = 1) -> list[str]:
        """Refresh tokens of new sign-ins: with `sid` where they are made at munjigi, without at Django."""
        if home == "django":
            return [pair["refresh"] for pair in self.house.ask("give_pairs", username="mseo", count=count)]
        return [self.munjigi.client().jwt_signin("mseo").json()["refresh_token"] for _ in range(count)]

    def records(self) -> list[Record]:
        rows = self.house.database.rows("select sid, jti, rotations, end_reason from munjigi_session where jti is not null")
        return [Record(*row) for row in rows]

    def record_of(self, token: str) -> Record:
        """The record that a token names."""
        [record] = [record for record in self.records() if record.sid == claims(token)["sid"]]
        return record


@dataclass(frozen=True)
class Record:
    sid: str
    jti: str
    rotations: int
    end_reason: str | None


def street(house: House, munjigi: Settings | None = None, django: Settings | None = None) -> Street:
    """Both with rotation and blacklisting on, unless other keys of SIMPLE_JWT are said for one of them."""
    street = Street(house, start_munjigi(house, munjigi), house.django(simple_jwt=ROTATION if django is None else django))
    assert street.munjigi.client().sign_up("mseo").status_code == 201
    return street


def start_munjigi(house: House, simple_jwt: Settings | None = None) -> Server:
    return house.munjigi({"SIMPLE_JWT": ROTATION if simple_jwt is None else simple_jwt, "hashers": CHEAP_HASHES})


def refresh(server: Server, token: str) -> Answer:
    return server.client().post(REFRESH, {"refresh": token}, headers={"Accept-Language": "en"})


def rotated(server: Server, token: str) -> dict[str, str]:
    """The pair that a good refresh token gives."""
    answer = refresh(server, token)
    assert answer.status_code == 200, (server.name, answer.text)
    assert answer.json().keys() == {"access", "refresh"}, server.name
    return answer.json()


def assert_refused(server: Server, token: str) -> None:
    answer = refresh(server, token)
    assert (answer.status_code, answer.json()) == (401, REFUSED), server.name


def at_once(servers: Sequence[Server], token: str) -> list[tuple[Server, Answer]]:
    """One refresh token, sent to each of these at the same moment; the answers as they came in."""
    start = Barrier(len(servers))

    def send(server: Server) -> tuple[Server, Answer]:
        start.wait()
        return server, refresh(server, token)

    with ThreadPoolExecutor(len(servers)) as pool:
        return [sent.result() for sent in as_completed([pool.submit(send, server) for server in servers])]
