"""One session at munjigi and in Django's admin: opened at either, closed at either, from rows alone and with `cached_db`
on a real Redis that crashes, stands still and comes back."""
from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

import nginx
from browsers import chromium
from caches import Redis, Tls
from clients import Client
from postgres_servers import Authority
from servers import SECRET_KEY, House, Server, free_port, wait_until

pytestmark = pytest.mark.munjigi_only("about munjigi and Django beside each other")
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

BACKENDS = "django.contrib.sessions.backends."
PASSWORD = "열려라 참깨 2026"
ITERATIONS = 1000
ENDING = ("sessions", "end", "root", "--data")
# What a request may take while Redis is away: the one that finds it out waits 200 ms for it.
SHORT = 1.0


@dataclass
class Pair:
    """munjigi and Django on one database."""

    house: House
    settings: dict[str, Any]
    munjigi: Server
    django: Server

    def at_munjigi(self) -> Client:
        """Somebody who has signed in at munjigi, and has been in the admin."""
        client = self.munjigi.client()
        assert client.session_signin("root", PASSWORD).status_code == 200
        client.base = self.django.base
        assert opens_admin(client)
        return client

    def at_django(self) -> Client:
        client = self.django.client()
        assert client.session_signin("root", PASSWORD).status_code == 200
        assert opens_admin(client)
        return client

    def me(self, client: Client) -> int:
        return client.request("GET", "/user/me", allow_redirects=False).status_code

    def sign_out_at_munjigi(self, client: Client) -> float:
        """Signs out, and how long that took."""
        client.base = self.munjigi.base
        started = time.monotonic()
        answer = client.post("/user/session_signout", headers={"X-CSRFToken": client.cookies.get("csrftoken", "")})
        assert answer.status_code == 200, answer.text
        client.base = self.django.base
        return time.monotonic() - started


def opens_admin(client: Client) -> bool:
    answer = client.get("/admin/", allow_redirects=False)
    assert answer.status_code in (200, 302), answer.text
    return answer.status_code == 200


def with_key(server: Server, client: Client, name: str = "sessionid") -> Client:
    """Another client with the session of this one, who forgets nothing when he is told to."""
    other = server.client()
    other.set_cookie(name, client.cookies[name])
    return other


def pair(house: House, settings: dict[str, Any] | None = None) -> Pair:
    """Both with the same settings."""
    settings = settings or {}
    costs = json.dumps({"PBKDF2PasswordHasher": {"iterations": ITERATIONS}})
    environment = {"REF_HASH_COSTS": costs}
    house.ask("make_member", environment=environment, username="root", password=PASSWORD, is_staff=True, is_superuser=True)
    ours = {"AUTH_USER_MODEL": "user.User", "hashers": {"pbkdf2_sha256": {"iterations": ITERATIONS}}, **settings}
    django_server = house.django(REF_SETTINGS=json.dumps(settings), **environment)
    return Pair(house, ours, house.munjigi(ours), django_server)


def cached(redis: Redis, **more: Any) -> dict[str, Any]:
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis.url, "KEY_PREFIX": "site", "VERSION": 2}
    return {"SESSION_ENGINE": BACKENDS + "cached_db", "CACHES": {"default": {**cache, **more}}}


@pytest.fixture
def redis(adopted: House) -> Redis:
    return Redis.start(adopted)


@pytest.mark.parametrize("engine", ["db", "cached_db", "cached_db by django-redis"])
def test_what_either_opens_both_take_and_what_either_closes_is_closed(adopted: House, engine: str) -> None:
    if engine == "db":
        both, redis = pair(adopted), None
    else:
        redis = Redis.start(adopted)
        more = {"BACKEND": "django_redis.cache.RedisCache"} if "django-redis" in engine else {}
        both = pair(adopted, cached(redis, **more))

    for client in (both.at_munjigi(), both.at_django()):
        thief = with_key(both.django, client)
        key = client.cookies["sessionid"]
        assert opens_admin(thief)
        client.base = both.munjigi.base
        assert both.me(client) == 200
        assert redis is None or len(redis.copies(key)) == 1
        both.sign_out_at_munjigi(client)
        assert redis is None or redis.copies(key) == []
        assert not opens_admin(thief)

    for client in (both.at_munjigi(), both.at_django()):
        thief = with_key(both.munjigi, client)
        assert both.me(thief) == 200
        assert client.post("/admin/logout/", data={"csrfmiddlewaretoken": client.cookies["csrftoken"]}).status_code == 200
        assert both.me(thief) == 401

    # By himself from elsewhere, and by the operator.
    for end in (end_all, lambda both: both.house.munjigi_command(*ENDING, str(both.house.folder), settings=both.settings)):
        victims = [both.at_munjigi(), both.at_django()]
        end(both)
        assert not any(opens_admin(victim) for victim in victims)


def end_all(both: Pair) -> None:
    client = both.munjigi.client()
    assert client.session_signin("root", PASSWORD).status_code == 200
    answer = client.request("DELETE", "/user/sessions?all=true", headers={"X-CSRFToken": client.cookies["csrftoken"]})
    assert answer.status_code == 200, answer.text


@on_sqlite
def test_a_redis_behind_tls_is_believed_by_its_authority_and_by_no_other(adopted: House, folder: Path) -> None:
    authority, stranger = Authority(folder, "own"), Authority(folder, "stranger")
    redis = Redis.start(adopted, Tls(*authority.issue("redis", "redis", host="localhost"), authority.pem))
    both = pair(adopted, cached(redis))
    client = both.at_django()
    thief, key = with_key(both.django, client), client.cookies["sessionid"]
    assert opens_admin(thief) and len(redis.copies(key)) == 1
    both.sign_out_at_munjigi(client)
    wait_until("the copy to be gone", lambda: redis.copies(key) == [])
    assert not opens_admin(thief)

    # Nothing is said to a server that somebody else vouches for: what is to go from it waits.
    both.munjigi.stop()
    settings = cached(redis)
    settings["CACHES"]["default"]["LOCATION"] = redis.url_by(stranger.pem)
    both.munjigi = adopted.munjigi({**both.settings, **settings})
    client = both.at_django()
    key = client.cookies["sessionid"]
    both.sign_out_at_munjigi(client)
    assert len(redis.copies(key)) == 1
    assert "UnknownIssuer" in both.munjigi.log_text()
    both.munjigi.stop()
    both.munjigi = adopted.munjigi(both.settings)
    wait_until("the copy to be gone", lambda: redis.copies(key) == [])
    both.munjigi.stop()

    (folder / "nothing.pem").write_text("")
    settings["CACHES"]["default"]["LOCATION"] = redis.url_by(folder / "nothing.pem")
    with pytest.raises(AssertionError, match="nothing.pem holds no certificate in PEM"):
        adopted.munjigi({**both.settings, **settings})


@pytest.mark.parametrize("fault", ["crashes", "stands still"])
def test_what_ended_while_redis_was_away_opens_nothing_once_it_is_back(adopted: House, redis: Redis, fault: str) -> None:
    both = pair(adopted, cached(redis))
    people = [both.at_munjigi() for _ in range(4)] + [both.at_django() for _ in range(2)]
    thieves = [with_key(both.django, client) for client in people]
    assert all(len(redis.copies(client.cookies["sessionid"])) == 1 for client in people)

    redis.crash() if fault == "crashes" else redis.stand_still()
    waits = [both.sign_out_at_munjigi(client) for client in people[:3]]
    # Killed before it could tell anybody; another process knows.
    both.munjigi.kill()
    both.munjigi = adopted.munjigi(both.settings)
    waits += [both.sign_out_at_munjigi(client) for client in people[3:]]
    assert max(waits) < SHORT and sorted(waits)[-3] < SHORT / 4, waits
    client = both.munjigi.client()
    assert client.session_signin("root", PASSWORD).status_code == 200 and both.me(client) == 200
    assert "The session cache does not answer" in client.get("/readyz").text
    assert both.munjigi.log_text().count("the session cache cannot be reached") == 1

    redis.come_back() if fault == "crashes" else redis.go_on()
    wait_until("munjigi to reach Redis again", lambda: client.get("/readyz").text == "ready\n")
    assert "the session cache answers again" in both.munjigi.log_text()
    assert not any(opens_admin(thief) for thief in thieves)


def test_a_copy_that_django_stores_too_late_does_not_stay(adopted: House, redis: Redis) -> None:
    both = pair(adopted, cached(redis))
    client = both.at_munjigi()
    thief = with_key(both.django, client)
    [name] = redis.copies(client.cookies["sessionid"])
    copy = redis.client().get(name)
    both.sign_out_at_munjigi(client)
    # A Django that had read the row before it went, and has not got on since.
    redis.client().set(name, copy, ex=3600)
    assert opens_admin(thief)
    wait_until("the second look", lambda: not opens_admin(thief), seconds=5)


@on_sqlite
def test_an_old_secret_key_opens_both_and_the_session_moves_on(adopted: House) -> None:
    old, new = SECRET_KEY, SECRET_KEY[::-1]
    both = pair(adopted)
    first, second = both.at_munjigi(), both.at_django()
    both.munjigi.stop()
    both.django.stop()
    rotated = {"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": [old]}
    environment = {"MUNJIGI_SECRET_KEY": new, "MUNJIGI_SECRET_KEY_FALLBACKS": json.dumps([old])}
    munjigi = adopted.munjigi(both.settings, environment=environment)
    django = adopted.django(REF_SETTINGS=json.dumps(rotated))
    for client, at, then in ((first, django, munjigi), (second, munjigi, django)):
        before = client.cookies["sessionid"]
        client.base = at.base
        assert both.me(client) == 200
        assert client.cookies["sessionid"] != before, "who comes with the old key gets a new one"
        client.base = then.base
        assert both.me(client) == 200


@on_sqlite
def test_cookies_with_other_names_and_ages_are_the_same_at_both(adopted: House) -> None:
    names = {
        "SESSION_COOKIE_NAME": "site-session", "SESSION_COOKIE_AGE": 3600, "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_DOMAIN": "127.0.0.1", "SESSION_COOKIE_PATH": "/", "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_NAME": "site-csrf", "CSRF_HEADER_NAME": "HTTP_X_SITE_TOKEN",
    }  # fmt: skip
    both = pair(adopted, names)
    seen = []
    for server in (both.munjigi, both.django):
        client = server.client()
        answer = client.session_signin("root", PASSWORD)
        lines = [line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith("site-session=")]
        seen += [line.split(";", 1)[1] for line in lines]
        other = with_key(both.django if server is both.munjigi else both.munjigi, client, "site-session")
        assert both.me(other) == 200
    assert len(seen) == 2 and seen[0] == seen[1]


@on_sqlite
def test_a_csrf_token_that_a_session_keeps_is_good_at_both(adopted: House) -> None:
    both = pair(adopted, {"CSRF_USE_SESSIONS": True, "AUTHENTICATION_BACKENDS": ["backends.SiteBackend"]})
    for client in (both.at_munjigi(), both.at_django()):
        assert "csrftoken" not in client.cookies
        client.base = both.munjigi.base
        shown = form_token(both.django, client)
        for headers in ({}, {"X-CSRFToken": "x" * 32}):
            assert client.post("/user/session_signout", headers=headers).status_code == 403
        client.base = both.django.base
        assert client.post("/admin/logout/", data={"csrfmiddlewaretoken": "x" * 32}).status_code == 403
        again = with_key(both.munjigi, client)
        assert again.post("/user/session_signout", headers={"X-CSRFToken": shown}).status_code == 200
        assert not opens_admin(client)
    # A visitor's, through a sign-in at the other.
    visitor = both.munjigi.client()
    token = visitor.get("/user/csrf").json()["csrftoken"]
    assert lasts(adopted, visitor) <= 3_600
    visitor.base = both.django.base
    form = {"username": "root", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert visitor.post("/admin/login/", data=form, allow_redirects=False).status_code == 302
    assert opens_admin(visitor)
    assert lasts(adopted, visitor) > 13 * 86_400, "a visitor's hour is not the user's"
    visitor.base = both.munjigi.base
    assert visitor.post("/user/session_signout", headers={"X-CSRFToken": token}).status_code == 403, "it was replaced"
    token = visitor.get("/user/csrf").json()["csrftoken"]
    visitor.base = both.django.base
    assert visitor.post("/admin/logout/", data={"csrfmiddlewaretoken": token}).status_code == 200
    visitor.base = both.munjigi.base
    assert both.me(visitor) == 401


def lasts(house: House, client: Client) -> float:
    """For how many seconds the client's row is good."""
    (row,) = house.database.rows("select expire_date from django_session where session_key = ?", client.cookies["sessionid"])
    until = row[0] if isinstance(row[0], datetime) else datetime.fromisoformat(row[0])
    return (until.replace(tzinfo=timezone.utc) - datetime.now(timezone.utc)).total_seconds()


def form_token(django: Server, client: Client) -> str:
    """The token in a form of the admin."""
    page = with_key(django, client).get("/admin/").text
    return page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def test_one_origin_in_a_browser(adopted: House, folder: Path, backend: str) -> None:
    """Behind one nginx, as in production: on one database from rows alone, on the other with `cached_db`."""
    both = pair(adopted, cached(Redis.start(adopted)) if backend == "sqlite" else {})
    front = nginx.start(adopted, free_port(), NGINX, munjigi=both.munjigi.port, django=both.django.port)
    front.wait_ready("/user/me", 401)

    with chromium(folder / "chromium") as browser:

        def text(path: str) -> str:
            browser.get(front.base + path)
            return browser.execute_script("return document.body.innerText")

        def post(path: str, body: dict[str, str]) -> int:
            return browser.execute_async_script(POST, path, body)

        def is_in() -> tuple[bool, bool]:
            return '"username":"root"' in text("/user/me").replace(" ", ""), "id_username" not in source("/admin/")

        def source(path: str) -> str:
            browser.get(front.base + path)
            return browser.page_source

        def press(selector: str) -> None:
            """Presses a form's button and waits for the page that answers it: whoever goes elsewhere at once takes it back."""
            button = browser.find_element("css selector", selector)
            button.click()
            WebDriverWait(browser, 20).until(staleness_of(button))

        assert is_in() == (False, False)
        # munjigi's cookie opens the admin, and the admin's own button closes both.
        assert post("/user/session_signin", {"username": "root", "password": PASSWORD}) == 200
        assert is_in() == (True, True)
        press("#logout-form button")
        assert is_in() == (False, False)
        # Django's cookie opens munjigi, whose sign-out closes both.
        browser.find_element("name", "username").send_keys("root")
        browser.find_element("name", "password").send_keys(PASSWORD)
        press("[type=submit]")
        assert is_in() == (True, True)
        assert post("/user/session_signout", {}) == 200
        assert is_in() == (False, False)


POST = """
const [path, body, done] = arguments;
const token = (document.cookie.match(/csrftoken=([^;]*)/) || [])[1] || "";
fetch(path, {method: "POST", headers: {"Content-Type": "application/json", "X-CSRFToken": token}, body: JSON.stringify(body)})
  .then((answer) => done(answer.status), (error) => done(String(error)));
"""

NGINX = """
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{django}; }}
    location /user/ {{ proxy_pass http://127.0.0.1:{munjigi}; }}
  }}
"""
