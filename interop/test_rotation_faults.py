"""Processes that die while they rotate a token or end a sign-in: at each point that docs/decisions/0016 names, and at
each write and sync of SQLite's log. What was answered stays; what was not is nothing or all."""
from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count

import psycopg
import pytest
import requests

from clients import Client
from conftest import Figure
from rotations import (
    REFRESH,
    SIGN_OUT,
    Pair,
    Swallower,
    assert_alive,
    assert_dead,
    assert_rotates_or_repeats,
    assert_stays_ended,
    is_refreshed,
    record,
    refresh,
    request,
    settings,
    sign_in,
    sign_out,
    sign_up,
    successors,
)
from servers import House, Server, wait_until

pytestmark = pytest.mark.munjigi_only("about munjigi's own storage")

# Longer than any restart: whoever was cut off may ask again.
SETTINGS = settings(window="60s")

on_postgres = pytest.mark.parametrize("backend", ["postgres"], indirect=True)
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def a_refresh(pair: Pair) -> bytes:
    return request(REFRESH, {"refresh": pair.refresh})


def a_sign_out(pair: Pair) -> bytes:
    return request(SIGN_OUT, {"refresh_token": pair.refresh})


# ---- PostgreSQL: a transaction is held at the point, and the process killed while it stands there --------------------

SESSION, ENDED = "munjigi_session", "munjigi_ended"
OUTSTANDING, BLACKLISTED = "token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"

# Whoever holds the lock 16 keeps a transaction from going on where a trigger asks for it.
STAND = (
    "create function stand() returns trigger language plpgsql "
    "as 'begin perform pg_advisory_xact_lock(16); return null; end'"
)
HELD = "select pg_advisory_lock(16)"
AFTER_LISTING = f"create trigger stand after insert on {OUTSTANDING} for each row execute function stand()"
IN_COMMIT = (
    f"create constraint trigger stand after update on {SESSION} deferrable initially deferred "
    "for each row execute function stand()"
)


@dataclass(frozen=True)
class Point:
    """Where a request stands: what another connection does to keep it there, what it waits for and in which mode, and
    what it has written by then."""

    name: str
    held: str
    waits_for: tuple[str, str]
    written: tuple[str, ...] = ()
    trigger: str | None = None
    is_done: bool = False


ROTATION_POINTS = [
    Point("verified", f"lock table {SESSION} in access exclusive mode", (SESSION, "AccessShareLock")),
    Point("decided", f"lock table {SESSION} in exclusive mode", (SESSION, "RowExclusiveLock")),
    Point("rotated", f"lock table {OUTSTANDING} in exclusive mode", (OUTSTANDING, "RowExclusiveLock"), (SESSION,)),
    Point("listed", HELD, ("advisory", "ExclusiveLock"), (SESSION, OUTSTANDING, BLACKLISTED), AFTER_LISTING),
    # The server was told to commit and will; nobody will be there to answer.
    Point("committed", HELD, ("advisory", "ExclusiveLock"), (SESSION, OUTSTANDING, BLACKLISTED), IN_COMMIT, is_done=True),
]
ENDING_POINTS = [
    Point("before its commit", f"lock table {ENDED} in exclusive mode", (ENDED, "RowExclusiveLock"), (SESSION,)),
    Point("after its commit", HELD, ("advisory", "ExclusiveLock"), (SESSION, ENDED), IN_COMMIT, is_done=True),
]


def kill_at(point: Point, house: House, server: Server, content: bytes) -> None:
    """Sends a request, waits until it stands at the point, and kills the process."""
    if point.trigger:
        house.database.execute(STAND)
        house.database.execute(point.trigger)
    with psycopg.connect(house.database.munjigi_url) as other, server.raw() as connection:
        other.execute(point.held)
        connection.send(content)
        wait_until(f"the request to stand at {point.name}", lambda: waiting(house, point))
        [pid] = waiting(house, point)
        assert set(point.written) <= written_by(house, pid), "it stands where the point says"
        assert bool(written_by(house, pid)) == bool(point.written)
        server.kill()
        assert connection.answer().status is None
    wait_until("PostgreSQL to be through with it", lambda: not is_connected(house, pid))


def waiting(house: House, point: Point) -> list[int]:
    """Who waits for what the point says."""
    rows = house.database.rows(
        "select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid and a.datname = current_database() "
        "left join pg_class c on c.oid = l.relation "
        "where not l.granted and coalesce(c.relname, l.locktype) = ? and l.mode = ?",
        *point.waits_for,
    )
    return [pid for (pid,) in rows]


def written_by(house: House, pid: int) -> set[str]:
    rows = house.database.rows(
        "select c.relname from pg_locks l join pg_class c on c.oid = l.relation and c.relkind = 'r' "
        "where l.granted and l.mode = 'RowExclusiveLock' and l.pid = ?",
        pid,
    )
    return {name for (name,) in rows}


def is_connected(house: House, pid: int) -> bool:
    return bool(house.database.rows("select 1 from pg_stat_activity where pid = ?", pid))


@on_postgres
@pytest.mark.parametrize("point", ROTATION_POINTS, ids=lambda point: point.name)
def test_a_rotation_that_dies_at_any_point_is_nothing_or_all(house: House, point: Point) -> None:
    server = house.munjigi(SETTINGS)
    sign_up(server)
    pair = sign_in(server)
    kill_at(point, house, server, a_refresh(pair))
    server = house.munjigi(SETTINGS)
    assert record(house, pair.refresh).rotations == int(point.is_done)
    assert_rotates_or_repeats(house, server, pair)


@on_postgres
@pytest.mark.parametrize("point", ENDING_POINTS, ids=lambda point: point.name.replace(" ", "_"))
def test_an_ending_that_dies_at_any_point_is_nothing_or_all(house: House, point: Point) -> None:
    server = house.munjigi(SETTINGS)
    sign_up(server)
    pair, other = sign_in(server), sign_in(server)
    kill_at(point, house, server, a_sign_out(pair))
    server = house.munjigi(SETTINGS)
    assert record(house, pair.refresh).has_ended == point.is_done
    if not point.is_done:
        pair = assert_rotates_or_repeats(house, server, pair)
        sign_out(server, pair.refresh)
    assert_stays_ended(server, pair)
    assert_alive(server, other)


@on_postgres
@pytest.mark.parametrize("point", ENDING_POINTS, ids=lambda point: point.name.replace(" ", "_"))
def test_a_theft_that_is_found_out_as_the_process_dies_is_found_out_again(house: House, point: Point) -> None:
    server = house.munjigi(SETTINGS)
    sign_up(server)
    stolen, other = sign_in(server), sign_in(server)
    family = [stolen, refresh(server, stolen.refresh)]
    family.append(refresh(server, family[-1].refresh))
    kill_at(point, house, server, a_refresh(stolen))
    server = house.munjigi(SETTINGS)
    assert record(house, stolen.refresh).has_ended == point.is_done
    assert not is_refreshed(server, stolen.refresh)
    assert_dead(server, *family)
    assert_alive(server, other)


# ---- SQLite: all of a transaction goes to the log at its commit, by writes and then a sync ---------------------------

WRITES, SYNCS = "pwrite64,pwritev", "fsync,fdatasync"


class Log:
    """SQLite's log, and a process that is killed when it touches it. Between its points a process has stopped well, so
    the log is empty, and the first who writes to it is the request."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.trace = house.folder / "strace.out"

    def server(self, calls: str, fault: str) -> Server:
        wal = f"{self.house.database.django_url.removeprefix('sqlite:')}-wal"
        traced = ("strace", "-D", "-f", "-y", "-q", "-P", wal, "-e", f"trace={WRITES},{SYNCS}")
        return self.house.munjigi(SETTINGS, under=(*traced, "-e", f"inject={calls}:{fault}", "-o", str(self.trace)))

    def is_killed_at(self, calls: str, number: int, content: bytes) -> bool:
        """Has the process killed when it begins such a call for the nth time. False if it answers without that."""
        server = self.server(calls, f"signal=SIGKILL:when={number}")
        with server.raw() as connection:
            connection.send(content)
            status = connection.answer().status
        assert status in (None, 200)
        server.kill() if status is None else server.stop()
        return status is None

    def kill_after_sync(self, number: int, content: bytes) -> None:
        """Keeps the process from going on after the nth sync, and kills it there."""
        server = self.server(SYNCS, f"delay_exit=60s:when={number}")
        with server.raw() as connection:
            connection.send(content)
            wait_until("the sync", lambda: "(DELAYED)" in self.trace.read_text(errors="replace"))
            server.kill()
            assert connection.answer().status is None


@pytest.fixture
def log(house: House) -> Log:
    server = house.munjigi(SETTINGS)
    sign_up(server)
    server.stop()
    return Log(house)


def signed_in(house: House) -> Pair:
    server = house.munjigi(SETTINGS)
    pair = sign_in(server)
    server.stop()
    return pair


def rotates_after(house: House, pair: Pair) -> bool:
    """Whether it was rotated when the process died. Whoever asks again goes on."""
    server = house.munjigi(SETTINGS)
    was_rotated = record(house, pair.refresh).rotations == 1
    assert_rotates_or_repeats(house, server, pair)
    server.stop()
    return was_rotated


def ends_after(house: House, pair: Pair) -> bool:
    """Whether it had ended when the process died. Whoever asks again is signed out."""
    server = house.munjigi(SETTINGS)
    had_ended = record(house, pair.refresh).has_ended
    if not had_ended:
        pair = assert_rotates_or_repeats(house, server, pair)
        sign_out(server, pair.refresh)
    assert_stays_ended(server, pair)
    server.stop()
    return had_ended


@on_sqlite
@pytest.mark.parametrize(
    ("name", "content", "outcome"),
    [("rotation", a_refresh, rotates_after), ("sign-out", a_sign_out, ends_after)],
    ids=["rotation", "ending"],
)
def test_what_dies_at_any_write_or_sync_of_the_log_is_nothing_or_all(
    house: House,
    log: Log,
    name: str,
    content: Callable[[Pair], bytes],
    outcome: Callable[[House, Pair], bool],
    figure: Figure,
) -> None:
    died: dict[str, list[bool]] = {}
    for calls in (WRITES, SYNCS):
        died[calls] = []
        for number in count(1):
            pair = signed_in(house)
            if not log.is_killed_at(calls, number, content(pair)):
                break
            died[calls].append(outcome(house, pair))
    assert len(died[WRITES]) > 5 and not any(died[WRITES]), "nothing, before the last of its pages is written"
    # A kill leaves what is written, synced or not.
    assert died[SYNCS] and died[SYNCS][-1] and not any(died[SYNCS][:-1])
    pair = signed_in(house)
    log.kill_after_sync(len(died[SYNCS]), content(pair))
    assert outcome(house, pair), "all, once it is synced"
    figure(
        f"kill -9 in a {name} on sqlite: at each of {len(died[WRITES])} writes of the log and before, nothing of it is "
        f"left; at the last sync and after it, all; each client went on"
    )


@on_sqlite
def test_a_rotation_that_dies_while_it_waits_for_the_lock_is_nothing(house: House) -> None:
    server = house.munjigi(SETTINGS)
    sign_up(server)
    pair = sign_in(server)
    with closing(sqlite3.connect(house.database.path, isolation_level=None)) as other, server.raw() as connection:
        other.execute("begin immediate")
        connection.send(a_refresh(pair))
        wait_until("the request to be read", lambda: server.unread_bytes() == [0])
        server.kill()
        assert connection.answer().status is None
    assert not rotates_after(house, pair)


@pytest.mark.parametrize("ended", [False, True], ids=["rotation", "ending"])
def test_an_answer_that_was_lost_with_its_process_is_given_by_the_next(house: House, ended: bool) -> None:
    server = house.munjigi(SETTINGS)
    sign_up(server)
    pair = sign_in(server)
    path, body = (SIGN_OUT, {"refresh_token": pair.refresh}) if ended else (REFRESH, {"refresh": pair.refresh})
    with Swallower(server).listening() as swallower, pytest.raises(requests.ConnectionError):
        Client(swallower.base).post(path, body)
    server.kill()
    server = house.munjigi(SETTINGS)
    assert swallower.answer.status == 200
    if ended:
        assert_stays_ended(server, pair)
    else:
        [lost] = successors([swallower.answer])
        assert refresh(server, pair.refresh).refresh == lost.refresh
        assert_alive(server, lost)
