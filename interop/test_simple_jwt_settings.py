"""What the notes say of each key of SIMPLE_JWT, claim by claim, each at another value than its default."""
from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from clients import Client
from conftest import TARGET
from servers import SECRET_KEY, House, Server

SECONDS = {"3m": 180, "1d": 86400}
ANOTHER_KEY = "another-signing-key-of-more-than-sixty-four-bytes-0123456789-abcdefgh"
CLASSES = "rest_framework_simplejwt.tokens."

Start = Callable[..., Client]


@pytest.fixture
def start(house: House, request: pytest.FixtureRequest) -> Start:
    """Starts the server with these keys of SIMPLE_JWT, and signs mseo up. (The reference takes durations in seconds.)"""

    def begin(**simple_jwt: Any) -> Client:
        if TARGET == "munjigi":
            server = house.munjigi({"SIMPLE_JWT": simple_jwt})
        else:
            request.getfixturevalue("adopted")
            by_type = {key: SECONDS.get(value, value) if isinstance(value, str) else value for key, value in simple_jwt.items()}
            server = house.django(simple_jwt=by_type)
        client = server.client()
        assert client.sign_up("mseo").status_code == 201
        return client

    return begin


def signed_in(client: Client) -> tuple[str, str]:
    """The access and the refresh token."""
    answer = client.jwt_signin("mseo")
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"], answer.json()["refresh_token"]


def payload(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def lifetime(token: str) -> int:
    claims = payload(token)
    return claims["exp"] - claims["iat"]


def opens_me(client: Client, token: str, scheme: str = "Bearer") -> bool:
    answer = client.get("/user/me", headers={"Authorization": f"{scheme} {token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def refreshed(client: Client, refresh: str) -> dict[str, str]:
    answer = client.post("/api/token/refresh/", {"refresh": refresh})
    assert answer.status_code == 200, answer.text
    return answer.json()


def claim_33_access_token_lifetime(start: Start) -> None:
    access, refresh = signed_in(start(ACCESS_TOKEN_LIFETIME="3m"))
    assert (lifetime(access), lifetime(refresh)) == (180, 604800)


def claim_34_refresh_token_lifetime(start: Start) -> None:
    access, refresh = signed_in(start(REFRESH_TOKEN_LIFETIME="1d"))
    assert (lifetime(access), lifetime(refresh)) == (300, 86400)


@pytest.mark.munjigi_only("about munjigi's own refusal to start")
@pytest.mark.parametrize(
    ("key", "value"),
    [("ACCESS_TOKEN_LIFETIME", True), ("ROTATE_REFRESH_TOKENS", "yes"), ("ALGORITHM", 256), ("AUTH_HEADER_TYPES", 1)],
)
def claim_33_a_wrong_type_stops_the_start(house: House, key: str, value: object) -> None:
    server = house.start_munjigi(["dev"], {"SIMPLE_JWT": {key: value}})
    assert server.process.wait(timeout=20) != 0
    assert f"SIMPLE_JWT.{key}" in server.log_text()


@pytest.mark.parametrize("rotates", [False, True])
def claim_35_rotate_refresh_tokens(start: Start, rotates: bool) -> None:
    client = start(ROTATE_REFRESH_TOKENS=rotates)
    _, refresh = signed_in(client)
    answer = refreshed(client, refresh)
    assert answer.keys() == ({"access", "refresh"} if rotates else {"access"})
    if rotates:
        assert payload(answer["refresh"])["jti"] != payload(refresh)["jti"]
        assert opens_me(client, refreshed(client, answer["refresh"])["access"])


@pytest.mark.munjigi_only("the reference has no such route")
@pytest.mark.parametrize("rotates", [False, True])
def claim_35_in_the_notes_dialect(start: Start, rotates: bool) -> None:
    client = start(ROTATE_REFRESH_TOKENS=rotates)
    _, refresh = signed_in(client)
    answer = client.post("/user/jwt_refresh", {"refresh_token": refresh})
    assert answer.json().keys() == ({"access_token", "refresh_token"} if rotates else {"access_token"})


@pytest.mark.parametrize("blacklists", [False, True])
def claim_36_blacklist_after_rotation(start: Start, blacklists: bool) -> None:
    # Without a window, as in simplejwt.
    client = start(ROTATE_REFRESH_TOKENS=True, BLACKLIST_AFTER_ROTATION=blacklists, ROTATION_WINDOW=0)
    _, old = signed_in(client)
    new = refreshed(client, old)["refresh"]
    again = client.post("/api/token/refresh/", {"refresh": old}, headers={"Accept-Language": "en"})
    if blacklists:
        assert (again.status_code, again.json()) == (401, {"detail": "Token is blacklisted", "code": "token_not_valid"})
    else:
        assert again.status_code == 200
    assert refreshed(client, new).keys() == {"access", "refresh"}


@pytest.mark.parametrize("updates", [True, False])
def claim_37_update_last_login(start: Start, house: House, updates: bool) -> None:
    client = start(UPDATE_LAST_LOGIN=updates)
    # (The reference's jwt_signin calls `for_user`, which writes no last_login; simplejwt's own view does.)
    routes = ["/user/jwt_signin", "/api/token/"] if TARGET == "munjigi" else ["/api/token/"]
    for route in routes:
        assert client.post(route, {"username": "mseo", "password": "1234"}).status_code == 200
        [(last_login,)] = house.database.rows("select last_login from user_user where username = ?", "mseo")
        assert (last_login is not None) == updates, route


def claim_38_algorithm(start: Start) -> None:
    client = start(ALGORITHM="HS512", SIGNING_KEY=ANOTHER_KEY)
    for token in signed_in(client):
        assert jwt.get_unverified_header(token) == {"alg": "HS512", "typ": "JWT"}
        jwt.decode(token, ANOTHER_KEY, algorithms=["HS512"])
    assert opens_me(client, signed_in(client)[0])


def claim_39_signing_key(start: Start) -> None:
    client = start(SIGNING_KEY=ANOTHER_KEY)
    access, _ = signed_in(client)
    claims = jwt.decode(access, ANOTHER_KEY, algorithms=["HS256"])
    assert opens_me(client, access)
    assert not opens_me(client, jwt.encode(claims, SECRET_KEY))
    assert client.session_signin("mseo").status_code == 200
    assert client.me().status_code == 200


@pytest.mark.munjigi_only("the reference has a SIGNING_KEY, and no key may be None twice")
@pytest.mark.parametrize("written", [{}, {"VERIFYING_KEY": ""}, {"VERIFYING_KEY": SECRET_KEY}, {"AUDIENCE": "", "ISSUER": ""}])
def claim_40_verifying_key_audience_and_issuer(start: Start, written: dict[str, str]) -> None:
    client = start(**written)
    access, _ = signed_in(client)
    assert opens_me(client, access)
    assert not {"aud", "iss"} & payload(access).keys()


def claim_41_auth_header_types(start: Start) -> None:
    client = start(AUTH_HEADER_TYPES=["JWT"])
    access, _ = signed_in(client)
    assert opens_me(client, access, "JWT")
    assert not opens_me(client, access, "Bearer")


@pytest.mark.munjigi_only("about munjigi's own command")
def claim_41_a_tuple_converts(house: House) -> None:
    settings = house.folder / "settings.py"
    settings.write_text('SIMPLE_JWT = {"AUTH_HEADER_TYPES": ("JWT",)}\n')
    converted = house.munjigi_command("config", "convert", str(settings)).stdout
    assert 'AUTH_HEADER_TYPES = ["JWT"]' in converted


def claim_42_user_id_field(start: Start) -> None:
    client = start(USER_ID_FIELD="username")
    access, refresh = signed_in(client)
    assert payload(access)["user_id"] == payload(refresh)["user_id"] == "mseo"
    assert opens_me(client, access)
    assert opens_me(client, refreshed(client, refresh)["access"])


@pytest.mark.parametrize(("claim", "key", "old", "new"), [(43, "USER_ID_CLAIM", "user_id", "uid"), (44, "TOKEN_TYPE_CLAIM", "token_type", "typ2"), (45, "JTI_CLAIM", "jti", "id")])
def claim_43_44_45_claims_are_renamed(start: Start, claim: int, key: str, old: str, new: str) -> None:
    client = start(**{key: new})
    access, refresh = signed_in(client)
    for token in (access, refresh):
        assert new in payload(token) and old not in payload(token), f"claim {claim}"
    assert opens_me(client, access)
    assert opens_me(client, refreshed(client, refresh)["access"])
    assert client.post("/api/token/blacklist/", {"refresh": refresh}).status_code == 200
    assert client.post("/api/token/refresh/", {"refresh": refresh}).status_code == 401


@pytest.mark.munjigi_only("about munjigi's own command")
def claim_46_the_default_of_auth_token_classes_differs_from_the_notes(house: House) -> None:
    shown = house.munjigi_command("config", "show").stdout
    [line] = [line for line in shown.splitlines() if line.startswith("AUTH_TOKEN_CLASSES")]
    assert line.startswith(f'AUTH_TOKEN_CLASSES = ["{CLASSES}AccessToken"]  # default; differs from the notes')


def claim_46_the_notes_auth_token_classes(start: Start) -> None:
    client = start(AUTH_TOKEN_CLASSES=[CLASSES + "AccessToken", CLASSES + "RefreshToken"])
    access, refresh = signed_in(client)
    assert opens_me(client, access) and opens_me(client, refresh)


THE_FIRST_NOTES_BLOCK = """
from datetime import timedelta

pytestmark = pytest.mark.cheap_hashes

SIMPLE_JWT = {
    'ACCESS_TOKEN_LIFETIME': timedelta(minutes=5),
    'REFRESH_TOKEN_LIFETIME': timedelta(days=7),
    'ROTATE_REFRESH_TOKENS': False,
    'BLACKLIST_AFTER_ROTATION': False,
    'ALGORITHM': 'HS256',
    'SIGNING_KEY': SECRET_KEY,
    'VERIFYING_KEY': None,
    'AUDIENCE': None,
    'ISSUER': None,
    'AUTH_HEADER_TYPES': ('Bearer',),
    'USER_ID_FIELD': 'id',
    'USER_ID_CLAIM': 'user_id',
}
"""


@pytest.mark.munjigi_only("about munjigi's own command")
def claim_53_the_first_notes_block_converts_and_behaves_as_the_default(house: House) -> None:
    settings = house.folder / "settings.py"
    settings.write_text(THE_FIRST_NOTES_BLOCK)
    converted = tomllib.loads(house.munjigi_command("config", "convert", str(settings)).stdout)
    client = house.munjigi(converted).client()
    assert client.sign_up("mseo").status_code == 201
    access, refresh = signed_in(client)
    assert (lifetime(access), lifetime(refresh)) == (300, 604800)
    assert opens_me(client, access) and not opens_me(client, refresh)
    assert refreshed(client, refresh).keys() == {"access"}
    assert refreshed(client, refresh).keys() == {"access"}, "it stays good"


@pytest.mark.munjigi_only("the reference has no such setting in its environment")
@pytest.mark.parametrize("alone", [False, True])
def claim_54_jwt_authentication_alone_shuts_out_the_session(house: House, alone: bool) -> None:
    classes = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"]}
    client = house.munjigi({"REST_FRAMEWORK": classes} if alone else {}).client()
    assert client.sign_up("mseo").status_code == 201
    assert client.session_signin("mseo").status_code == 200
    assert client.me().status_code == (401 if alone else 200)
    assert opens_me(client, signed_in(client)[0])


HASHERS = "django.contrib.auth.hashers."


@pytest.mark.munjigi_only("the reference has no such setting in its environment")
def claim_56_bcrypt_over_sha256_stores_the_passwords(house: House) -> None:
    pbkdf2 = house.munjigi()
    assert pbkdf2.client().sign_up("old").status_code == 201
    pbkdf2.stop()
    hashers = [HASHERS + "BCryptSHA256PasswordHasher", HASHERS + "PBKDF2PasswordHasher"]
    client = house.munjigi({"PASSWORD_HASHERS": hashers}).client()
    assert client.sign_up("new").status_code == 201
    assert client.jwt_signin("old").status_code == 200
    stored = house.database.rows("select password from user_user order by id")
    assert [encoded.startswith("bcrypt_sha256$$2b$12$") for (encoded,) in stored] == [True, True]
    assert house.ask("check_password", username="old", password="1234") is True


@pytest.mark.munjigi_only("the reference has no such setting in its environment")
def claim_56_bcrypt_alone_takes_no_more_than_72_bytes(house: House) -> None:
    client = house.munjigi({"PASSWORD_HASHERS": [HASHERS + "BCryptPasswordHasher"]}).client()
    assert client.sign_up("mseo", "a" * 72).status_code == 201
    refused = client.sign_up("long", "a" * 73)
    assert (refused.status_code, list(refused.json())) == (400, ["password"])
    [(encoded,)] = house.database.rows("select password from user_user")
    assert encoded.startswith("bcrypt$$2b$12$")
    assert client.jwt_signin("mseo", "a" * 72).status_code == 200
