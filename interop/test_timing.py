"""Who may not come in learns nothing of why: not from the answer's bytes, and not from its time."""
from __future__ import annotations

import os
import statistics
import time

import pytest

from clients import Answer, Client
from conftest import TARGET, Figure
from servers import House, Server

pytestmark = [pytest.mark.alone, pytest.mark.parametrize("backend", ["sqlite"], indirect=True)]

SAMPLES = int(os.environ.get("INTEROP_TIMING_SAMPLES", "15"))
DOORS = ("/user/session_signin", "/user/jwt_signin", "/api/token/")
CAUSES = {"unknown": "x" * 10, "wrong": "not this", "inactive": "1234", "unusable": "1234"}
TOLERANCE = 0.20


@pytest.fixture
def people(server: Server, house: House) -> Client:
    """One user for each cause, but the unknown one."""
    client = server.client()
    for name in ("wrong", "inactive"):
        assert client.sign_up(name).status_code == 201
    house.ask("set_active", username="inactive", active=False)
    house.database.execute(
        "insert into user_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,"
        " date_joined) select '!' || substr(password, 24, 40), is_superuser, 'unusable', '', '', 'unusable@naver.com',"
        " is_staff, is_active, date_joined from user_user where username = 'wrong'"
    )
    return client


@pytest.mark.soak
@pytest.mark.parametrize("door", DOORS)
def test_refusals_are_alike_in_bytes_and_in_time(people: Client, door: str, figure: Figure) -> None:
    seconds: dict[str, list[float]] = {cause: [] for cause in CAUSES}
    answers: set[tuple[object, ...]] = set()
    for _ in range(SAMPLES):  # interleaved, so that a change of the machine's mood falls on all alike
        for cause, password in CAUSES.items():
            started = time.perf_counter()
            answer = people.post(door, {"username": cause, "password": password})
            seconds[cause].append(time.perf_counter() - started)
            answers.add(seen(answer))
    assert len(answers) == 1, answers

    medians = {cause: statistics.median(of_cause) for cause, of_cause in seconds.items()}
    middle = statistics.median(medians.values())
    told = (f"{cause} {median * 1000:.1f} ms ({median / middle:.3f})" for cause, median in medians.items())
    figure(f"refused at {door}, medians of {SAMPLES} and their ratio to the middle one: {', '.join(told)}")
    for cause, median in medians.items():
        assert abs(median / middle - 1) <= TOLERANCE, (cause, medians)


def seen(answer: Answer) -> tuple[object, ...]:
    """All that a client gets, but the date."""
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
    assert answer.status_code == (401 if answer.request.url.endswith("/api/token/") else 400)
    if TARGET == "munjigi":
        assert headers["munjigi-error"] == "invalid_credentials"
    return (answer.status_code, tuple(sorted(headers.items())), answer.content)
