"""munjigi's six routes beside simplejwt's own, on one database: each takes the other's tokens and believes its lists."""
from __future__ import annotations

import errno
import os
import pty
import subprocess
from typing import Any

import pytest

from servers import MUNJIGI_BIN, House, Server, wait_until

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("about munjigi and Django side by side")]

# Both by simplejwt's rule, where a token that was used up is refused and nothing ends. `test_lineage.py` has ours.
ROTATION = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True, "ROTATION_WINDOW": 0}
MSEO = {"username": "mseo", "password": "1234"}


@pytest.fixture(params=["munjigi", "django"])
def home(request: pytest.FixtureRequest) -> str:
    """Where the tokens of a test are made; the other takes them."""
    return request.param


def neighbours(house: House, home: str = "munjigi", **simple_jwt: Any) -> tuple[Server, Server]:
    """`home` and the other, with the same keys of SIMPLE_JWT, and a user."""
    munjigi = house.munjigi({"SIMPLE_JWT": simple_jwt})
    django = house.django(simple_jwt=simple_jwt)
    assert munjigi.client().sign_up("mseo").status_code == 201
    return (munjigi, django) if home == "munjigi" else (django, munjigi)


def ask(server: Server, route: str, body: object) -> dict[str, str]:
    answer = server.client().post(f"/api/token/{route}", body)
    assert answer.status_code == 200, (server.name, route, answer.text)
    return answer.json()


def assert_refused(server: Server, route: str, body: object, *, status: int = 401) -> None:
    answer = server.client().post(f"/api/token/{route}", body, headers={"Accept-Language": "en"})
    refusals = {401: {"detail": "Token is blacklisted", "code": "token_not_valid"}, 400: {"non_field_errors": ["Token is blacklisted"]}}
    assert (answer.status_code, answer.json()) == (status, refusals[status]), (server.name, route)


def test_a_pair_goes_through_the_others_routes(house: House, home: str) -> None:
    here, there = neighbours(house, home, **ROTATION)
    pair = ask(here, "", MSEO)
    for token in pair.values():
        assert ask(there, "verify/", {"token": token}) == {}
    assert there.client(bearer=pair["access"]).me().status_code == 200
    renewed = ask(there, "refresh/", {"refresh": pair["refresh"]})
    assert renewed.keys() == {"access", "refresh"}
    for server in (here, there):
        assert server.client(bearer=renewed["access"]).me().status_code == 200
        assert_refused(server, "refresh/", {"refresh": pair["refresh"]})
        assert_refused(server, "blacklist/", {"refresh": pair["refresh"]})
        assert_refused(server, "verify/", {"token": pair["refresh"]}, status=400)
    assert ask(there, "blacklist/", {"refresh": renewed["refresh"]}) == {}
    for server in (here, there):
        assert_refused(server, "refresh/", {"refresh": renewed["refresh"]})
        assert_refused(server, "verify/", {"token": renewed["refresh"]}, status=400)


def test_a_sliding_token_goes_through_the_others_routes(house: House, home: str) -> None:
    classes = ["rest_framework_simplejwt.tokens.SlidingToken"]
    here, there = neighbours(house, home, AUTH_TOKEN_CLASSES=classes, BLACKLIST_AFTER_ROTATION=True)
    token = ask(here, "sliding/", MSEO)["token"]
    newer = ask(there, "sliding/refresh/", {"token": token})["token"]
    newest = ask(here, "sliding/refresh/", {"token": newer})["token"]
    for server in (here, there):
        assert ask(server, "verify/", {"token": newest}) == {}
        assert server.client(bearer=newest).me().json()["username"] == "mseo"
    munjigi = here if here.name == "munjigi" else there
    assert munjigi.client(bearer=newest).post("/user/jwt_signout").status_code == 200
    for server in (here, there):
        assert server.client(bearer=newest).me().status_code == 401
        assert_refused(server, "sliding/refresh/", {"token": newest})
        assert_refused(server, "verify/", {"token": newest}, status=400)


def test_a_chain_of_rotations_alternates_between_both(house: House, home: str) -> None:
    servers = neighbours(house, home, **ROTATION)
    chain = [ask(servers[0], "", MSEO)["refresh"]]
    for link in range(10):
        chain.append(ask(servers[(link + 1) % 2], "refresh/", {"refresh": chain[-1]})["refresh"])
        for server in servers:
            assert_refused(server, "refresh/", {"refresh": chain[-2]})
    assert len(set(chain)) == 11
    for old in chain[:-1]:
        for server in servers:
            assert_refused(server, "verify/", {"token": old}, status=400)
    rows = house.database.rows("select count(*) from token_blacklist_outstandingtoken")
    assert rows == [(11,)]
    assert ask(servers[1], "blacklist/", {"refresh": chain[-1]}) == {}
    for server in servers:
        assert_refused(server, "refresh/", {"refresh": chain[-1]})


@pytest.mark.parametrize("by", ["bearer", "refresh"])
def test_a_sign_out_at_munjigi_ends_what_rotated_there(house: House, by: str) -> None:
    munjigi, django = neighbours(house, ROTATE_REFRESH_TOKENS=True)
    first = ask(munjigi, "", MSEO)["refresh"]
    second = ask(munjigi, "refresh/", {"refresh": first})
    if by == "bearer":
        signed_out = munjigi.client(bearer=second["access"]).post("/user/jwt_signout")
    else:
        signed_out = munjigi.client().post("/user/jwt_signout", {"refresh_token": first})
    assert signed_out.status_code == 200
    assert_refused(django, "refresh/", {"refresh": second["refresh"]})
    assert_refused(munjigi, "refresh/", {"refresh": second["refresh"]})


def test_a_password_that_django_changed_stops_a_refresh(house: House) -> None:
    django, munjigi = neighbours(house, "django", CHECK_REVOKE_TOKEN=True)
    pair = ask(django, "", MSEO)
    assert munjigi.client(bearer=pair["access"]).me().status_code == 200
    house.ask("set_password", username="mseo", password="another")
    for server in (django, munjigi):
        answer = server.client(bearer=pair["access"]).get("/user/me", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json()) == (
            401,
            {"detail": "The user's password has been changed.", "code": "password_changed"},
        )
    assert_refused(munjigi, "refresh/", {"refresh": pair["refresh"]})


# ---- flushexpiredtokens ---------------------------------------------------------------------------------------------


def expired_tokens(house: House, count: int) -> None:
    rows = ", ".join(f"('t', '2025-12-31 00:00:00', 'old-{number}')" for number in range(count))
    house.database.execute(f"insert into token_blacklist_outstandingtoken (token, expires_at, jti) values {rows}")
    house.database.execute(
        "insert into token_blacklist_blacklistedtoken (token_id, blacklisted_at) "
        "select id, '2025-12-30 00:00:00' from token_blacklist_outstandingtoken where expires_at < '2026-01-01'"
    )


def left(house: House) -> int:
    [(count,)] = house.database.rows("select count(*) from token_blacklist_outstandingtoken")
    return count


def test_expired_tokens_go_by_command_beside_a_running_server(house: House) -> None:
    server = house.munjigi()
    server.client().sign_up("mseo")
    refresh = ask(server, "", MSEO)["refresh"]
    expired_tokens(house, 2500)
    done = house.munjigi_command("flushexpiredtokens", "--data", str(house.folder))
    assert (done.stdout, done.stderr) == ("Expired tokens removed: 2500\n", "")
    assert left(house) == 1
    assert ask(server, "refresh/", {"refresh": refresh}).keys() == {"access"}


def whole(terminal: int) -> str:
    """What was written to a terminal that nobody writes to any more: a read may bring a part of it."""
    shown = b""
    with open(terminal, "rb", buffering=0) as screen:
        try:
            while part := screen.read(65536):
                shown += part
        except OSError as error:  # Linux's end of a terminal
            assert error.errno == errno.EIO
    return shown.decode()


def test_who_waits_at_a_terminal_sees_a_bar(house: House) -> None:
    house.munjigi().stop()
    expired_tokens(house, 2500)
    terminal, other_end = pty.openpty()
    command = [MUNJIGI_BIN, "flushexpiredtokens", "--data", str(house.folder)]
    done = subprocess.run(
        command, env=house.munjigi_environment(), cwd=house.folder, stdout=subprocess.PIPE, stderr=other_end, text=True, timeout=60
    )
    os.close(other_end)
    shown = whole(terminal)
    assert done.stdout == "Expired tokens removed: 2500\n"
    assert "1000 of 2500" in shown and shown.endswith(f"[{'#' * 40}] 2500 of 2500\r\n")


def test_expired_tokens_go_by_themselves_while_a_server_runs(house: House) -> None:
    server = house.munjigi({"FLUSH_EXPIRED_TOKENS": "1s"})
    expired_tokens(house, 1500)
    wait_until("the expired tokens to go", lambda: left(house) == 0)
    wait_until("the log to say so", lambda: "expired tokens removed" in server.log_text())
    assert server.stop() == 0
