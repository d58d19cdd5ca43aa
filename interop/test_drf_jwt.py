"""djangorestframework-jwt's dialect: munjigi beside a Django with drf-jwt, on one database with one SECRET_KEY."""
from __future__ import annotations

import json

import jwt
import pytest

from clients import Client
from servers import SECRET_KEY, House, Server

pytestmark = pytest.mark.cheap_hashes

JWT_AUTH = {"JWT_AUTH_HEADER_PREFIX": "JWT", "JWT_EXPIRATION_DELTA": 600, "JWT_ALLOW_REFRESH": True}
CLASSES = [
    "rest_framework_simplejwt.authentication.JWTAuthentication",
    "rest_framework_jwt.authentication.JSONWebTokenAuthentication",
    "rest_framework.authentication.SessionAuthentication",
]
SETTINGS = {
    "AUTH_USER_MODEL": "user.User",
    "JWT_AUTH": JWT_AUTH,
    "REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": CLASSES},
    "ROUTES": {
        "obtain_jwt_token": "/api-token-auth/",
        "refresh_jwt_token": "/api-token-refresh/",
        "verify_jwt_token": "/api-token-verify/",
    },
}
PASSWORD = "Str0ng-pass-2026!"


@pytest.fixture
def both(adopted: House) -> dict[str, Server]:
    adopted.ask("make_user", username="mseo", password=PASSWORD, email="mseo@naver.com")
    return {
        "munjigi": adopted.munjigi(SETTINGS),
        "django": adopted.django(REF_JWT_AUTH=json.dumps(JWT_AUTH)),
    }


def obtain(client: Client) -> str:
    answer = client.post("/api-token-auth/", {"username": "mseo", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert list(answer.json()) == ["pk", "token"]
    return answer.json()["token"]


def me(server: Server, token: str, scheme: str = "JWT") -> int:
    return server.client().get("/user/me", headers={"Authorization": f"{scheme} {token}"}).status_code


@pytest.mark.parametrize(("maker", "reader"), [("munjigi", "django"), ("django", "munjigi")])
def test_each_takes_verifies_and_renews_the_others_tokens(both: dict[str, Server], maker: str, reader: str) -> None:
    token = obtain(both[maker].client())
    assert me(both[reader], token) == 200
    verified = both[reader].client().post("/api-token-verify/", {"token": token})
    assert (verified.status_code, verified.json()["token"]) == (201, token)
    renewed = both[reader].client().post("/api-token-refresh/", {"token": token})
    assert renewed.status_code == 201, renewed.text
    first, second = (jwt.decode(text, SECRET_KEY, algorithms=["HS256"]) for text in (token, renewed.json()["token"]))
    assert second["orig_iat"] == first["orig_iat"] and second["orig_jti"] == first["jti"]
    # The line goes on where it began.
    assert me(both[maker], renewed.json()["token"]) == 200
    assert both[maker].client().post("/api-token-refresh/", renewed.json()).status_code == 201


def test_the_payload_is_drf_jwts_with_the_email_and_the_sign_in(both: dict[str, Server]) -> None:
    ours, theirs = (
        jwt.decode(obtain(both[name].client()), SECRET_KEY, algorithms=["HS256"]) for name in ("munjigi", "django")
    )
    assert [*theirs, "email", "sid"] == list(ours)
    assert ours["exp"] - ours["iat"] == theirs["exp"] - theirs["iat"] == 600
    same = ("username", "user_id")
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same} == {"username": "mseo", "user_id": 1}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_refusals_are_letter_for_letter(both: dict[str, Server], language: str) -> None:
    token = obtain(both["django"].client())
    foreign = jwt.encode({"username": "mseo", "exp": 4_000_000_000}, "another key of more than thirty-two bytes", "HS256")
    expired = jwt.encode({"username": "mseo", "exp": 1}, SECRET_KEY, "HS256")
    nobody = jwt.encode({"username": "nobody", "exp": 4_000_000_000}, SECRET_KEY, "HS256")
    bodies = [("/api-token-auth/", body) for body in ({}, {"username": "mseo", "password": "x"}, {"username": "", "password": None})]
    bodies += [
        (f"/api-token-{route}/", {"token": text})
        for route in ("verify", "refresh")
        for text in ("x", foreign, expired, nobody, f"{token}x", None, True, 7)
    ]
    spoken = {"Accept-Language": language}
    for path, body in bodies:
        ours, theirs = (both[name].client().post(path, body, headers=spoken) for name in ("munjigi", "django"))
        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()), (path, body)
        assert ours.status_code == 400
    for text in ("x", foreign, expired, nobody):
        headers = spoken | {"Authorization": f"JWT {text}"}
        ours, theirs = (both[name].client().get("/user/me", headers=headers) for name in ("munjigi", "django"))
        assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json()), text
        assert ours.headers["WWW-Authenticate"] == theirs.headers["WWW-Authenticate"]


def test_simplejwts_tokens_are_none_of_this_dialect(both: dict[str, Server]) -> None:
    answer = both["munjigi"].client().post("/api/token/", {"username": "mseo", "password": PASSWORD})
    for token in answer.json().values():
        assert me(both["munjigi"], token) == 401
        assert both["munjigi"].client().post("/api-token-verify/", {"token": token}).status_code == 400
    token = obtain(both["munjigi"].client())
    assert me(both["munjigi"], token, "Bearer") == 401
    assert me(both["django"], token, "Bearer") == 401


def test_a_password_changed_in_django_ends_munjigis_tokens(both: dict[str, Server], adopted: House) -> None:
    token = obtain(both["munjigi"].client())
    assert me(both["munjigi"], token) == 200
    adopted.ask("set_password", username="mseo", password="another-2026!")
    assert me(both["munjigi"], token) == 403


def claim_57_one_access_token_only_where_simplejwt_gives_both(both: dict[str, Server]) -> None:
    client = both["munjigi"].client()
    answer = client.post("/api-token-auth/", {"username": "mseo", "password": PASSWORD})
    assert list(answer.json()) == ["pk", "token"]
    assert "token_type" not in jwt.decode(answer.json()["token"], SECRET_KEY, algorithms=["HS256"])
    answer = client.post("/api/token/", {"username": "mseo", "password": PASSWORD})
    assert sorted(answer.json()) == ["access", "refresh"]
