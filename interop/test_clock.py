"""The wall clock under a running munjigi is set: back, forwards, over and over. libfaketime stands between the process
and the clock; the monotonic clock stays as it is, as where somebody sets a real one."""
from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clients import Client
from conftest import Figure
from databases import PostgresDatabase
from rotations import (
    assert_alive,
    assert_dead,
    claims,
    is_let_in,
    is_refreshed,
    refresh,
    settings,
    sign_in,
    sign_out,
    sign_up,
)
from servers import House, Server, Settings, wait_until

pytestmark = [pytest.mark.alone, pytest.mark.munjigi_only("Django believes the wall clock")]

BACK = pytest.mark.parametrize("step", [-5, -3600], ids=["5s", "1h"])
# Who asks until he is refused may learn of it so much later.
LATE = 0.75


class WallClock:
    """What the wall clock of a server says, as an offset in seconds."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        assert found, "libfaketime is missing: apt-get install libfaketime"
        self._library = found[0]
        self._file = folder / "wall-clock"
        self.set(0)

    def set(self, offset: int) -> None:
        # The server reads the file whenever it asks for the time, so it must never be half there.
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset:+d}s\n")
        new.replace(self._file)

    def under(self, **environment: str) -> tuple[str, ...]:
        """What to start a server with, so that this is its clock."""
        environment |= {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return ("env", *(f"{name}={value}" for name, value in environment.items()))


@pytest.fixture
def wall(folder: Path) -> WallClock:
    return WallClock(folder)


def started(house: House, wall: WallClock, settings: Settings, **environment: str) -> Server:
    server = house.munjigi(settings, under=wall.under(**environment))
    sign_up(server)
    return server


def with_lifetimes(**simple_jwt: int) -> Settings:
    plain = settings()
    return plain | {"SIMPLE_JWT": plain["SIMPLE_JWT"] | simple_jwt}


def by_session(server: Server) -> Client:
    client = server.client()
    assert client.session_signin("mseo").status_code == 200
    # As a browser that keeps its cookie whatever its own clock says.
    keeping = server.client()
    keeping.set_cookie("sessionid", client.cookies["sessionid"])
    return keeping


@pytest.mark.parametrize("step", [-1, -5, -3600], ids=["1s", "5s", "1h"])
def test_what_was_just_given_out_stays_good_where_the_clock_is_put_back(house: House, wall: WallClock, step: int) -> None:
    server = started(house, wall, settings())
    pair, session = sign_in(server), by_session(server)
    wall.set(step)
    assert is_let_in(server, pair.access)
    assert session.me().status_code == 200
    assert server.client().post("/api/token/verify/", {"token": pair.access}).status_code == 200

    successor = refresh(server, pair.refresh)
    assert is_let_in(server, successor.access)
    assert claims(successor.refresh)["iat"] >= claims(pair.refresh)["iat"]
    assert claims(successor.access)["exp"] >= claims(pair.access)["exp"]
    newest = sign_in(server)
    assert_alive(server, newest)
    assert by_session(server).me().status_code == 200

    sign_out(server, successor.refresh)
    assert_dead(server, successor)
    assert server.answers("/readyz", 200)
    assert re.findall(r"back_by=(\d+)\.\d s", server.log_text()) in ([str(-step)], [str(-step - 1)])


@BACK
def test_no_expiry_is_put_off_where_the_clock_is_put_back(
    house: House, wall: WallClock, step: int, figure: Figure, backend: str
) -> None:
    short = with_lifetimes(ACCESS_TOKEN_LIFETIME=2, REFRESH_TOKEN_LIFETIME=2)
    server = started(house, wall, short | {"SESSION_COOKIE_AGE": 2})
    began = time.monotonic()
    pair, session = sign_in(server), by_session(server)
    access, verify = server.client(bearer=pair.access), server.client()
    wall.set(step)
    refresh_token = {"token": pair.refresh}
    is_refused: dict[str, Callable[[], bool]] = {
        "access token": lambda: access.me().status_code == 401,
        "refresh token": lambda: verify.post("/api/token/verify/", refresh_token).status_code == 401,
        "session": lambda: session.me().status_code == 401,
    }
    took = []
    for what, condition in is_refused.items():
        wait_until(f"the {what} to expire", condition, seconds=10)
        ended = time.monotonic() - began
        assert ended < 2 + LATE, what
        took.append(f"{what} after {ended:.2f} s")
    figure(f"clock put back {-step} s, {backend}: of 2 s each, {', '.join(took)}")


@BACK
def test_the_window_of_a_rotation_is_no_longer_where_the_clock_is_put_back(
    house: House, wall: WallClock, step: int, figure: Figure, backend: str
) -> None:
    server = started(house, wall, settings(window=2))
    pair = sign_in(server)
    successor = refresh(server, pair.refresh)
    rotated = time.monotonic()
    wall.set(step)
    assert refresh(server, pair.refresh).refresh == successor.refresh

    wait_until("the window to end", lambda: not is_refreshed(server, pair.refresh), seconds=10)
    window = time.monotonic() - rotated
    assert window < 2 + LATE
    assert_dead(server, successor)
    figure(f"clock put back {-step} s, {backend}: a window of 2 s was open for {window:.2f} s")


def test_a_clock_that_jumps_a_day_ends_what_it_passes_and_may_be_put_right(house: House, wall: WallClock) -> None:
    server = started(house, wall, with_lifetimes(REFRESH_TOKEN_LIFETIME=86_400))
    pair, session = sign_in(server), by_session(server)
    wall.set(86_400)
    assert not is_let_in(server, pair.access)
    refused = server.client().post("/user/jwt_refresh", {"refresh_token": pair.refresh})
    assert (refused.status_code, refused.headers["munjigi-error"]) == (401, "token_expired")
    assert session.me().status_code == 200, "a session lives for two weeks"
    later = sign_in(server)
    assert is_let_in(server, later.access)

    wall.set(0)
    assert session.me().status_code == 200
    assert_alive(server, later)
    assert_alive(server, sign_in(server))
    assert by_session(server).me().status_code == 200
    assert not is_let_in(server, pair.access), "what was over stays over"


def test_nothing_fails_while_the_clock_is_thrown_about(house: House, wall: WallClock, figure: Figure, backend: str) -> None:
    """Eight clients rotate and use what they get at once; no step is longer than a token lives."""
    server = started(house, wall, with_lifetimes(ACCESS_TOKEN_LIFETIME=86_400, REFRESH_TOKEN_LIFETIME=172_800))
    until = time.monotonic() + 1

    def rotate(_: int) -> int:
        pair, session, rounds = sign_in(server), by_session(server), 0
        while time.monotonic() < until:
            pair = assert_alive(server, pair)
            assert session.me().status_code == 200
            rounds += 1
        return rounds

    chance, steps = random.Random(20261122), 0
    with ThreadPoolExecutor(8) as pool:
        clients = pool.map(rotate, range(8))
        while time.monotonic() < until:
            wall.set(chance.choice([0, -1, -5, -3600, 5, 3600]))
            steps += 1
            server.answers("/readyz", 200)
        rotations = sum(clients)
    assert rotations > 8
    figure(f"clock set {steps} times in a second, {backend}: {rotations} rotations of 8 clients, none refused, none failed")


@pytest.mark.parametrize("step", [-3600, 86_400], ids=["back", "forwards"])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_timeout_knows_no_wall_clock(house: House, wall: WallClock, step: int) -> None:
    server = house.munjigi({"HEADER_TIMEOUT": 1}, under=wall.under())
    with server.raw() as connection:
        began = time.monotonic()
        connection.send(b"GET /healthz HTTP/1.1\r\n")
        wall.set(step)
        assert server.answers("/readyz", 200)
        assert connection.closed()
        assert 0.9 < time.monotonic() - began < 1 + LATE


def test_a_new_start_follows_the_wall_clock(house: House, wall: WallClock) -> None:
    """A token from an hour ahead is refused, as PyJWT refuses it, and nothing else is amiss."""
    before = started(house, wall, settings())
    pair, session = sign_in(before), by_session(before)
    wall.set(-3600)
    assert is_let_in(before, pair.access)
    assert before.stop() == 0

    after = house.munjigi(settings(), under=wall.under())
    assert not is_let_in(after, pair.access)
    refused = after.client().post("/user/jwt_refresh", {"refresh_token": pair.refresh})
    assert (refused.status_code, refused.headers["munjigi-error"]) == (401, "token_not_valid")
    session.base = after.base
    assert session.me().status_code == 200
    anew = sign_in(after)
    assert claims(anew.access)["iat"] < claims(pair.access)["iat"]
    assert_alive(after, anew)
    assert "put back" not in after.log_text()


def test_a_time_zone_changes_nothing(house: House, wall: WallClock) -> None:
    """Two processes whose zones are nineteen hours apart; that of one is changed while it runs, and the database's too."""
    zone = house.folder / "zone"
    zone.symlink_to("/usr/share/zoneinfo/Asia/Seoul")
    seoul = started(house, wall, settings(), TZ=f":{zone}")
    honolulu = house.munjigi(settings(), under=wall.under(TZ="Pacific/Honolulu"))

    def all_is_well() -> None:
        for here, there in [(seoul, honolulu), (honolulu, seoul)]:
            pair, session = sign_in(here), by_session(here)
            session.base = there.base
            assert session.me().status_code == 200
            successor = assert_alive(there, pair)
            assert is_let_in(here, successor.access)
            assert abs(claims(successor.access)["iat"] - time.time()) < 5

    all_is_well()
    zone.unlink()
    zone.symlink_to("/usr/share/zoneinfo/America/St_Johns")
    if isinstance(house.database, PostgresDatabase):
        house.database.execute(f"alter database {house.database.name} set timezone to 'Asia/Kathmandu'")
        house.database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        wait_until("both to be connected again", lambda: all(node.answers("/readyz", 200) for node in (seoul, honolulu)))
    all_is_well()
