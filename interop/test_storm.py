"""Many sign in at once: who needs no hash waits for none, who cannot be served in time is told so at once, and nobody learns
from the time who exists."""
from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from clients import Answer, Client
from conftest import Figure
from servers import House, Server, free_port, wait_until

pytestmark = [
    pytest.mark.alone,
    pytest.mark.munjigi_only("Django hashes in its workers and sheds nobody"),
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]

SAMPLES = int(os.environ.get("INTEROP_STORM_SAMPLES", "15"))
CROWD = 64
DOOR = "/user/jwt_signin"


def storm_server(house: House, **settings: object) -> Server:
    """One thread hashes, so that the crowd is too large for any machine."""
    environment = {"MUNJIGI_HASHING_THREADS": "1", "MUNJIGI_HASHING_DEADLINE_MS": "750"}
    return house.munjigi(dict(settings), environment=environment)


def timed(request: Callable[[], Answer]) -> tuple[Answer, float]:
    started = time.perf_counter()
    answer = request()
    return answer, time.perf_counter() - started


@contextmanager
def probing(client: Client) -> Iterator[list[float]]:
    """Somebody with a token asks who he is, over and over; the seconds that it took."""
    seconds: list[float] = []
    stop = threading.Event()

    def probe() -> None:
        while not stop.is_set():
            answer, took = timed(client.me)
            assert answer.status_code == 200
            seconds.append(took)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield seconds
    finally:
        stop.set()
        thread.join()


@pytest.mark.soak
@pytest.mark.parametrize("password", ["1234", "not this"])
def test_a_crowd_is_served_or_told_to_come_again_and_token_checks_go_on(
    house: House, password: str, figure: Figure
) -> None:
    metrics = free_port()
    server = storm_server(house, METRICS_BIND=f"127.0.0.1:{metrics}")
    client = server.client()
    assert client.sign_up("mseo").status_code == 201
    signed_in = server.client(bearer=client.jwt_signin("mseo").json()["access_token"])
    crowd = [server.client() for _ in range(CROWD)]
    for member in crowd:
        assert member.get("/healthz").status_code == 200  # its connection is open

    with probing(signed_in) as checks, ThreadPoolExecutor(CROWD) as pool:
        body = {"username": "mseo", "password": password}
        coming = [pool.submit(timed, lambda member=member: member.post(DOOR, body)) for member in crowd]
        answers = [each.result() for each in coming]
    served = [took for answer, took in answers if answer.status_code == (200 if password == "1234" else 400)]
    shed = [(answer, took) for answer, took in answers if answer.status_code == 503]
    assert len(served) + len(shed) == CROWD, [answer.status_code for answer, _ in answers]
    assert served and shed
    for answer, _ in shed:
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Munjigi-Error"] == "unavailable"
    assert max(served) < 10

    again, recovered = timed(lambda: client.jwt_signin("mseo"))
    assert again.status_code == 200
    assert recovered < 5
    worst = sorted(checks)[int(len(checks) * 0.99)]
    assert worst < 0.25, f"a token check took {worst:.3f} s"

    page = Client(f"http://127.0.0.1:{metrics}").get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert int(figures["munjigi_hashing_shed_total"]) >= len(shed)
    wait_until("an empty pool", lambda: "munjigi_hashing_running 0\n" in Client(f"http://127.0.0.1:{metrics}").get("/metrics").text)
    assert server.client().get("/metrics").status_code == 404
    figure(
        f"{CROWD} at once with {'the right' if password == '1234' else 'a wrong'} password, one thread: {len(served)} served, "
        f"the last after {max(served) * 1000:.0f} ms; {len(shed)} shed, the last after {max(took for _, took in shed) * 1000:.0f} ms; "
        f"{len(checks)} token checks beside it, p99 {worst * 1000:.1f} ms"
    )


def test_nobody_learns_in_a_storm_who_exists(house: House, figure: Figure) -> None:
    server = storm_server(house)
    client = server.client()
    assert client.sign_up("mseo").status_code == 201
    stop = threading.Event()

    def others() -> None:
        own = server.client()
        while not stop.is_set():
            own.post(DOOR, {"username": "mseo", "password": "not this"})

    seconds: dict[str, list[float]] = {"mseo": [], "nobody": []}
    with ThreadPoolExecutor(6) as pool:
        for _ in range(6):
            pool.submit(others)
        try:
            for _ in range(SAMPLES):  # interleaved, so that a change of the machine's mood falls on all alike
                for name, of_name in seconds.items():
                    answer, took = timed(lambda name=name: client.post(DOOR, {"username": name, "password": "not this"}))
                    if answer.status_code == 400:
                        of_name.append(took)
        finally:
            stop.set()
    medians = {name: statistics.median(of_name) for name, of_name in seconds.items()}
    ratio = medians["nobody"] / medians["mseo"]
    figure(
        f"refused amid six others, medians of {SAMPLES}: wrong {medians['mseo'] * 1000:.0f} ms, unknown "
        f"{medians['nobody'] * 1000:.0f} ms ({ratio:.3f})"
    )
    assert 0.8 <= ratio <= 1.25, medians


@pytest.mark.parametrize("kernel", ["portable", ["sha-ni-1", "sha-ni-2"]])
def test_the_same_binary_signs_in_by_other_kernels_and_says_which(house: House, kernel: str | list[str]) -> None:
    """What a processor without AVX-512, or without the SHA extensions too, would do."""
    wanted = kernel if isinstance(kernel, str) else kernel[-1]
    if f"{wanted}" != "portable" and " sha_ni " not in open("/proc/cpuinfo").read():
        kernel, wanted = "portable", "portable"
    client = house.munjigi().client()
    assert client.sign_up("mseo").status_code == 201
    other = house.munjigi({"HASHING_KERNEL": kernel})
    assert other.client().jwt_signin("mseo").status_code == 200
    assert other.client().jwt_signin("mseo", "not this").status_code == 400
    assert wanted in other.log_text()
    checked = house.munjigi_command("check", "--data", str(house.folder), settings={"HASHING_KERNEL": kernel})
    assert f"PBKDF2 with SHA-256 runs by {wanted}" in checked.stdout
