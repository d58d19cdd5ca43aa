"""Tokens in cookies: what the notes say of AUTH_COOKIE, claim by claim, over sockets. test_browser.py has the same in
Chromium."""
from __future__ import annotations

import subprocess
from typing import Any

import jwt
import pytest

from clients import SIGNED_IN, SIGNED_OUT, Answer, Client, cookies_set
from servers import MUNJIGI_BIN, SECRET_KEY, House, Server

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("no release of simplejwt has AUTH_COOKIE")]

MSEO = {"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24}
NAMED = {"AUTH_COOKIE": "access"}
# The notes' block, as `munjigi config convert` writes None.
NOTES = {
    "AUTH_COOKIE": "",
    "AUTH_COOKIE_DOMAIN": "",
    "AUTH_COOKIE_SECURE": False,
    "AUTH_COOKIE_HTTP_ONLY": True,
    "AUTH_COOKIE_PATH": "/",
    "AUTH_COOKIE_SAMESITE": "Lax",
}


def signed_in(server: Server) -> tuple[Client, Answer]:
    """A client that mseo has signed in with, and the answer that it got."""
    client = server.client()
    client.sign_up("mseo", 1234, age=24)
    answer = client.post("/user/jwt_signin", {"email": "mseo@naver.com", "password": 1234})
    assert answer.status_code == 200, answer.text
    return client, answer


def with_csrf(client: Client) -> dict[str, str]:
    return {"X-CSRFToken": client.cookies["csrftoken"]}


def attributes(answer: Answer, name: str) -> dict[str, Any]:
    """What the cookie was set with, but for its time."""
    kept = {key: value for key, value in cookies_set(answer)[name].items() if value not in ("", False)}
    return {key: value for key, value in kept.items() if key not in ("expires", "max-age")}


def refused(house: House, simple_jwt: dict[str, object]) -> str:
    """What munjigi says when it does not start."""
    file = house.folder / "refused.toml"
    lines = (f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {str(value).lower()}" for key, value in simple_jwt.items())
    file.write_text("\n".join(["[SIMPLE_JWT]", *lines]))
    done = subprocess.run(
        [MUNJIGI_BIN, "dev", "--data", house.folder, "--config", file],
        env=house.munjigi_environment(), cwd=house.folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    return done.stdout + done.stderr


@pytest.mark.parametrize("settings", [None, {"SIMPLE_JWT": NOTES}], ids=["unwritten", "the notes' block"])
def claim_47_without_a_name_there_is_no_token_cookie(house: House, settings: dict[str, Any] | None) -> None:
    server = house.munjigi(settings)
    client, answer = signed_in(server)
    assert answer.json().keys() == {"access_token", "refresh_token", "message"}
    assert not cookies_set(answer)
    client.set_cookie("access", answer.json()["access_token"])
    assert client.me().status_code == 401
    assert "AUTH_COOKIE" not in server.log_text()


def claim_47_a_cookie_opens_me_without_a_header(house: House) -> None:
    client, answer = signed_in(house.munjigi({"SIMPLE_JWT": NAMED}))
    cookies = cookies_set(answer)
    body = answer.json()
    assert body.keys() == {"access_token", "refresh_token", "message"}
    assert (cookies["access"].value, cookies["access_refresh"].value) == (body["access_token"], body["refresh_token"])
    assert (cookies["access"]["max-age"], cookies["access_refresh"]["max-age"]) == ("300", str(7 * 86400))
    assert "csrftoken" in cookies
    me = client.me()
    assert (me.status_code, me.json()) == (200, MSEO)
    assert "Cookie" in me.headers["Vary"] and me.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cache-Control"] == "no-store"


def claim_47_a_refresh_by_cookie(house: House) -> None:
    client, _ = signed_in(house.munjigi({"SIMPLE_JWT": NAMED}))
    answer = client.post("/user/jwt_refresh")
    assert (answer.status_code, answer.json()) == (403, {"detail": "CSRF Failed: CSRF token missing."})
    answer = client.post("/user/jwt_refresh", headers=with_csrf(client))
    assert (answer.status_code, answer.json().keys()) == (200, {"access_token"})
    assert client.cookies["access"] == answer.json()["access_token"]
    assert client.me().json() == MSEO


def claim_47_only_in_cookies(house: House) -> None:
    client, answer = signed_in(house.munjigi({"SIMPLE_JWT": NAMED | {"AUTH_COOKIE_ONLY": True}}))
    assert answer.json() == {"message": SIGNED_IN}
    assert client.me().json() == MSEO
    # simplejwt's own routes know no cookie, and keep their tokens in the body.
    answer = client.post("/api/token/", {"username": "mseo", "password": "1234"})
    assert answer.json().keys() == {"access", "refresh"} and not cookies_set(answer)


def claim_47_django_takes_the_token_of_the_cookie(house: House) -> None:
    client, _ = signed_in(house.munjigi({"SIMPLE_JWT": NAMED}))
    answer = house.django().client(bearer=client.cookies["access"]).me()
    assert (answer.status_code, answer.json()) == (200, MSEO)
    assert jwt.decode(client.cookies["access_refresh"], SECRET_KEY, algorithms=["HS256"])["token_type"] == "refresh"


@pytest.mark.parametrize("value", [True, False])
def claim_48_http_only(house: House, value: bool) -> None:
    _, answer = signed_in(house.munjigi({"SIMPLE_JWT": NAMED | {"AUTH_COOKIE_HTTP_ONLY": value}}))
    assert attributes(answer, "access").get("httponly", False) is value
    assert attributes(answer, "access_refresh")["httponly"] is True, "it is hidden from scripts whatever is written"


@pytest.mark.parametrize("path", ["/", "/api"])
def claim_49_the_path(house: House, path: str) -> None:
    server = house.munjigi({"SIMPLE_JWT": NAMED | {"AUTH_COOKIE_PATH": path}})
    client, answer = signed_in(server)
    assert attributes(answer, "access")["path"] == path
    assert attributes(answer, "access_refresh")["path"] == "/user/"
    assert client.me().status_code == (200 if path == "/" else 401), "a client sends it to its path alone"
    assert ("AUTH_COOKIE_PATH" in server.log_text()) is (path != "/"), "the start says what it does not reach"


@pytest.mark.parametrize("value", ["Lax", "Strict"])
def claim_50_same_site(house: House, value: str) -> None:
    _, answer = signed_in(house.munjigi({"SIMPLE_JWT": NAMED | {"AUTH_COOKIE_SAMESITE": value}}))
    for name in ("access", "access_refresh"):
        assert attributes(answer, name)["samesite"] == value


def claim_50_same_site_none_wants_secure(house: House) -> None:
    none = NAMED | {"AUTH_COOKIE_SAMESITE": "None"}
    sentence = "SIMPLE_JWT.AUTH_COOKIE_SAMESITE is \"None\" and SIMPLE_JWT.AUTH_COOKIE_SECURE is false"
    assert sentence in refused(house, none)
    _, answer = signed_in(house.munjigi({"SIMPLE_JWT": none | {"AUTH_COOKIE_SECURE": True}}))
    assert attributes(answer, "access") == {"path": "/", "samesite": "None", "secure": True, "httponly": True}


def claim_51_secure_under_serve_and_not_under_dev(house: House) -> None:
    _, answer = signed_in(house.munjigi({"SIMPLE_JWT": NAMED}))
    assert "secure" not in attributes(answer, "access") | attributes(answer, "access_refresh")
    settings = {"ALLOWED_HOSTS": ["127.0.0.1"], "SIMPLE_JWT": NAMED}
    if not house.database.munjigi_url:
        settings = {"DATABASE_URL": f"sqlite://{house.folder / 'munjigi.sqlite3'}"} | settings
    answer = house.munjigi_serve(settings).client().jwt_signin("mseo")
    assert answer.status_code == 200
    for name in ("access", "access_refresh", "csrftoken"):
        assert attributes(answer, name)["secure"] is True, name


def claim_52_signing_out_clears_them_with_the_same_attributes(house: House) -> None:
    settings = {"AUTH_COOKIE_PATH": "/user", "AUTH_COOKIE_SAMESITE": "Strict", "AUTH_COOKIE_HTTP_ONLY": False}
    client, signin = signed_in(house.munjigi({"SIMPLE_JWT": NAMED | settings}))
    kept = dict(client.cookies)
    signout = client.post("/user/jwt_signout", headers=with_csrf(client))
    assert (signout.status_code, signout.json()) == (200, {"message": SIGNED_OUT})
    for name in ("access", "access_refresh"):
        cookie = cookies_set(signout)[name]
        assert (cookie.value, cookie["max-age"]) == ("", "0")
        assert attributes(signout, name) == attributes(signin, name)
    assert client.cookies.keys() == {"csrftoken"}
    for name, value in kept.items():
        client.set_cookie(name, value)
    assert client.me().status_code == 401, "the sign-in has ended, not only its cookies"
    assert client.post("/user/jwt_refresh", headers=with_csrf(client)).status_code == 401
    # What is dead can be cleared all the same.
    assert client.post("/user/jwt_signout", headers=with_csrf(client)).status_code == 200


def claim_52_a_post_by_cookie_without_the_csrf_token(house: House) -> None:
    client, signin = signed_in(house.munjigi({"SIMPLE_JWT": NAMED}))
    for path in ("/user/jwt_signout", "/user/jwt_refresh", "/user/session_signout"):
        answer = client.post(path)
        assert (answer.status_code, answer.json()) == (403, {"detail": "CSRF Failed: CSRF token missing."}), path
    assert client.me().status_code == 200
    # A header is no cookie: no page of another site can send it.
    client.bearer = signin.json()["access_token"]
    assert client.post("/user/jwt_signout").status_code == 200


def claim_52_an_expired_cookie_does_not_stand_in_the_way_of_a_signin(house: House) -> None:
    client, _ = signed_in(house.munjigi({"SIMPLE_JWT": NAMED}))
    claims = jwt.decode(client.cookies["access"], SECRET_KEY, algorithms=["HS256"])
    stale = house.servers[-1].client()
    stale.set_cookie("access", jwt.encode(claims | {"exp": claims["iat"] - 1}, SECRET_KEY))
    answer = stale.me()
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert stale.jwt_signin("mseo").status_code == 200
    assert stale.get("/user/csrf").status_code == 200
