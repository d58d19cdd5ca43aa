"""What a 2xx promises: the row is on disk, whatever becomes of the process."""
from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from json import dumps
from pathlib import Path

import pytest

from conftest import Figure
from servers import House, Server, wait_until

pytestmark = pytest.mark.munjigi_only("about munjigi's own storage")

KILL_ROUNDS = int(os.environ.get("INTEROP_KILL_ROUNDS", "1"))
KILL_SECONDS = float(os.environ.get("INTEROP_KILL_SECONDS", "10"))
FIRST_START_KILLS = int(os.environ.get("INTEROP_FIRST_START_KILLS", "8"))
CONNECTIONS = 20
SIGNINS_AFTER_A_KILL = 1000

# Hashing at Django's million iterations would leave the disk idle; what is tested here is the disk.
CHEAP_HASHES = {"hashers": {"pbkdf2_sha256": {"iterations": 1000}}}


@dataclass
class Load:
    """Connections that sign people up for as long as they can, and what they were told."""

    server: Server
    connections: int
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, prefix: str, seconds: float, end: Callable[[], object]) -> None:
        """Loads the server for so long, then calls `end` while the load goes on."""
        with ThreadPoolExecutor(self.connections) as pool:
            workers = [pool.submit(self._sign_up_until_cut_off, prefix) for _ in range(self.connections)]
            try:
                self._stop.wait(seconds)
                end()
            finally:
                self._stop.set()
            for worker in workers:
                worker.result()

    def _sign_up_until_cut_off(self, prefix: str) -> None:
        connection = HTTPConnection(*self.server.address, timeout=30)
        while not self._stop.is_set():
            name = f"{prefix}{next(self._numbers)}"
            body = dumps({"username": name, "password": name, "email": f"{name}@naver.com"})
            try:
                connection.request("POST", "/user/session_signup", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):
                self.unknown.append(name)
                break
            (self.acknowledged if answer.status == 201 else self.refused).append(name)
        connection.close()


@pytest.mark.soak
def test_every_acknowledged_signup_survives_kill_9(house: House, backend: str, figure: Figure) -> None:
    """Nobody who was told 201 is missing, and nobody at all is half there."""
    server = house.munjigi(CHEAP_HASHES)
    acknowledged = 0
    for round_number in range(KILL_ROUNDS):
        load = Load(server, CONNECTIONS)
        load.run(f"round{round_number}n", KILL_SECONDS, end=server.kill)
        assert not load.refused

        started = time.monotonic()
        server = house.munjigi(CHEAP_HASHES)
        recovery = time.monotonic() - started

        present = {name for (name,) in house.database.rows("select username from user_user")}
        assert set(load.acknowledged) <= present
        assert_whole(house)
        in_flight = [name for name in load.unknown if name in present]
        some = random.sample(load.acknowledged, min(SIGNINS_AFTER_A_KILL, len(load.acknowledged)))
        with ThreadPoolExecutor(8) as pool:
            statuses = set(pool.map(lambda name: signin_status(server, name), [*some, *in_flight]))
        assert statuses == {200}
        acknowledged += len(load.acknowledged)
        figure(
            f"kill -9 on {backend} after {KILL_SECONDS:g} s at {CONNECTIONS} connections: {len(load.acknowledged)} "
            f"acknowledged, 0 lost; {len(load.unknown)} in flight, {len(in_flight)} of them there; "
            f"ready again after {recovery:.2f} s"
        )
    assert acknowledged > CONNECTIONS * KILL_ROUNDS


def signin_status(server: Server, name: str) -> int:
    return server.client().jwt_signin(name, name).status_code


def assert_whole(house: House) -> None:
    """Every user has a password hash and an e-mail of its own, and no e-mail belongs to nobody."""
    database = house.database
    assert database.rows("select username from user_user where password not like ?", "pbkdf2_sha256$%") == []
    users = {str(identity) for (identity,) in database.rows("select id from user_user")}
    emails = [str(identity) for (identity,) in database.rows("select user_id from munjigi_email")]
    assert sorted(emails) == sorted(users)


@pytest.mark.soak
def test_the_first_start_may_be_killed_at_any_moment(house: House) -> None:
    chance = random.Random(20261121)
    for _ in range(FIRST_START_KILLS):
        server = house.start_munjigi(["dev"])
        time.sleep(chance.uniform(0, 0.3))  # the moment of the kill, not a wait for anything
        server.kill()
    server = house.munjigi()
    assert server.client().sign_up("mseo").status_code == 201
    assert set(house.ask("migrate_plan")) <= {"admin"}
    assert house.ask("unfit_columns") == []


def test_sigterm_lets_a_request_under_way_finish_and_exits_with_0(house: House) -> None:
    server = house.munjigi()
    body = dumps({"username": "late", "password": "1234", "email": "late@naver.com"}).encode()
    head = b"POST /user/session_signup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with server.raw() as connection:
        connection.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:10])
        wait_until("the server to have read that", lambda: server.unread_bytes() == [0])
        server.process.terminate()
        wait_until("the server to stop listening", lambda: not server.answers("/healthz", 200))
        connection.send(body[10:])
        assert connection.answer().status == 201
    assert server.process.wait(timeout=20) == 0
    assert house.database.rows("select username from user_user") == [("late",)]


# ---- by strace: a kill of the process cannot show what a power cut would do ------------------------------------------

STRACE = ("strace", "-D", "-f", "--seccomp-bpf", "-y", "-q", "-s", "24")
TRACED = ("-e", "trace=pwrite64,pwritev,fsync,fdatasync,write,writev,sendto,sendmsg")


@dataclass(frozen=True)
class Call:
    """One system call that has returned well: its name, what its first argument is, and its text."""

    name: str
    file: str
    text: str

    @property
    def wrote_the_wal(self) -> bool:
        return self.name.startswith("pwrite") and self.file.endswith("-wal")

    @property
    def synced_the_wal(self) -> bool:
        return self.name in ("fsync", "fdatasync") and self.file.endswith("-wal")

    @property
    def sent_created(self) -> bool:
        return "HTTP/1.1 201" in self.text


def calls(trace: str) -> list[Call]:
    """The calls of a `strace -f -y`, each at the moment it returned; a send, at the moment it began."""
    begun: dict[str, str] = {}
    done: list[Call] = []
    for line in trace.splitlines():
        pid, text = re.match(r"(\d+)\s+(.*)", line).groups()
        if text.endswith("<unfinished ...>"):
            begun[pid] = text.removesuffix("<unfinished ...>")
            if "HTTP/1.1 201" not in text:
                continue
            text = begun.pop(pid) + ") = 1"
        elif resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", text):
            if pid not in begun:
                continue
            text = begun.pop(pid) + resumed[1]
        found = re.match(r"(\w+)\(\d+<([^>]*)>.*\)\s+= (-?\d+)", text)
        if found and int(found[3]) >= 0:
            done.append(Call(found[1], found[2], text))
    return done


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_2xx_is_sent_only_after_the_wal_is_synced(house: House, figure: Figure) -> None:
    trace = house.folder / "strace.out"
    server = house.munjigi(CHEAP_HASHES, under=(*STRACE, *TRACED, "-o", str(trace)))
    client = server.client()
    people = [f"user{number}" for number in range(20)]
    assert {client.sign_up(name).status_code for name in people} == {201}
    stop_traced(server, trace)

    answers, syncs, written, synced = 0, 0, False, False
    for call in calls(trace.read_text(errors="replace")):
        if call.wrote_the_wal:
            written, synced = True, False
        elif call.synced_the_wal:
            syncs += 1
            synced = True
        elif call.sent_created:
            answers += 1
            assert written and synced, f"answer {answers} was sent before the WAL was synced"
            written = synced = False
    assert answers == len(people)
    figure(f"strace: {answers} answers 201, before each a sync of the WAL after its last write; {syncs} syncs in all")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_one_sync_serves_many_signups(house: House, figure: Figure) -> None:
    """Group commit: more than 8 sign-ups a commit at 64 clients, on a disk that takes 10 ms for each sync. (On a fast
    one the clients, who share two processors with the server, do not come fast enough to wait for each other.)"""
    trace = house.folder / "strace.out"
    slow_disk = ("-e", "inject=fsync,fdatasync:delay_enter=10ms")
    server = house.munjigi(
        {"hashers": {"pbkdf2_sha256": {"iterations": 1}}},
        under=(*STRACE, "-e", "trace=fsync,fdatasync", *slow_disk, "-o", str(trace)),
    )
    syncs_before = wal_syncs(trace.read_text())
    signed_up = bursts_of_signups(server, clients=64, bursts=20)
    stop_traced(server, trace)
    syncs = wal_syncs(trace.read_text()) - syncs_before
    figure(f"strace: {signed_up} sign-ups of 64 clients in {syncs} syncs of the WAL: {signed_up / syncs:.1f} a commit")
    assert signed_up / syncs > 8


def stop_traced(server: Server, trace: Path) -> None:
    server.stop()
    last_line = re.compile(rf"^{server.pid} +\+\+\+ exited", re.MULTILINE)
    wait_until("strace to write its last line", lambda: last_line.search(trace.read_text(errors="replace")))


def wal_syncs(trace: str) -> int:
    return sum(call.synced_the_wal for call in calls(trace))


def bursts_of_signups(server: Server, clients: int, bursts: int) -> int:
    """Each burst is one sign-up on each connection, all sent before the first answer is read."""
    connections = [server.raw() for _ in range(clients)]
    for burst in range(bursts):
        for number, connection in enumerate(connections):
            name = f"burst{burst}n{number}"
            body = dumps({"username": name, "password": name, "email": f"{name}@naver.com"}).encode()
            connection.send(
                b"POST /user/session_signup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
        assert {connection.answer().status for connection in connections} == {201}
    for connection in connections:
        connection.socket.close()
    return clients * bursts
