"""The disk with the database on it fills up and is emptied again while munjigi runs. PostgreSQL's own disk is
PostgreSQL's own affair; what it says of it is an answer like any other."""
from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from clients import Answer, Client, RawAnswer
from conftest import HOUSE, Figure
from databases import SqliteFile
from rotations import (
    REFRESH,
    Pair,
    assert_alive,
    assert_dead,
    at_once,
    is_let_in,
    refresh,
    request,
    settings,
    sign_in,
    sign_out,
    sign_up,
)
from servers import House, Server, wait_until

pytestmark = pytest.mark.munjigi_only("about munjigi's own storage")

PEOPLE = 20
ASK_SQLITE = (
    "import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1], timeout=20).execute(sys.argv[2]).fetchall()))"
)


class SmallDisk:
    """Eight megabytes of memory as a file system, which only the server sees and which goes when the server goes."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self.database = path / "munjigi.sqlite3"

    @property
    def under(self) -> tuple[str, ...]:
        mount_and_start = 'mount -t tmpfs -o size=8m munjigi "$0" && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", mount_and_start, str(self.path))

    def fill(self, server: Server, *, but_for: int = 0) -> None:
        """Leaves so many bytes free."""
        with self._filler(server).open("ab", buffering=0) as filler:
            for size in (65_536, 4_096, 1):
                try:
                    while True:
                        filler.write(b"\0" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC
            filler.truncate(filler.seek(0, os.SEEK_END) - but_for)

    def empty(self, server: Server) -> None:
        self._filler(server).unlink()

    def rows(self, server: Server, statement: str) -> list[Any]:
        """What SQLite itself says, in the server's place."""
        place = ("nsenter", f"--mount=/proc/{server.pid}/ns/mnt", "--")
        done = subprocess.run(
            [*place, sys.executable, "-c", ASK_SQLITE, self.database, statement],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return json.loads(done.stdout)

    def _filler(self, server: Server) -> Path:
        return Path(f"/proc/{server.pid}/root{self.path}/filler")


@pytest.fixture
def disk(folder: Path) -> SmallDisk:
    may_mount = os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "munjigi", folder], capture_output=True, timeout=20
    )
    if not may_mount or may_mount.returncode != 0:
        pytest.skip("only root, where it may mount file systems, can make a small disk")
    return SmallDisk(folder / "disk")


@pytest.fixture
def house(request: pytest.FixtureRequest, folder: Path, disk: SmallDisk) -> Iterator[House]:
    house = House(SqliteFile(disk.database, munjigi_url=f"sqlite:{disk.database}"), folder)
    request.node.stash[HOUSE] = house
    yield house
    house.close()


def test_a_full_disk_undoes_what_does_not_fit_and_heals_without_a_new_start(
    house: House, disk: SmallDisk, figure: Figure
) -> None:
    server = house.munjigi(settings(), under=disk.under)
    for number in range(PEOPLE):
        sign_up(server, f"user{number}")
    pairs = [sign_in(server, f"user{number}") for number in range(PEOPLE)]
    session = server.client()
    assert session.session_signin("user0").status_code == 200

    taken, refused = fill_until_nothing_is_written(server, disk)
    assert statuses(rotated_at_once(server, pairs)) == {503: PEOPLE}
    assert is_told_to_come_again(server.client().post(REFRESH, {"refresh": pairs[0].refresh}))
    assert is_told_to_come_again(server.client().post("/user/jwt_signout", {"refresh_token": pairs[1].refresh}))
    assert_reads_go_on(server, session, pairs)
    assert disk.rows(server, "pragma integrity_check") == [["ok"]]

    disk.empty(server)
    rotated = rotated_at_once(server, pairs)
    assert statuses(rotated) == {200: PEOPLE}, "each by the token that was refused"
    successors = [Pair(**json.loads(answer.body)) for answer in rotated]
    for pair, successor in zip(pairs, successors, strict=True):
        assert refresh(server, pair.refresh).refresh == successor.refresh
    for successor in successors[2:]:
        assert_alive(server, successor)
    sign_out(server, successors[1].refresh)
    assert_dead(server, successors[1])
    sign_up(server, "afterwards")
    names = {name for (name,) in disk.rows(server, "select username from user_user")}
    assert names == {f"user{number}" for number in range(PEOPLE)} | set(taken) | {"afterwards"}
    assert disk.rows(server, "pragma integrity_check") == [["ok"]]
    figure(
        f"disk full: {len(taken)} sign-ups found room and are there, {len(refused)} were refused with 503 and undone, and so "
        f"were {PEOPLE} rotations at once; reads went on, integrity_check was ok twice, all {PEOPLE} rotated when there was room"
    )


def fill_until_nothing_is_written(server: Server, disk: SmallDisk) -> tuple[list[str], list[str]]:
    """Who signed up and who could not."""
    names = (f"late{number}" for number in count())
    taken, refused = [], []

    def signs_up() -> Answer:
        name = next(names)
        answer = server.client().sign_up(name)
        (taken if answer.status_code == 201 else refused).append(name)
        return answer

    disk.fill(server, but_for=100_000)
    wait_until("the first to be refused", lambda: signs_up().status_code != 201)
    since = time.monotonic()

    def has_settled() -> bool:
        # Some still find room where SQLite's log is not full to its last page, or is cut, which is tried every second.
        nonlocal since
        disk.fill(server)
        answers = [signs_up(), server.client().jwt_signin("user1"), server.client().session_signin("user2")]
        for answer in answers:
            assert answer.status_code in (200, 201) or is_told_to_come_again(answer), answer.text
        if any(answer.ok for answer in answers):
            since = time.monotonic()
        return time.monotonic() - since > 2.5

    wait_until("every write to be refused", has_settled)
    return taken, refused


def rotated_at_once(server: Server, pairs: Sequence[Pair]) -> list[RawAnswer]:
    return at_once([server], [request(REFRESH, {"refresh": pair.refresh}) for pair in pairs])


def statuses(answers: Sequence[RawAnswer]) -> Counter[int | None]:
    return Counter(answer.status for answer in answers)


def is_told_to_come_again(answer: Answer) -> bool:
    return (
        answer.status_code == 503
        and answer.headers["retry-after"] == "1"
        and answer.headers["munjigi-error"] == "unavailable"
        and answer.json()["detail"] != ""
    )


def assert_reads_go_on(server: Server, session: Client, pairs: Sequence[Pair]) -> None:
    assert session.me().json()["username"] == "user0"
    assert all(is_let_in(server, pair.access) for pair in pairs)
    for token in (pairs[0].access, pairs[0].refresh):
        assert server.client().post("/api/token/verify/", {"token": token}).status_code == 200
    assert server.client().jwt_signin("user1", "wrong").status_code == 400
    assert server.client().sign_up("user1").status_code == 400
    assert server.answers("/readyz", 200)
