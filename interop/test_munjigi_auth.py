"""`examples/django-next-door/munjigi_auth.py` in the real Django: what ended at munjigi is refused there with the next request,
in simplejwt's words, at the cost of one statement."""
from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import jwt
import pytest

from clients import Answer, Client
from conftest import Figure
from servers import SECRET_KEY, House, Server

pytestmark = pytest.mark.munjigi_only("about munjigi's records")

SAMPLES = int(os.environ.get("INTEROP_GUARD_SAMPLES", "200"))
SETTINGS = {"AUTH_USER_MODEL": "user.User", "ROUTES": {"jwt_signup": "/user/jwt_signup"}, "LANGUAGE_CODE": "en", "hashers": {"pbkdf2_sha256": {"iterations": 1000}}}
BLACKLISTED = {
    "detail": "Given token not valid for any token type",
    "code": "token_not_valid",
    "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is blacklisted"}],
}


class Street:
    """munjigi, and a Django with the file in it."""

    def __init__(self, house: House, **environment: str) -> None:
        self.house = house
        self.munjigi = house.munjigi(SETTINGS)
        self.environment = {
            "REF_MUNJIGI_AUTH": "1", "REF_LANGUAGE": "en", "REF_HASH_COSTS": '{"PBKDF2PasswordHasher": {"iterations": 1000}}'
        } | environment  # fmt: skip
        self.django = house.django(**self.environment)
        answer = self.munjigi.client().post("/user/jwt_signup", {"username": "mseo", "password": "1234", "email": "mseo@naver.com"})
        assert answer.status_code == 201, answer.text

    def pair(self, server: Server | None = None) -> dict[str, str]:
        answer = (server or self.munjigi).client().post("/api/token/", {"username": "mseo", "password": "1234"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def at_django(self, access: str) -> Answer:
        return self.django.client(bearer=access).me()

    def refused(self, access: str) -> bool:
        """Whether Django refuses it, just as munjigi does."""
        here, there = self.munjigi.client(bearer=access).me(), self.at_django(access)
        assert here.status_code == there.status_code, (here.text, there.text)
        if there.status_code == 200:
            return False
        assert there.json() == BLACKLISTED
        assert here.json()["messages"] == BLACKLISTED["messages"]
        assert there.headers["WWW-Authenticate"] == here.headers["WWW-Authenticate"] == 'Bearer realm="api"'
        return True

    def set(self, column: str, value: Any) -> None:
        self.house.database.execute(f"update munjigi_session set {column} = ?", value)


@pytest.fixture
def street(adopted: House) -> Street:
    return Street(adopted)


def sign_out(street: Street, pair: dict[str, str]) -> None:
    answer = street.munjigi.client().post("/api/token/blacklist/", {"refresh": pair["refresh"]})
    assert answer.status_code == 200, answer.text


def change_password(street: Street, pair: dict[str, str]) -> None:
    street.house.ask("set_password", username="mseo", password="another")


def end_by(column: str) -> Callable[[Street, dict[str, str]], None]:
    def end(street: Street, pair: dict[str, str]) -> None:
        street.set(column, int(time.time() * 1000) - 1)

    return end


def forget(street: Street, pair: dict[str, str]) -> None:
    street.house.database.execute("delete from munjigi_session")


def give_to_another(street: Street, pair: dict[str, str]) -> None:
    street.set("user_id", "4711")


ENDINGS = {
    "a sign-out": sign_out,
    "its idle end": end_by("idle_end"),
    "its absolute end": end_by("absolute_end"),
    "swept": forget,
    "somebody else's": give_to_another,
    "another password at Django": change_password,
}


@pytest.mark.parametrize("atomic", ["0", "1"], ids=["autocommit", "atomic"])
def test_what_has_ended_is_refused_at_once(adopted: House, atomic: str) -> None:
    street = Street(adopted, REF_ATOMIC=atomic)
    for name, end in ENDINGS.items():
        pair, other = street.pair(), street.pair()
        assert [street.refused(it["access"]) for it in (pair, other)] == [False, False], name
        end(street, pair)
        assert street.refused(pair["access"]), name
        if end is sign_out:
            assert not street.refused(other["access"])


def test_an_end_in_the_future_is_none_yet(street: Street) -> None:
    pair = street.pair()
    for column in ("idle_end", "absolute_end"):
        street.set(column, int(time.time() * 1000) + 60_000)
    assert not street.refused(pair["access"])


def test_a_sid_that_was_never_one_is_refused(street: Street) -> None:
    claims = jwt.decode(street.pair()["access"], options={"verify_signature": False})
    for sid in ("", "\0", "x" * 500, "' or 1=1 --", 5, None, ["x"]):
        answer = street.at_django(jwt.encode(claims | {"sid": sid}, SECRET_KEY, "HS256"))
        assert (answer.status_code, answer.json()) == (401, BLACKLISTED), sid


def test_tokens_of_djangos_own_are_taken_as_ever(street: Street) -> None:
    own = street.pair(street.django)
    assert street.at_django(own["access"]).status_code == 200
    client = street.django.client(bearer=own["access"] + "x")
    assert client.me().json()["messages"][0]["message"].startswith("Token is invalid")  # simplejwt before 5.5: "or expired"
    assert Client(street.django.base).me().status_code == 401
    assert street.at_django(street.pair()["refresh"]).json()["messages"][0]["message"] == "Token has wrong type"


CLOSED = {"detail": "Service temporarily unavailable, try again later."}


def answered(street: Street, access: str, **environment: str) -> tuple[int, list[str]]:
    """What a Django of its own answers to a token, and which errors it writes down: once, however often it is asked."""
    django = street.house.django(**street.environment, **environment)
    answers = [django.client(bearer=access).me() for _ in range(3)]
    (status,) = {answer.status_code for answer in answers}
    if status == 503:
        assert all(answer.json() == CLOSED for answer in answers)
    own = street.pair(django)["access"]
    assert django.client(bearer=own).me().status_code == 200, "a token of Django's own"
    lines = [line for line in django.log_text().splitlines() if "Access tokens of munjigi are" in line]
    django.stop()
    return status, lines


def choice(choice: str) -> dict[str, str]:
    return {"REF_SETTINGS": json.dumps({"MUNJIGI_AUTH_WITHOUT_RECORDS": choice})}


def test_without_munjigis_table_it_is_simplejwt_and_says_so_once(street: Street) -> None:
    access = street.pair()["access"]
    street.munjigi.stop()
    assert street.house.ask("checked_by_munjigi_auth", environment=street.environment) == []
    street.house.database.execute("drop table munjigi_session")
    said = (
        'The database "default" has no table munjigi_session. Access tokens of munjigi are taken until they expire, '
        "whether or not their sign-ins have ended."
    )
    assert answered(street, access) == (200, [said])
    assert street.house.ask("checked_by_munjigi_auth", environment=street.environment) == ["munjigi_auth.W001: " + said]
    status, lines = answered(street, access, REF_ATOMIC="1", **choice("closed"))
    assert status == 503 and lines == [said.replace(said.split(" are ")[1], "answered with 503.")]


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_table_that_django_cannot_read_is_503_and_said_once(adopted: House) -> None:
    street = Street(adopted, REF_ATOMIC="1")
    access, database = street.pair()["access"], street.house.database
    street.munjigi.stop()
    name = f"guard_{database.name[-8:]}"
    database.execute(f"create role {name} login password 'secret'")
    try:
        for granted in ("all on all tables in schema public", "all on all sequences in schema public"):
            database.execute(f"grant {granted} to {name}")
        parts = urlsplit(database.django_url)
        street.environment["REF_DB"] = urlunsplit(parts._replace(netloc=f"{name}:secret@{parts.hostname}:{parts.port}"))
        database.execute(f"revoke all on munjigi_session from {name}")
        told = "public.munjigi_session is there and Django's role may not read it. Access tokens of munjigi are answered with 503."
        assert answered(street, access) == (503, [told])
        assert street.house.ask("checked_by_munjigi_auth", environment=street.environment) == ["munjigi_auth.E001: " + told]
        database.execute(f"grant select on munjigi_session to {name}")

        database.execute("create schema elsewhere")
        database.execute("alter table munjigi_session set schema elsewhere")
        database.execute(f"grant usage on schema elsewhere to {name}")
        told = told.replace("public.", "elsewhere.").replace("Django's role may not read it", "not in Django's search_path")
        assert answered(street, access) == (503, [told])
        status, lines = answered(street, access, **choice("open"))
        assert status == 200 and len(lines) == 1
        database.execute(f"alter role {name} set search_path = public, elsewhere")
        assert answered(street, access) == (200, [])
    finally:
        database.execute(f"drop owned by {name}")
        database.execute(f"drop role {name}")


def test_a_stateless_user_is_asked_for_too(adopted: House) -> None:
    street = Street(adopted, REF_MUNJIGI_AUTH="stateless")
    pair, own = street.pair(), street.pair(street.django)

    def guard(access: str) -> list[str]:
        return street.house.ask("stateless_guard", environment=street.environment, tokens=[access])

    assert [guard(it["access"]) for it in (pair, own)] == [["1"], ["1"]]
    sign_out(street, pair)
    assert [guard(it["access"]) for it in (pair, own)] == [["Token is blacklisted"], ["1"]]


@pytest.mark.soak
def test_it_costs_one_statement(street: Street, figure: Figure, backend: str) -> None:
    told = street.house.ask("queries_of_guards", environment=street.environment, token=street.pair()["access"], times=SAMPLES)
    theirs, ours = told["simplejwt"], told["munjigi_auth"]
    assert [len(theirs["alone"]), len(ours["alone"])] == [1, 2]
    assert "munjigi_session" in ours["alone"][1] and "WHERE sid = " in ours["alone"][1]
    assert [theirs["inside"], ours["inside"]] == [1, 4]
    figure(
        f"{backend}: simplejwt's guard {theirs['micros']:.0f} µs a token and 1 statement, munjigi_auth's {ours['micros']:.0f} µs and "
        f"2 (in a transaction 4, two of them a savepoint's)"
    )
