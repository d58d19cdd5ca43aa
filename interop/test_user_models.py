"""Any user model of Django's: `auth.User`, the notes' `user.User`, users keyed by a UUID and named by an address, and users
in a table whose every name is another, keyed by a number and by a text.

Each model has one database of each kind, one Django and one munjigi for all its tests; who is signed up belongs to one test.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest

from clients import Client
from conftest import LOGS, POSTGRES, TARGET, new_database
from servers import HERE, REFERENCE, House, Project, Server

pytestmark = pytest.mark.skipif(TARGET != "munjigi", reason="about models that munjigi is told of")

ALGORITHMS = ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"]
ROTATING = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
ROUTES = {"session_signup": "/user/session_signup", "jwt_signup": "/user/jwt_signup"}
GROUPS = {"clerks": ["auth.view_group", "auth.add_group"]}
PASSWORD = "열려라 참깨 1234"


@dataclass(frozen=True)
class Model:
    """A user model, what munjigi must be told of it, and what a user needs beside a name and a password."""

    project: Project
    settings: Mapping[str, Any]
    name_field: str = "username"
    email_field: str = "email"
    fields: Mapping[str, Any] = field(default_factory=dict)
    signs_up: bool = True
    table: str = ""

    def name(self, who: str) -> str:
        return self.email(who) if self.name_field == self.email_field else who

    def email(self, who: str) -> str:
        return f"{who}@naver.com"

    def person(self, who: str) -> dict[str, Any]:
        """The fields of a user."""
        return {self.name_field: self.name(who), self.email_field: self.email(who), **self.fields}


PERSON = {
    "AUTH_USER_MODEL": "people.Person",
    "user": {
        "db_table": "staff_register",
        "primary_key_field": "number",
        "USERNAME_FIELD": "login",
        "EMAIL_FIELD": "contact",
        "columns": {
            "number": "person_no", "login": "login_name", "contact": "mail_address", "password": "pw_hash",
            "last_login": "seen_at", "is_superuser": "is_root", "is_staff": "may_enter", "is_active": "enabled",
            "date_joined": "since", "username": "", "email": "", "first_name": "", "last_name": "",
        },
        "fields": {
            "department": {"type": "CharField", "max_length": 30, "db_column": "dept"},
            "badge": {"type": "UUIDField", "default": "uuid4"},
            "hired_on": {"type": "DateField", "default": "now"},
            "credit": {"type": "DecimalField", "default": 0},
            "preferences": {"type": "JSONField", "default": "{}"},
        },
    },
    "ROUTES": ROUTES,
    "SIMPLE_JWT": ROTATING | {"USER_ID_FIELD": "number"},
}  # fmt: skip
TEXT_KEYED = PERSON | {
    "user": PERSON["user"] | {"primary_key": "CharField"},  # type: ignore[operator]
    "ROUTES": {},
}

MODELS = {
    "auth_user": Model(
        Project(REFERENCE, {"REF_USER_MODEL": "auth.User"}),
        {"AUTH_USER_MODEL": "auth.User", "ROUTES": ROUTES, "SIMPLE_JWT": ROTATING},
        table="auth_user",
    ),
    "user_user": Model(
        Project(REFERENCE, {"REF_USER_MODEL": "user.User"}),
        {"AUTH_USER_MODEL": "user.User", "ROUTES": ROUTES, "SIMPLE_JWT": ROTATING},
        fields={"age": 24},
        table="user_user",
    ),
    "uuid_email": Model(
        Project(HERE / "projects/uuid_email"),
        {
            "AUTH_USER_MODEL": "accounts.Member",
            "user": {
                "primary_key": "UUIDField",
                "USERNAME_FIELD": "email",
                "columns": {"username": "", "first_name": "", "last_name": "", "date_joined": ""},
            },
            "ROUTES": ROUTES,
            "SIMPLE_JWT": ROTATING,
        },
        name_field="email",
        table="accounts_member",
    ),
    "renamed": Model(
        Project(HERE / "projects/renamed"), PERSON, "login", "contact", {"department": "문지기"}, table="staff_register"
    ),
    "text_key": Model(
        Project(HERE / "projects/renamed", {"REF_TEXT_KEY": "1"}), TEXT_KEYED, "login", "contact",
        {"department": "문지기"}, signs_up=False, table="staff_register",
    ),
}  # fmt: skip

# Each on both databases, but for what other files try on both, and for what only differs in its key.
TOWNS = [f"{name}-{backend}" for name in ("auth_user", "uuid_email", "renamed") for backend in ("sqlite", "postgres")]
TOWNS += ["user_user-postgres", "text_key-postgres"]

# Every hasher of Django's that can be had, and what tokens say of groups and permissions.
COMMON = {
    "PASSWORD_HASHERS": [
        f"django.contrib.auth.hashers.{name}PasswordHasher"
        for name in ("PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt")
    ],
    "SIMPLE_JWT_CLAIMS": {"roles": "groups", "may": "permissions"},
}


@dataclass
class Town:
    """The two servers on the database of one model. munjigi found it as Django's `migrate` left it, with users whom Django
    made: one for each algorithm, one for each test that needs one, and a clerk."""

    model: Model
    house: House
    munjigi: Server
    django: Server
    keys: Mapping[str, str]

    def newcomer(self, who: str) -> Client:
        """A user who signed up at munjigi, and in by a session there; where nobody can sign up, one whom Django made."""
        if self.model.signs_up:
            body = self.model.person(who) | {"password": PASSWORD}
            answer = self.munjigi.client().post("/user/session_signup", body)
            assert answer.status_code == 201, answer.text
        return self.signed_in(self.munjigi, who)

    def signed_in(self, server: Server, who: str) -> Client:
        client = server.client()
        answer = client.post("/user/session_signin", self.credentials(who))
        assert answer.status_code == 200, (who, answer.text)
        return client

    def tokens(self, server: Server, who: str) -> dict[str, str]:
        answer = server.client().post("/api/token/", self.credentials(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def credentials(self, who: str) -> dict[str, str]:
        return {self.model.name_field: self.model.name(who), "password": PASSWORD}

    def carried(self, client: Client, server: Server) -> Client:
        """The same browser at the other server."""
        twin = server.client()
        for name, value in client.cookies.items():
            twin.set_cookie(name, value)
        return twin

    def is_me(self, client: Client, who: str) -> bool:
        answer = client.me()
        return answer.status_code == 200 and answer.json()[self.model.name_field] == self.model.name(who)

    def between(self, home: str) -> tuple[Server, Server]:
        return (self.munjigi, self.django) if home == "munjigi" else (self.django, self.munjigi)


def of_django(model: Model) -> list[dict[str, Any]]:
    """The users whom Django makes before munjigi comes."""
    more: dict[str, dict[str, Any]] = {algorithm: {"hasher": algorithm} for algorithm in ALGORITHMS}
    more["clerk"] = {"groups": ["clerks"], "permissions": ["auth.delete_group"]}
    names = ["session-munjigi", "session-django", "tokens-munjigi", "tokens-django"]
    names += [] if model.signs_up else ["newcomer", "leaver"]
    people = {name: more.get(name, {}) for name in [*more, *names]}
    numbers = {name: {} if model.signs_up else {"number": f"사람-{name}"} for name in people}
    return [model.person(name) | {"password": PASSWORD} | numbers[name] | people[name] for name in people]


@pytest.fixture(scope="module", params=TOWNS)
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    name, backend = request.param.split("-")
    if backend == "postgres" and not POSTGRES:
        pytest.skip("MUNJIGI_TEST_POSTGRES names no server")
    model = MODELS[name]
    folder = LOGS / f"user_models.{request.param}"
    folder.mkdir(parents=True)
    house = House(new_database(backend, folder), folder, model.project)
    try:
        people = of_django(model)
        keys = house.ask("settle", groups=GROUPS, people=people)
        munjigi = house.munjigi(model.settings | COMMON)
        names = [person[model.name_field] for person in people]
        yield Town(model, house, munjigi, house.django(simple_jwt=ROTATING), dict(zip(names, keys, strict=True)))
    finally:
        house.close()


@pytest.fixture(params=["munjigi", "django"])
def home(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_hash_of_every_algorithm_that_django_made_signs_in(town: Town) -> None:
    for algorithm in ALGORITHMS:
        client = town.signed_in(town.munjigi, algorithm)
        assert town.is_me(client, algorithm)
        assert str(client.me().json()["id"]) == town.keys[town.model.name(algorithm)]
        # A row that munjigi stored anew is Django's still.
        town.signed_in(town.django, algorithm)
    wrong = town.credentials(ALGORITHMS[0]) | {"password": PASSWORD + "x"}
    assert town.munjigi.client().post("/user/session_signin", wrong).status_code == 400


def test_who_signed_up_at_munjigi_signs_in_at_django_and_in_its_admin(town: Town) -> None:
    client = town.newcomer("newcomer")
    town.signed_in(town.django, "newcomer")
    columns = town.model.settings.get("user", {}).get("columns", {})
    staff, name = (columns.get(field, field) for field in ("is_staff", town.model.name_field))
    twin = town.carried(client, town.django)
    assert twin.get("/admin/", allow_redirects=False).status_code == 302
    make_staff = f"update {town.model.table} set {staff} = ? where {name} = ?"
    town.house.database.execute(make_staff, True, town.model.name("newcomer"))
    assert twin.get("/admin/", allow_redirects=False).status_code == 200


# What a hash is does not depend on the model: one is enough.
@pytest.mark.parametrize("town", ["uuid_email-sqlite", "uuid_email-postgres"], indirect=True, scope="module")
def test_every_hash_that_munjigi_makes_is_djangos(town: Town) -> None:
    hashers = ["PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt"]
    for hasher in hashers:
        preferred = {"PASSWORD_HASHERS": [f"django.contrib.auth.hashers.{hasher}PasswordHasher"]}
        server = town.house.munjigi(town.model.settings | preferred)
        body = town.model.person(f"made.{hasher}") | {"password": PASSWORD}
        assert server.client().post("/user/jwt_signup", body).status_code == 201, hasher
        server.stop()
    found = town.house.ask("people_of", names=[town.model.name(f"made.{hasher}") for hasher in hashers])
    assert [person["algorithm"] for person in found.values()] == ALGORITHMS[1:]
    for hasher in hashers:
        town.signed_in(town.django, f"made.{hasher}")


def test_a_session_of_one_opens_the_other_and_ends_at_either(town: Town, home: str) -> None:
    here, there = town.between(home)
    who = f"session-{home}"
    client = town.signed_in(here, who)
    twin = town.carried(client, there)
    assert town.is_me(twin, who)
    assert twin.post("/user/session_signout").status_code == 403, "without a CSRF token"
    assert twin.session_signout().status_code == 200, "with the CSRF token of the other"
    assert client.me().status_code == 401


def test_tokens_of_one_are_taken_rotated_and_ended_by_the_other(town: Town, home: str) -> None:
    here, there = town.between(home)
    who = f"tokens-{home}"
    pair = town.tokens(here, who)
    for server in (here, there):
        me = server.client(bearer=pair["access"]).me()
        assert (me.status_code, str(me.json()["id"])) == (200, town.keys[town.model.name(who)]), me.text
    for server in (there, here, there, here):
        used = pair["refresh"]
        answer = server.client().post("/api/token/refresh/", {"refresh": used})
        assert answer.status_code == 200, answer.text
        pair = answer.json()
        assert town.is_me(there.client(bearer=pair["access"]), who)
        assert town.django.client().post("/api/token/refresh/", {"refresh": used}).status_code == 401, "used up"
    assert there.client().post("/api/token/blacklist/", {"refresh": pair["refresh"]}).status_code == 200
    for server in (here, there):
        answer = server.client().post("/api/token/refresh/", {"refresh": pair["refresh"]})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_django_has_nothing_to_do_tells_the_same_of_users_and_deletes_one(town: Town) -> None:
    client = town.newcomer("leaver")
    pair = town.tokens(town.munjigi, "leaver")
    clerk, leaver = town.model.name("clerk"), town.model.name("leaver")
    claims = jwt.decode(town.tokens(town.munjigi, "clerk")["access"], options={"verify_signature": False})
    found = town.house.ask("look_and_delete", names=[clerk, leaver], leaver=leaver)
    assert claims["roles"] == ["clerks"]
    assert claims["may"] == found[clerk]["permissions"] == ["auth.add_group", "auth.delete_group", "auth.view_group"]
    assert client.me().status_code == 401
    assert town.munjigi.client(bearer=pair["access"]).me().status_code == 401
    assert town.munjigi.client().post("/api/token/refresh/", {"refresh": pair["refresh"]}).status_code == 401
    if town.model.signs_up:
        # His name and his address are free again, and nothing of his comes to life.
        town.newcomer("leaver")
        assert client.me().status_code == 401
