"""The list of ended sign-ins between processes: what one ends, the others refuse without asking the database."""
from __future__ import annotations

import base64
import hashlib
import json
import time
from statistics import median

import pytest

from conftest import Figure
from databases import PostgresDatabase
from servers import House, Server, wait_until

pytestmark = [pytest.mark.alone, pytest.mark.munjigi_only("Django has no such list")]

PATH = "/.well-known/munjigi/ended"
CLASSES = [
    "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication",
    "rest_framework.authentication.SessionAuthentication",
]
# A cheap hash: what is measured here is not the sign-in.
SETTINGS = {
    "REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": CLASSES},
    "ROUTES": {"ended": PATH},
    "hashers": {"pbkdf2_sha256": {"iterations": 1000}},
}
ROUNDS = 10


@pytest.fixture
def nodes(house: House) -> tuple[Server, Server]:
    here = house.munjigi(SETTINGS)
    here.client().sign_up("mseo")
    return here, house.munjigi(SETTINGS)


def signed_in(node: Server) -> dict[str, str]:
    return node.client().jwt_signin("mseo").json()


def status(node: Server, pair: dict[str, str]) -> int:
    return node.client(bearer=pair["access_token"]).me().status_code


def sign_out(node: Server, pair: dict[str, str]) -> None:
    assert node.client().post("/user/jwt_signout", {"refresh_token": pair["refresh_token"]}).status_code == 200


def fingerprint(pair: dict[str, str]) -> str:
    payload = pair["access_token"].split(".")[1]
    sid = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sid"]
    return base64.urlsafe_b64encode(hashlib.sha256(sid.encode()).digest()[:16]).rstrip(b"=").decode()


def test_what_ends_at_one_is_refused_at_the_other_within_a_second(
    nodes: tuple[Server, Server], figure: Figure, backend: str
) -> None:
    here, there = nodes
    took = []
    for _ in range(ROUNDS):
        pair, other = signed_in(here), signed_in(here)
        assert [status(node, pair) for node in nodes] == [200, 200]
        sign_out(here, pair)
        started = time.monotonic()
        assert status(here, pair) == 401, "the process itself knows at once"
        wait_until("the other process to know", lambda pair=pair: status(there, pair) == 401, seconds=1)
        took.append(time.monotonic() - started)
        assert [status(node, other) for node in nodes] == [200, 200]
    if backend == "postgres":
        assert median(took) < 0.25, "it is told, and need not wait for the next poll"
    figure(f"ended here, refused there, {backend}: median {median(took):.2f} s, longest {max(took):.2f} s of {ROUNDS}")


def test_what_an_operator_ends_is_refused_everywhere(nodes: tuple[Server, Server], house: House) -> None:
    pairs = [signed_in(node) for node in nodes]
    house.munjigi_command("sessions", "end", "mseo", "--data", str(house.folder))
    for node in nodes:
        for pair in pairs:
            wait_until("the sign-in to end", lambda node=node, pair=pair: status(node, pair) == 401, seconds=2)


def test_an_ending_that_was_acknowledged_outlives_the_process(nodes: tuple[Server, Server], house: House) -> None:
    here, there = nodes
    pair = signed_in(here)
    sign_out(here, pair)
    here.kill()
    wait_until("the other process to know", lambda: status(there, pair) == 401, seconds=2)
    assert status(house.munjigi(SETTINGS), pair) == 401, "and one that starts knows it before it is ready"


def test_the_list_goes_over_the_wire(nodes: tuple[Server, Server]) -> None:
    here, there = nodes
    first = there.client().get(PATH).json()
    assert first == {"cursor": 0, "reset": True, "more": False, "ended": []}
    pairs = [signed_in(here) for _ in range(3)]
    for pair in pairs:
        sign_out(here, pair)
    wait_until("three to be told", lambda: there.client().get(PATH).json()["cursor"] == 3)
    answer = there.client().get(f"{PATH}?after={first['cursor']}")
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told == {"cursor": 3, "reset": False, "more": False, "ended": [fingerprint(pair) for pair in pairs]}


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_connections_that_are_lost_are_made_again(nodes: tuple[Server, Server], house: House) -> None:
    here, there = nodes
    assert isinstance(house.database, PostgresDatabase)
    for _ in range(3):
        house.database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        pair = signed_in(here)
        sign_out(here, pair)
        wait_until("the other process to know", lambda pair=pair: status(there, pair) == 401, seconds=5)


def test_the_poll_ends_with_the_server(nodes: tuple[Server, Server]) -> None:
    for node in nodes:
        started = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - started < 2
