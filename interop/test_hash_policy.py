"""Rows of every hasher and age, whose users sign in at Django and at munjigi by turns: each row is stored anew once at the
most, and nobody is signed out, but of what Django's own upgrade ends."""
from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from clients import Client
from conftest import Figure
from servers import House, Server, wait_until

pytestmark = pytest.mark.munjigi_only("two signers-in on one database")

USERS = int(os.environ.get("INTEROP_HASH_USERS", "30"))
# How many other hashers come first in turn, for a tenth of the users.
ORDERS = int(os.environ.get("INTEROP_HASH_ORDERS", "1"))
ROUNDS = 10

# What both sides are set to: a tenth of a second would be too much for so many.
COSTS: dict[str, dict[str, int]] = {
    "PBKDF2PasswordHasher": {"iterations": 2000},
    "PBKDF2SHA1PasswordHasher": {"iterations": 2000},
    "Argon2PasswordHasher": {"time_cost": 1, "memory_cost": 64, "parallelism": 2},
    "BCryptSHA256PasswordHasher": {"rounds": 5},
    "BCryptPasswordHasher": {"rounds": 5},
    "ScryptPasswordHasher": {"work_factor": 64, "block_size": 8, "parallelism": 1},
}
NAMES = {
    "PBKDF2PasswordHasher": "pbkdf2_sha256",
    "PBKDF2SHA1PasswordHasher": "pbkdf2_sha1",
    "Argon2PasswordHasher": "argon2",
    "BCryptSHA256PasswordHasher": "bcrypt_sha256",
    "BCryptPasswordHasher": "bcrypt",
    "ScryptPasswordHasher": "scrypt",
}
PREFERRED = "PBKDF2PasswordHasher"
OTHERS = ("Argon2PasswordHasher", "BCryptSHA256PasswordHasher", "ScryptPasswordHasher", "PBKDF2SHA1PasswordHasher")


def kind(hasher: str, **differs: Any) -> dict[str, Any]:
    """A row at the common cost, but for what differs."""
    return {"hasher": hasher} | COSTS.get(hasher, {}) | differs


KINDS: list[dict[str, Any]] = [
    kind("PBKDF2PasswordHasher"),
    kind("PBKDF2PasswordHasher", iterations=1999),
    kind("PBKDF2PasswordHasher", iterations=2001),
    kind("PBKDF2PasswordHasher", iterations=1),
    kind("PBKDF2PasswordHasher", salt="s" * 21),
    kind("PBKDF2PasswordHasher", salt="s" * 22),
    kind("PBKDF2PasswordHasher", salt="s" * 40),
    kind("PBKDF2PasswordHasher", iterations=10_000, salt="seasalt"),  # Django 1.4
    kind("PBKDF2PasswordHasher", iterations=100_000, salt="s" * 12),  # Django 2.0
    kind("PBKDF2PasswordHasher", iterations=260_000),  # Django 3.2
    kind("PBKDF2PasswordHasher", iterations=1_000_000),  # Django 5.2
    kind("PBKDF2SHA1PasswordHasher"),
    kind("PBKDF2SHA1PasswordHasher", iterations=3000, salt="seasalt"),
    kind("Argon2PasswordHasher"),
    kind("Argon2PasswordHasher", time_cost=2),
    kind("Argon2PasswordHasher", memory_cost=128),
    kind("Argon2PasswordHasher", parallelism=1),
    kind("Argon2PasswordHasher", salt="seasalt8"),
    kind("BCryptSHA256PasswordHasher"),
    kind("BCryptSHA256PasswordHasher", rounds=4),
    kind("BCryptSHA256PasswordHasher", rounds=6),
    kind("BCryptPasswordHasher"),
    kind("BCryptPasswordHasher", rounds=6),
    kind("ScryptPasswordHasher"),
    kind("ScryptPasswordHasher", work_factor=32),
    kind("ScryptPasswordHasher", parallelism=2, salt="seasalt"),
    kind("MD5PasswordHasher", salt="seasalt"),
    {"legacy": "sha1"},
    {"legacy": "unsalted_sha1"},
    {"legacy": "unsalted_md5"},
]


def legacy(name: str, password: str) -> str:
    """A row of a hasher that Django removed in 5.1."""
    if name == "unsalted_md5":
        return hashlib.md5(password.encode()).hexdigest()
    salt = "seasalt" if name == "sha1" else ""
    return f"sha1${salt}${hashlib.sha1((salt + password).encode()).hexdigest()}"


# Whose row is stored anew as soon as the first look through Django's sessions has ended.
CANARY = legacy("sha1", "1234")


@dataclass
class Person:
    username: str
    password: str
    kind: dict[str, Any]
    first: int  # who sees him first: 0 munjigi, 1 Django
    must_update: bool = False
    before: str = ""  # the session that he had before all this
    sessions: list[str] = field(default_factory=list)
    tokens: list[dict[str, str]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)

    def signs_in(self, server: Server, by_session: bool) -> None:
        client = server.client()
        if by_session:
            answer = client.session_signin(self.username, self.password)
            assert answer.status_code == 200, (server.name, self, answer.text)
            self.sessions.append(client.cookies["sessionid"])
        else:
            answer = client.post("/api/token/", {"username": self.username, "password": self.password})
            assert answer.status_code == 200, (server.name, self, answer.text)
            self.tokens.append(answer.json())


@dataclass
class Town:
    house: House
    munjigi: Server
    django: Server
    people: list[Person]

    def all_at_once(self, work: Callable[[Person], None]) -> None:
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(work, person) for person in self.people]:
                done.result()

    def note_rows(self) -> None:
        """Keeps each row that is another than it was."""
        rows = dict(self.house.database.rows("select username, password from user_user"))
        for person in self.people:
            if person.stored[-1] != rows[person.username]:
                person.stored.append(rows[person.username])


def settings(preferred: str) -> tuple[dict[str, Any], dict[str, str]]:
    """munjigi's and Django's, which say the same."""
    order = [preferred, *(name for name in COSTS if name != preferred), "MD5PasswordHasher"]
    day = 86_400
    munjigi = {
        "AUTH_USER_MODEL": "user.User",
        "PASSWORD_HASHERS": [f"django.contrib.auth.hashers.{name}" for name in order],
        "VERIFY_LEGACY_PASSWORDS": True,
        "SIMPLE_JWT": {"ACCESS_TOKEN_LIFETIME": "1d"},
        "hashers": {NAMES[name]: cost for name, cost in COSTS.items()},
    }
    django = {
        "REF_HASHERS": ",".join(order),
        "REF_HASH_COSTS": json.dumps(COSTS),
        "REF_SIMPLE_JWT": json.dumps({"ACCESS_TOKEN_LIFETIME": day}),
    }
    return munjigi, django


def people(house: House, count: int, environment: dict[str, str]) -> list[Person]:
    made = []
    for number in range(count):
        its_kind = KINDS[number % len(KINDS)]
        # Django cannot verify what it removed, until munjigi has stored it anew.
        first = 0 if "legacy" in its_kind else (number + number // len(KINDS)) % 2
        made.append(Person(f"user{number}", f"비밀번호 {number}", its_kind, first))
    to_encode = [person.kind | {"password": person.password} for person in made if "hasher" in person.kind]
    encoded: Iterator[str] = iter(house.ask("encode", environment=environment, rows=to_encode))
    for person in made:
        person.stored.append(next(encoded) if "hasher" in person.kind else legacy(person.kind["legacy"], person.password))
    rows = [{"username": person.username, "password": person.stored[0]} for person in made]
    rows.append({"username": "canary", "password": CANARY})
    for person, known in zip(made, house.ask("make_people", environment=environment, rows=rows)):
        person.before, person.must_update = known["session"], known["must_update"]
    return made


@pytest.fixture
def town(adopted: House, request: pytest.FixtureRequest) -> Town:
    count, preferred = request.param
    of_munjigi, of_django = settings(preferred)
    made = people(adopted, count, of_django)
    munjigi = adopted.munjigi(of_munjigi)

    def has_looked() -> bool:
        assert munjigi.client().jwt_signin("canary").status_code == 200
        return row_of(adopted, "canary") != CANARY

    wait_until("the first look through Django's sessions", has_looked, seconds=120)
    return Town(adopted, munjigi, adopted.django(**of_django), made)


def row_of(house: House, username: str) -> str:
    [(password,)] = house.database.rows("select password from user_user where username = ?", username)
    return password


def opens(server: Server, key: str) -> bool:
    client = server.client()
    client.set_cookie("sessionid", key)
    return client.me().status_code == 200


TOWNS = [pytest.param((USERS, PREFERRED), id=PREFERRED)]
TOWNS += [pytest.param((max(USERS // 10, 6), name), id=name) for name in OTHERS[:ORDERS]]


@pytest.mark.soak
@pytest.mark.parametrize("town", TOWNS, indirect=True)
def test_who_signs_in_at_both_by_turns_is_signed_out_nowhere(town: Town, figure: Figure, backend: str) -> None:
    servers = (town.munjigi, town.django)
    for turn in range(ROUNDS):
        town.all_at_once(lambda person: person.signs_in(servers[(person.first + turn) % 2], by_session=turn // 2 % 2 == 0))
        town.note_rows()

    stored_anew = [person for person in town.people if len(person.stored) == 2]
    assert [person for person in town.people if len(person.stored) > 2] == []
    assert [person for person in town.people if person.must_update != (len(person.stored) == 2)] == []

    lost: list[tuple[str, list[bool]]] = []
    lock = threading.Lock()

    def look(person: Person) -> None:
        # Django's upgrade ends what was opened before it.
        is_ended = person.first == 1 and person.must_update
        seen = [opens(server, person.before) == (not is_ended) for server in servers]
        seen += [opens(server, key) for server in servers for key in person.sessions]
        for server in servers:
            for pair in person.tokens:
                seen.append(server.client(bearer=pair["access"]).me().status_code == 200)
                refreshed = server.client().post("/api/token/refresh/", {"refresh": pair["refresh"]})
                seen.append(refreshed.status_code == 200)
        if not all(seen):
            with lock:
                lost.append((person.username, seen))

    town.all_at_once(look)
    assert lost == []
    ended = [person for person in town.people if person.first == 1 and person.must_update]
    sessions = sum(len(person.sessions) for person in town.people)
    tokens = sum(len(person.tokens) for person in town.people)
    figure(
        f"{backend}, {len(town.people)} users, {len(KINDS)} kinds of rows, {ROUNDS} sign-ins each by turns: {len(stored_anew)} rows "
        f"stored anew, none twice; {sessions} sessions and {tokens} pairs of tokens good at both, and of {len(town.people)} sessions "
        f"of before all but the {len(ended)} that Django's upgrade ended"
    )


def test_an_upgrade_waits_for_a_session_that_nobody_knows_yet(adopted: House) -> None:
    of_munjigi, of_django = settings(PREFERRED)
    *_, person = people(adopted, 2, of_django)
    [old] = person.stored
    munjigi, django = adopted.munjigi(of_munjigi), adopted.django(**of_django)
    # Django has signed him in without a password, and written it a moment ago.
    key = adopted.ask("log_in", environment=of_django, username=person.username)
    person.signs_in(munjigi, by_session=True)
    person.signs_in(munjigi, by_session=False)
    assert row_of(adopted, person.username) == old
    assert "password_upgrade_deferred" in munjigi.log_text()

    def is_known() -> bool:
        return adopted.database.rows("select 1 from munjigi_session where django_session_key = ?", key) == [(1,)]

    wait_until("the session to be found", is_known, seconds=60)
    adopted.ask("let_an_hour_pass")

    def is_stored_anew() -> bool:
        person.signs_in(munjigi, by_session=True)
        return row_of(adopted, person.username) != old

    wait_until("the password to be stored anew", is_stored_anew, seconds=60)
    assert "password_stored_anew" in munjigi.log_text()
    assert [opens(server, key) for key in (key, *person.sessions) for server in (munjigi, django)] == [True] * 2 * (
        1 + len(person.sessions)
    )
