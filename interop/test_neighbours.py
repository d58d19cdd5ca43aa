"""munjigi and the real Django on one database with one SECRET_KEY: each takes the other's users, cookies and tokens."""
from __future__ import annotations

from dataclasses import dataclass

import pytest

from clients import E, Client
from servers import House, Server

needs_munjigi = pytest.mark.munjigi_only("about munjigi's own tables or routes")

HASHERS = {
    "pbkdf2_sha256": "PBKDF2PasswordHasher",
    "pbkdf2_sha1": "PBKDF2SHA1PasswordHasher",
    "argon2": "Argon2PasswordHasher",
    "bcrypt_sha256": "BCryptSHA256PasswordHasher",
    "scrypt": "ScryptPasswordHasher",
}
PASSWORDS = {
    "digits": "1234",
    "korean": "비밀번호 안전",
    "long": "x" * 1000,
    "emoji": "🔑🚪" * 8,
    "quotes": "'\"\\;--",
}


@dataclass(frozen=True)
class Street:
    """The two servers on one house's database, which munjigi made. (Under INTEROP_TARGET=django, Django and Django.)"""

    house: House
    munjigi: Server
    django: Server

    def between(self, home: str) -> tuple[Server, Server]:
        """`home` first, where something is made; then the other, which must take it."""
        return (self.munjigi, self.django) if home == "munjigi" else (self.django, self.munjigi)


@pytest.fixture
def street(house: House, server: Server) -> Street:
    return Street(house, server, house.django())


@pytest.fixture(params=["munjigi", "django"])
def home(request: pytest.FixtureRequest) -> str:
    return request.param


def with_cookies_of(client: Client, server: Server) -> Client:
    twin = server.client()
    for name, value in client.cookies.items():
        twin.set_cookie(name, value)
    return twin


# ---- the tables -----------------------------------------------------------------------------------------------------


@needs_munjigi
def test_django_finds_nothing_to_migrate_in_the_apps_that_munjigi_made(house: House) -> None:
    house.munjigi()
    assert set(house.ask("migrate_plan")) <= {"admin"}
    assert house.ask("unfit_columns") == []


@needs_munjigi
def test_django_may_add_its_own_apps_beside_a_running_munjigi(house: House) -> None:
    server = house.munjigi()
    assert server.client().sign_up("before").status_code == 201
    house.migrate_django()
    assert house.ask("migrate_plan") == []
    assert server.client().sign_up("after").status_code == 201
    assert server.client().jwt_signin("before").status_code == 200


@needs_munjigi
def test_munjigi_serves_a_database_that_django_made_and_alters_none_of_its_tables(adopted: House) -> None:
    adopted.ask("make_user", username="old", password="1234", email="old@naver.com")
    server = adopted.munjigi({"AUTH_USER_MODEL": "user.User"})
    assert server.client().jwt_signin("old").status_code == 200
    assert adopted.ask("migrate_plan") == []
    assert adopted.ask("unfit_columns") == []


@needs_munjigi
def test_munjigi_does_not_guess_whose_database_it_is(adopted: House) -> None:
    server = adopted.start_munjigi(["dev"])
    assert server.process.wait(timeout=20) != 0
    assert "AUTH_USER_MODEL" in server.log_text()


# ---- users ----------------------------------------------------------------------------------------------------------


def test_a_user_made_at_one_signs_in_at_the_other(street: Street, home: str) -> None:
    here, there = street.between(home)
    for name, password in PASSWORDS.items():
        assert here.client().post("/user/jwt_signup", signup(name, password)).status_code == 201
    for name, password in PASSWORDS.items():
        if home == "munjigi":
            assert street.house.ask("check_password", username=name, password=password) is True, name
        answer = there.client().post("/api/token/", {"username": name, "password": password})
        assert answer.status_code == 200, (name, answer.text)
        assert there.client().jwt_signin(name, password).status_code == 200, name
        assert there.client().session_signin(name, password).status_code == 200, name
        assert there.client().jwt_signin(name, password + "x").json() == E


def signup(name: str, password: str) -> dict[str, str]:
    return {"username": name, "password": password, "email": f"{name}@naver.com"}


@needs_munjigi
def test_outer_spaces_of_a_password_are_kept(street: Street) -> None:
    """As `authenticate` has them; DRF's CharField, where Django's own sign-up reads a password, trims."""
    password = "  lead and trail  "
    assert street.munjigi.client().sign_up("mseo", password).status_code == 201
    assert street.house.ask("check_password", username="mseo", password=password) is True
    for server in (street.munjigi, street.django):
        assert server.client().jwt_signin("mseo", password).status_code == 200
        assert server.client().jwt_signin("mseo", password.strip()).json() == E


def test_munjigi_verifies_every_hash_that_django_makes_by_default(street: Street) -> None:
    for algorithm in HASHERS:
        street.house.ask("make_user", username=algorithm, password="열려라 참깨", hasher=algorithm)
        assert street.munjigi.client().jwt_signin(algorithm, "열려라 참깨").status_code == 200, algorithm
        assert street.munjigi.client().jwt_signin(algorithm, "열려라참깨").json() == E, algorithm
        assert street.house.ask("check_password", username=algorithm, password="열려라 참깨") is True, algorithm


@needs_munjigi
def test_django_verifies_every_hash_that_munjigi_makes(house: House) -> None:
    for algorithm, hasher in (HASHERS | {"bcrypt": "BCryptPasswordHasher"}).items():
        munjigi = house.munjigi({"PASSWORD_HASHERS": [f"django.contrib.auth.hashers.{hasher}"]})
        assert munjigi.client().sign_up(algorithm, "열려라 참깨").status_code == 201, algorithm
        munjigi.stop()
        [(encoded,)] = house.database.rows("select password from user_user where username = ?", algorithm)
        assert encoded.startswith(f"{algorithm}$")
        assert house.ask("check_password", username=algorithm, password="열려라 참깨") is True, algorithm
        assert house.ask("check_password", username=algorithm, password="열려라참깨") is False, algorithm


@needs_munjigi
def test_a_user_whom_django_disables_is_out_at_munjigi(street: Street) -> None:
    client = signed_in_both_ways(street.munjigi, "mseo")
    refresh = client.jwt_signin("mseo").json()["refresh_token"]
    street.house.ask("set_active", username="mseo", active=False)
    assert_out(street.munjigi, client, refresh)
    assert client.jwt_signin("mseo").json() == E


@needs_munjigi
def test_a_password_changed_in_django_ends_what_munjigi_opened(street: Street) -> None:
    client = signed_in_both_ways(street.munjigi, "mseo")
    refresh = client.jwt_signin("mseo").json()["refresh_token"]
    street.house.ask("set_password", username="mseo", password="another one")
    assert_out(street.munjigi, client, refresh)
    assert client.jwt_signin("mseo").json() == E
    assert client.jwt_signin("mseo", "another one").status_code == 200


@needs_munjigi
def test_django_can_delete_a_user_of_munjigis(street: Street) -> None:
    street.house.migrate_django()  # a deletion also looks into the tables of Django's admin
    client = signed_in_both_ways(street.munjigi, "mseo")
    refresh = client.jwt_signin("mseo").json()["refresh_token"]
    street.house.ask("delete_user", username="mseo")
    assert_out(street.munjigi, client, refresh)
    assert street.munjigi.client().sign_up("mseo").status_code == 201


def signed_in_both_ways(server: Server, username: str) -> Client:
    client = server.client()
    assert client.sign_up(username).status_code == 201
    assert client.session_signin(username).status_code == 200
    client.bearer = client.jwt_signin(username).json()["access_token"]
    assert client.me().status_code == 200
    return client


def assert_out(server: Server, client: Client, refresh: str) -> None:
    assert client.me().status_code == 401, "by bearer"
    assert with_cookies_of(client, server).me().status_code == 401, "by session"
    assert server.client().post("/api/token/refresh/", {"refresh": refresh}).status_code == 401, "by refresh"


# ---- cookies and tokens ---------------------------------------------------------------------------------------------


def test_a_session_cookie_of_one_opens_the_other(street: Street, home: str) -> None:
    here, there = street.between(home)
    client = here.client()
    client.sign_up("mseo")
    client.session_signin("mseo")
    assert with_cookies_of(client, there).me().json()["username"] == "mseo"


def test_an_access_token_of_one_opens_the_other(street: Street, home: str) -> None:
    here, there = street.between(home)
    here.client().sign_up("mseo")
    access = here.client().jwt_signin("mseo").json()["access_token"]
    assert there.client(bearer=access).me().json()["username"] == "mseo"


def test_a_refresh_token_of_one_is_taken_by_the_other(street: Street, home: str) -> None:
    here, there = street.between(home)
    here.client().sign_up("mseo")
    refresh = here.client().jwt_signin("mseo").json()["refresh_token"]
    answer = there.client().post("/api/token/refresh/", {"refresh": refresh})
    assert answer.status_code == 200, answer.text
    for server in (here, there):
        assert server.client(bearer=answer.json()["access"]).me().json()["username"] == "mseo"


def test_a_csrf_token_of_one_is_taken_by_the_other(street: Street, home: str) -> None:
    here, there = street.between(home)
    client = here.client()
    client.sign_up("mseo")
    client.session_signin("mseo")
    twin = with_cookies_of(client, there)
    assert twin.post("/user/session_signout").status_code == 403
    assert twin.session_signout().status_code == 200


def test_a_session_ended_at_one_is_ended_at_the_other(street: Street, home: str) -> None:
    here, there = street.between(home)
    client = here.client()
    client.sign_up("mseo")
    client.session_signin("mseo")
    twin = with_cookies_of(client, there)
    assert twin.me().status_code == 200
    assert client.session_signout().status_code == 200
    assert twin.me().status_code == 401


@needs_munjigi
def test_a_jwt_signout_at_munjigi_ends_the_refresh_token_at_django(street: Street) -> None:
    client = street.munjigi.client()
    client.sign_up("mseo")
    refresh = client.jwt_signin("mseo").json()["refresh_token"]
    assert client.post("/user/jwt_signout", {"refresh_token": refresh}).status_code == 200
    answer = street.django.client().post("/api/token/refresh/", {"refresh": refresh})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_a_token_blacklisted_at_django_is_refused_by_munjigi(street: Street) -> None:
    client = street.munjigi.client()
    client.sign_up("mseo")
    refresh = client.jwt_signin("mseo").json()["refresh_token"]
    assert street.django.client().post("/api/token/blacklist/", {"refresh": refresh}).status_code == 200
    answer = client.post("/api/token/refresh/", {"refresh": refresh})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
