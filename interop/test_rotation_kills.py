"""kill -9 at random moments of a load of rotations and sign-outs: what was acknowledged stays, and nobody is locked out who
asks again with the token he has."""
from __future__ import annotations

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from json import dumps, loads

import pytest

from conftest import Figure
from rotations import (
    PASSWORD,
    REFRESH,
    SIGN_IN,
    SIGN_OUT,
    Pair,
    assert_dead,
    assert_rotates_or_repeats,
    assert_stays_ended,
    claims,
    record,
    settings,
    sign_out,
    sign_up,
)
from servers import House, Server

pytestmark = pytest.mark.munjigi_only("about munjigi's own storage")

KILLS = int(os.environ.get("INTEROP_ROTATION_KILLS", "3"))
DEVICES = 20

# Longer than any restart.
SETTINGS = settings(window="60s")


@dataclass
class Device:
    """A client that refreshes again and again, and now and then signs out and in, until it is cut off."""

    name: str
    chance: random.Random
    pair: Pair | None = None
    doing: str = ""
    rotations: int = 0
    ended: list[Pair] = field(default_factory=list)

    def run(self, server: Server, killed: threading.Event) -> None:
        with closing(HTTPConnection(*server.address, timeout=30)) as connection:
            try:
                while True:
                    self._step(connection)
            except (OSError, HTTPException):
                assert killed.is_set(), "nothing else cuts it off"

    def _step(self, connection: HTTPConnection) -> None:
        if self.pair is None:
            self.pair = Pair(**self._post(connection, SIGN_IN, {"username": self.name, "password": PASSWORD}))
        elif self.chance.random() < 0.1:
            self._post(connection, SIGN_OUT, {"refresh_token": self.pair.refresh})
            self.ended.append(self.pair)
            self.pair = None
        else:
            self.pair = Pair(**self._post(connection, REFRESH, {"refresh": self.pair.refresh}))
            self.rotations += 1

    def _post(self, connection: HTTPConnection, path: str, body: dict[str, str]) -> dict[str, str]:
        self.doing = path
        connection.request("POST", path, dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, (path, answer.status, content)
        return loads(content)

    def go_on(self, house: House, server: Server, ended_before: int) -> bool:
        """Asks again what was not answered, after all that was has been found as it was told. Whether what was in
        flight had been done."""
        for pair in self.ended[ended_before:]:
            assert_stays_ended(server, pair)
        if self.pair is None:
            return False
        row = record(house, self.pair.refresh)
        was_rotated = row.jti != claims(self.pair.refresh)["jti"]
        if self.doing == SIGN_OUT:
            sign_out(server, self.pair.refresh)
            assert_dead(server, self.pair)
            self.ended.append(self.pair)
            self.pair = None
            return row.has_ended
        assert not row.has_ended
        self.pair = assert_rotates_or_repeats(house, server, self.pair)
        return was_rotated


def load_until_killed(server: Server, devices: list[Device], seconds: float) -> None:
    killed = threading.Event()
    with ThreadPoolExecutor(len(devices)) as pool:
        running = [pool.submit(device.run, server, killed) for device in devices]
        time.sleep(seconds)  # the moment of the kill, not a wait for anything
        killed.set()
        server.kill()
    for device in running:
        device.result()


@pytest.mark.soak
def test_nothing_that_was_acknowledged_is_lost(house: House, backend: str, figure: Figure) -> None:
    server = house.munjigi(SETTINGS)
    chance = random.Random(20261122)
    devices = [Device(f"user{number}", random.Random(number)) for number in range(DEVICES)]
    for device in devices:
        sign_up(server, device.name)
    done, restarts = 0, []
    for _ in range(KILLS):
        ended = [len(device.ended) for device in devices]
        load_until_killed(server, devices, chance.uniform(0.05, 0.6))
        started = time.monotonic()
        server = house.munjigi(SETTINGS)
        restarts.append(time.monotonic() - started)
        with ThreadPoolExecutor(8) as pool:
            done += sum(pool.map(lambda device, before: device.go_on(house, server, before), devices, ended))
    ended_pairs = [pair for device in devices for pair in device.ended]
    ends = house.database.rows("select sid, end_reason from munjigi_session where ended_at is not null")
    assert sorted(ends) == sorted((claims(pair.refresh)["sid"], "sign_out") for pair in ended_pairs)
    rotations = sum(device.rotations for device in devices)
    assert rotations > KILLS and len(ended_pairs) > 0
    assert max(restarts) < 2
    figure(
        f"kill -9 under rotations and sign-outs on {backend}: {KILLS} rounds, {rotations} acknowledged rotations and "
        f"{len(ended_pairs)} endings, none lost; {done} that were not answered had been done; ready again after "
        f"{max(restarts):.2f} s at most"
    )
