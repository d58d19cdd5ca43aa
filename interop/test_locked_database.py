"""Somebody else holds the database: a backup, a migration, an operator with a transaction open. Who writes waits for it for
five seconds and is then told to come again; who reads does not wait."""
from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from clients import RawAnswer
from conftest import Figure
from databases import SqliteFile
from rotations import (
    REFRESH,
    SIGN_IN,
    Pair,
    assert_alive,
    assert_rotates_or_repeats,
    at_once,
    claims,
    is_let_in,
    request,
    settings,
    sign_in,
    sign_up,
)
from servers import House, Server

pytestmark = [pytest.mark.alone, pytest.mark.munjigi_only("about munjigi's own storage")]

CLIENTS = 20
# Longer than anybody waits. A transaction on PostgreSQL waits for a connection before it waits for the lock, so all
# of them have given up after twice the time.
LONG_SECONDS = float(os.environ.get("INTEROP_LOCK_SECONDS", "6"))
ALL_HAVE_GIVEN_UP = 12


Answers = tuple[list[RawAnswer], list[RawAnswer]]


@dataclass
class Waiting:
    """Twenty clients who sign in and twenty who rotate, at one moment."""

    server: Server
    pairs: Sequence[Pair]

    def ask(self) -> Answers:
        sign_ins = [request(SIGN_IN, {"username": f"user{number}", "password": "1234"}) for number in range(CLIENTS)]
        rotations = [request(REFRESH, {"refresh": pair.refresh}) for pair in self.pairs]
        answers = at_once([self.server], [*sign_ins, *rotations])
        return answers[:CLIENTS], answers[CLIENTS:]


@pytest.fixture
def waiting(house: House) -> Waiting:
    server = house.munjigi(settings())
    for number in range(CLIENTS):
        sign_up(server, f"user{number}")
    return Waiting(server, [sign_in(server, f"user{number}") for number in range(CLIENTS)])


@contextmanager
def locked(house: House, statement: str = "lock table munjigi_session in exclusive mode") -> Iterator[None]:
    """Nobody else writes: SQLite knows one writer at a time; of PostgreSQL the one table is locked, or what `statement`
    locks."""
    if isinstance(house.database, SqliteFile):
        with closing(sqlite3.connect(house.database.path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            yield
            other.execute("rollback")
    else:
        with psycopg.connect(house.database.munjigi_url) as other:
            other.execute(statement)
            yield
            other.rollback()


def test_who_waits_no_longer_than_he_must_is_served(house: House, waiting: Waiting, figure: Figure, backend: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        with locked(house):
            asked = pool.submit(waiting.ask)
            slowest_read = reads_go_on(waiting, seconds=3)
            assert not asked.done()
        released = time.monotonic()
        sign_ins, rotations = asked.result()
        after = time.monotonic() - released
    assert statuses([*sign_ins, *rotations]) == {200: 2 * CLIENTS}
    for answer in [*sign_ins, *rotations]:
        assert_alive(waiting.server, Pair(**json.loads(answer.body)))
    figure(
        f"database locked for 3 s, {backend}: {CLIENTS} sign-ins and {CLIENTS} rotations served, all {after:.2f} s after its "
        f"end; slowest read meanwhile {slowest_read * 1000:.0f} ms"
    )


@pytest.mark.soak
def test_who_would_wait_too_long_is_told_to_come_again_and_nothing_is_half_done(
    house: House, waiting: Waiting, figure: Figure, backend: str
) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        with locked(house):
            asked = pool.submit(timed, waiting.ask)
            slowest_read = reads_go_on(waiting, seconds=LONG_SECONDS)
        (sign_ins, rotations), ended = asked.result()
    refused = assert_served_or_told_to_come_again([*sign_ins, *rotations])
    assert refused == 2 * CLIENTS or (backend == "postgres" and LONG_SECONDS < ALL_HAVE_GIVEN_UP and refused > 0)

    signed_in = [Pair(**json.loads(answer.body)) for answer in sign_ins if answer.status == 200]
    sids = {claims(pair.refresh)["sid"] for pair in [*waiting.pairs, *signed_in]}
    assert {sid for (sid,) in house.database.rows("select sid from munjigi_session")} == sids
    rotated = [row for (row,) in house.database.rows("select rotations from munjigi_session") if row]
    assert rotated == [1] * statuses(rotations)[200]
    for pair in waiting.pairs:
        assert_rotates_or_repeats(house, waiting.server, pair)
    assert statuses(waiting.ask()[0]) == {200: CLIENTS}
    figure(
        f"database locked for {LONG_SECONDS:g} s, {backend}: {refused} of {2 * CLIENTS} told to come again, the last one after "
        f"{ended - began:.1f} s, none half done; slowest read meanwhile {slowest_read * 1000:.0f} ms"
    )


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_who_waits_for_one_row_stops_nobody_else(house: House, waiting: Waiting, figure: Figure) -> None:
    held, free = waiting.pairs[:5], waiting.pairs[5:]
    sids = "', '".join(claims(pair.refresh)["sid"] for pair in held)
    with ThreadPoolExecutor(1) as pool:
        with locked(house, f"select 1 from munjigi_session where sid in ('{sids}') for update"):
            blocked = pool.submit(Waiting(waiting.server, held).ask)
            (sign_ins, rotations), _ = timed(Waiting(waiting.server, free).ask)
            assert statuses([*sign_ins, *rotations]) == {200: CLIENTS + len(free)}
            assert not blocked.done()
            reads_go_on(waiting, seconds=1)
        sign_ins, rotations = blocked.result()
    assert statuses([*sign_ins, *rotations]) == {200: CLIENTS + len(held)}
    figure(f"{len(held)} rows locked for a second and more, postgres: {CLIENTS} sign-ins and {len(free)} rotations went by")


def timed(ask: Callable[[], Answers]) -> tuple[Answers, float]:
    """The answers, and when the last of them was there."""
    return ask(), time.monotonic()


def reads_go_on(waiting: Waiting, seconds: float) -> float:
    """How long the slowest of them took."""
    slowest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        pair = waiting.pairs[0]
        began = time.monotonic()
        assert is_let_in(waiting.server, pair.access)
        assert waiting.server.client().post("/api/token/verify/", {"token": pair.access}).status_code == 200
        assert waiting.server.client().jwt_signin("user0", "wrong").status_code == 400
        assert waiting.server.answers("/readyz", 200)
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.02)  # the load of one reader, not a wait for anything
    return slowest


def assert_served_or_told_to_come_again(answers: Sequence[RawAnswer]) -> int:
    """How many were told to come again."""
    for answer in answers:
        if answer.status != 200:
            assert (answer.status, "retry-after: 1" in answer.head.lower()) == (503, True), answer
            assert json.loads(answer.body)["detail"] != ""
    return statuses(answers)[503]


def statuses(answers: Sequence[RawAnswer]) -> Counter[int | None]:
    return Counter(answer.status for answer in answers)
