"""Where a user is signed in, beside the real Django: what it opened is listed and ended at munjigi, and what it closed is not open."""
from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass

import pytest

from clients import Client
from conftest import Figure
from databases import SqliteFile
from servers import House, Server, wait_until

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("Django has no such list")]

# Rows of django_session that no record knows, while others sign in.
FOREIGN_SESSIONS = int(os.environ.get("INTEROP_FOREIGN_SESSIONS", 2_000))


@dataclass(frozen=True)
class Street:
    house: House
    munjigi: Server
    django: Server

    def at_django(self) -> Client:
        """A browser that Django has signed in."""
        browser = self.django.client()
        assert browser.session_signin("mseo").status_code == 200
        return browser

    def phone(self) -> Client:
        """A client with a token of munjigi's."""
        return self.munjigi.client(bearer=self.munjigi.client().jwt_signin("mseo").json()["access_token"])

    def session_data(self, browser: Client) -> list[tuple[str]]:
        key = browser.cookies["sessionid"]
        return self.house.database.rows("select session_data from django_session where session_key = ?", key)


@pytest.fixture
def street(house: House) -> Street:
    munjigi = house.munjigi()
    munjigi.client().sign_up("mseo")
    return Street(house, munjigi, house.django())


def sessions(client: Client) -> list[dict[str, object]]:
    answer = client.get("/user/sessions")
    assert answer.status_code == 200, answer.text
    return answer.json()["sessions"]


def known(client: Client, carrier: str) -> list[str]:
    return [str(session["id"]) for session in sessions(client) if session["carrier"] == carrier]


def test_a_session_that_django_opened_is_listed_and_ended_here_and_django_is_anonymous(street: Street) -> None:
    browser, phone = street.at_django(), street.phone()
    before = street.session_data(browser)
    wait_until("the session to be found", lambda: known(phone, "session"), seconds=60)
    assert street.session_data(browser) == before
    [id] = known(phone, "session")
    assert phone.request("DELETE", f"/user/sessions/{id}").json() == {"message": "로그아웃 성공"}
    assert street.session_data(browser) == []
    assert browser.me().status_code == 401
    assert known(phone, "session") == []


def test_a_session_of_djangos_that_is_presented_here_is_listed_at_once_and_djangos_logout_takes_it_away(street: Street) -> None:
    browser, phone = street.at_django(), street.phone()
    here = street.munjigi.client()
    here.set_cookie("sessionid", browser.cookies["sessionid"])
    [session] = [it for it in sessions(here) if it["current"]]
    assert (session["carrier"], session["client"]["address"]) == ("session", "127.0.0.1")
    assert browser.me().status_code == 200
    assert browser.session_signout().status_code == 200
    assert known(phone, "session") == []
    assert here.me().status_code == 401


def test_all_means_all_at_once(street: Street) -> None:
    browsers = [street.at_django() for _ in range(5)]
    theirs = street.django.client().jwt_signin("mseo").json()["refresh_token"]
    phone = street.phone()
    answer = phone.request("DELETE", "/user/sessions")
    assert answer.json() == {"message": "로그아웃 성공", "ended": 5}
    assert [browser.me().status_code for browser in browsers] == [401] * 5
    assert street.django.client().post("/api/token/refresh/", {"refresh": theirs}).status_code == 401
    assert phone.me().status_code == 200
    assert [session["current"] for session in sessions(phone)] == [True]


def test_a_session_of_ours_that_django_gave_a_new_key_ends_with_its_record(street: Street) -> None:
    browser, phone = street.munjigi.client(), street.phone()
    browser.session_signin("mseo")
    [id] = known(phone, "session")
    key = street.house.ask("cycle_key", session_key=browser.cookies["sessionid"])
    there = street.django.client()
    there.set_cookie("sessionid", key)
    assert there.me().status_code == 200
    phone.request("DELETE", f"/user/sessions/{id}")
    wait_until("Django to be anonymous", lambda: there.me().status_code == 401, seconds=60)


@pytest.mark.soak
def test_very_many_sessions_are_found_while_others_sign_in(street: Street, figure: Figure, backend: str) -> None:
    browser, phone = street.at_django(), street.phone()
    others = Latencies(phone)
    alone = others.of_requests(50)
    copies(street.house, browser.cookies["sessionid"])
    with others:
        began = time.monotonic()
        status = 503
        while status == 503:
            answer = street.phone().request("DELETE", "/user/sessions")
            status = answer.status_code
        seconds = time.monotonic() - began
    assert status == 200, answer.text
    left = street.house.database.rows("select count(*) from django_session")
    assert left == [(0,)]
    figure(
        f"{backend}: {FOREIGN_SESSIONS:,} sessions of Django's found and ended in {seconds:.1f} s; who asked /user/me "
        f"meanwhile waited {median_and_worst(others.seen)}, alone {median_and_worst(alone)}"
    )


class Latencies:
    """Somebody who asks all the time."""

    def __init__(self, client: Client) -> None:
        self.client, self.seen, self.stop = client, [], threading.Event()

    def of_requests(self, count: int) -> list[float]:
        return [self._once() for _ in range(count)]

    def __enter__(self) -> None:
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()

    def _ask(self) -> None:
        while not self.stop.is_set():
            self.seen.append(self._once())

    def _once(self) -> float:
        began = time.monotonic()
        assert self.client.me().status_code in (200, 401)
        return time.monotonic() - began


def median_and_worst(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1000:.1f} ms, {ordered[-1] * 1000:.0f} ms at the most"


def copies(house: House, key: str) -> None:
    """More rows like that of a session, under keys that no browser has."""
    digest = "hex(randomblob(16))" if isinstance(house.database, SqliteFile) else "md5(i::text)"
    house.database.execute(
        "insert into django_session (session_key, session_data, expire_date) "
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) "
        f"select {digest}, session_data, expire_date from django_session, n where session_key = ?",
        FOREIGN_SESSIONS, key,
    )  # fmt: skip
