"""A page on another origin, in Chromium: through CORS under `dev`, and behind nginx with TLS under `serve`."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

import nginx
from browsers import chromium, files_served
from clients import SIGNED_IN, SIGNED_OUT, SIGNED_UP
from servers import HERE, SECRET_KEY, House, free_port, wait_until

pytestmark = [
    pytest.mark.munjigi_only("the reference project has no CORS"),
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]

PAGE = HERE / "page"
PASSWORD = "열려라 참깨 2026"


@dataclass(frozen=True)
class Page:
    """The page in a browser: someone types and clicks."""

    browser: Chrome

    def open(self, origin: str, api: str) -> Page:
        self.browser.get(f"{origin}/index.html?api={api}")
        return self

    def type_person(self, username: str, password: str = PASSWORD) -> None:
        person = {"username": username, "email": f"{username}@naver.com", "password": password, "age": "24"}
        for name, value in person.items():
            box = self.browser.find_element(By.NAME, name)
            box.clear()
            box.send_keys(value)

    def click(self, button: str) -> dict[str, Any]:
        self.browser.find_element(By.ID, button).click()
        wait_until(f"an answer to {button}", self._text)
        return json.loads(self._text())

    def _text(self) -> str:
        return self.browser.find_element(By.ID, "answer").text


@pytest.fixture
def page(folder: Path) -> Iterator[Page]:
    with chromium(folder / "chromium") as browser:
        yield Page(browser)


@pytest.fixture
def page_origin() -> Iterator[str]:
    with files_served(PAGE) as origin:
        yield origin


def shown(answer: dict[str, Any]) -> tuple[object, object]:
    return answer["status"], answer["body"]


def walk_by_session(page: Page) -> None:
    page.type_person("sunhee")
    me = {"id": 1, "username": "sunhee", "email": "sunhee@naver.com", "age": 24}
    assert shown(page.click("session_signup")) == (201, {"message": SIGNED_UP, "user": me})
    assert page.click("session_me")["status"] == 401
    assert shown(page.click("session_signin")) == (200, {"message": SIGNED_IN})
    answer = page.click("session_me")
    assert shown(answer) == (200, me)
    assert "sessionid" not in answer["visible_cookies"], "no script may read it"
    page.browser.refresh()
    assert shown(page.click("session_me")) == (200, me)
    assert shown(page.click("session_signout")) == (200, {"message": SIGNED_OUT})
    assert page.click("session_me")["status"] == 401


def walk_by_jwt(page: Page) -> None:
    page.type_person("chulsoo")
    me = {"id": 2, "username": "chulsoo", "email": "chulsoo@naver.com", "age": 24}
    signed_up = page.click("jwt_signup")
    assert (signed_up["status"], signed_up["body"]["user"]) == (201, me)
    assert shown(page.click("jwt_me")) == (200, me)
    assert page.click("jwt_signin")["body"].keys() == {"access_token", "refresh_token", "message"}
    assert shown(page.click("jwt_me")) == (200, me)
    assert page.click("jwt_refresh")["body"].keys() == {"access_token"}
    assert shown(page.click("jwt_me")) == (200, me)
    assert shown(page.click("jwt_signout")) == (200, {"message": SIGNED_OUT})
    assert page.click("jwt_me")["status"] == 401
    assert page.click("jwt_refresh")["status"] == 401
    page.type_person("chulsoo", "틀린 비밀번호")
    assert page.click("jwt_signin")["status"] == 400


def walk_by_cookie(page: Page, cookie: str) -> None:
    """What the script never holds: the tokens are in cookies alone, and it proves itself by the CSRF token."""
    page.type_person("younghee")
    me = {"id": 3, "username": "younghee", "email": "younghee@naver.com", "age": 24}
    missing = {"detail": "CSRF Failed: CSRF token missing."}
    assert shown(page.click("cookie_signup")) == (201, {"message": SIGNED_UP, "user": me})
    assert shown(page.click("cookie_me")) == (200, me)
    assert shown(page.click("cookie_signout")) == (200, {"message": SIGNED_OUT})
    assert page.click("cookie_me")["status"] == 401
    assert shown(page.click("cookie_signin")) == (200, {"message": SIGNED_IN})
    answer = page.click("cookie_me")
    assert shown(answer) == (200, me)
    assert "csrftoken=" in answer["visible_cookies"], "a page of the same host reads this one"
    assert cookie not in answer["visible_cookies"], "no script may read the tokens"
    page.browser.refresh()
    assert shown(page.click("cookie_me")) == (200, me)
    assert shown(page.click("cookie_refresh_bare")) == (403, missing)
    # Without its access token a browser is nobody, until the other cookie has brought a new one.
    page.browser.delete_cookie(cookie)
    assert page.click("cookie_me")["status"] == 401
    assert shown(page.click("cookie_refresh")) == (200, {})
    assert shown(page.click("cookie_me")) == (200, me)
    assert shown(page.click("cookie_signout_bare")) == (403, missing)
    assert shown(page.click("cookie_me")) == (200, me)
    assert shown(page.click("cookie_signout")) == (200, {"message": SIGNED_OUT})
    assert page.click("cookie_me")["status"] == 401
    assert page.click("cookie_refresh")["status"] == 400, "the other cookie is gone too"
    page.type_person("younghee", "틀린 비밀번호")
    assert page.click("cookie_signin")["status"] == 400


def test_a_page_on_another_port_signs_in_under_dev(house: House, page: Page, page_origin: str) -> None:
    server = house.munjigi()
    page.open(page_origin, server.base)
    walk_by_session(page)
    walk_by_jwt(page)


def test_a_page_on_another_port_signs_in_with_token_cookies_under_dev(
    house: House, page: Page, page_origin: str
) -> None:
    server = house.munjigi({"SIMPLE_JWT": {"AUTH_COOKIE": "access", "AUTH_COOKIE_ONLY": True}})
    page.open(page_origin, server.base)
    page.type_person("sunhee")
    page.click("session_signup")
    page.type_person("chulsoo")
    page.click("session_signup")
    walk_by_cookie(page, "access")


@dataclass(frozen=True)
class TlsHouse:
    """nginx ends TLS for `munjigi serve` and serves the page, from an origin that is trusted and from one that is not."""

    api: str
    trusted: str
    untrusted: str


@pytest.fixture
def tls(house: House) -> TlsHouse:
    api, trusted, untrusted = (free_port() for _ in range(3))
    names = TlsHouse(*(f"https://127.0.0.1:{port}" for port in (api, trusted, untrusted)))
    munjigi = house.munjigi_serve(
        {
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": f"sqlite://{house.folder / 'munjigi.sqlite3'}",
            "ALLOWED_HOSTS": ["127.0.0.1"],
            "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
            "TRUSTED_PROXIES": ["127.0.0.1/32"],
            "CORS_ALLOWED_ORIGINS": [names.trusted],
            "CORS_ALLOW_CREDENTIALS": True,
            "CSRF_TRUSTED_ORIGINS": [names.trusted],
            "SESSION_COOKIE_NAME": "__Host-session",
            "CSRF_COOKIE_NAME": "__Host-csrf",
            "SIMPLE_JWT": {"AUTH_COOKIE": "__Secure-access", "AUTH_COOKIE_SAMESITE": "Strict"},
        }
    )
    nginx.write_certificate(house.folder)
    nginx.start(house, api, NGINX, munjigi=munjigi.port, trusted=trusted, untrusted=untrusted, page=PAGE)
    return names


NGINX = """
  types {{ text/html html; }}
  ssl_certificate {folder}/certificate.pem;
  ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{port} ssl;
    location / {{
      proxy_pass http://127.0.0.1:{munjigi};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
  server {{
    listen 127.0.0.1:{trusted} ssl;
    listen 127.0.0.1:{untrusted} ssl;
    root {page};
  }}
"""


def test_the_same_behind_nginx_with_tls_under_serve(page: Page, tls: TlsHouse) -> None:
    page.open(tls.trusted, tls.api)
    walk_by_session(page)
    page.type_person("sunhee")
    assert page.click("session_signin")["status"] == 200
    # A browser takes these names over TLS alone, for this host alone, and drops them where the server means it.
    for name, is_hidden in (("__Host-session", True), ("__Host-csrf", False)):
        cookie = page.browser.get_cookie(name)
        assert cookie["secure"] and cookie["httpOnly"] == is_hidden, name
        assert (cookie["sameSite"], cookie["path"]) == ("Lax", "/") and not cookie["domain"].startswith("."), name
    assert page.click("session_me")["status"] == 200
    assert page.click("session_signout")["status"] == 200
    assert page.browser.get_cookie("__Host-session") is None
    assert page.click("session_me")["status"] == 401
    walk_by_jwt(page)


def test_token_cookies_behind_nginx_with_tls_under_serve(page: Page, tls: TlsHouse) -> None:
    page.open(tls.trusted, tls.api)
    page.type_person("younghee")
    assert page.click("cookie_signup")["status"] == 201
    page.click("cookie_signout")
    signed_in = page.click("cookie_signin")
    assert signed_in["body"].keys() == {"access_token", "refresh_token", "message"}
    # This one goes to its own path alone, and is seen there only.
    page.browser.get(f"{tls.api}/user/me")
    for name, path in (("__Secure-access", "/"), ("__Secure-access_refresh", "/user/")):
        cookie = page.browser.get_cookie(name)
        assert cookie["secure"] and cookie["httpOnly"] and (cookie["sameSite"], cookie["path"]) == ("Strict", path)
    page.open(tls.trusted, tls.api)
    assert page.click("cookie_me")["body"]["username"] == "younghee"
    assert page.click("cookie_refresh")["body"].keys() == {"access_token"}
    assert page.click("cookie_signout_bare")["status"] == 403

    # The cookies of 127.0.0.1 go to each of its ports, whichever page asks: a page that is not trusted can use none.
    page.open(tls.untrusted, tls.api)
    for button in ("cookie_me", "cookie_refresh", "cookie_refresh_bare", "cookie_signout", "cookie_signout_bare"):
        assert page.click(button)["status"] == "blocked", button
    assert page.click("cookie_signout_unseen")["status"] == "sent"
    page.open(tls.trusted, tls.api)
    assert page.click("cookie_me")["body"]["username"] == "younghee", "nothing happened unseen either"
    assert shown(page.click("cookie_signout")) == (200, {"message": SIGNED_OUT})
    assert page.click("cookie_me")["status"] == 401


def test_a_page_that_is_not_trusted_can_do_nothing_under_serve(page: Page, tls: TlsHouse) -> None:
    page.open(tls.untrusted, tls.api)
    page.type_person("mallory")
    for button in ("session_signup", "session_signin", "session_me", "jwt_signup", "jwt_signin", "jwt_me"):
        assert page.click(button)["status"] == "blocked", button
    page.open(tls.trusted, tls.api)
    page.type_person("mallory")
    assert page.click("session_signin")["status"] == 400, "the sign-up was not let through unseen either"
