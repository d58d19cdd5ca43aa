"""The notes' literal claims, one by one, over real sockets, in an empty folder with no configuration."""
from __future__ import annotations

import re
import time
from typing import Any

import jwt
import pytest

from clients import B, E, SIGNED_IN, SIGNED_OUT, SIGNED_UP, Answer, Client, cookies_set
from conftest import TARGET
from servers import SECRET_KEY, House, Server

FOUR_ROUTES = ("/user/session_signup", "/user/session_signin", "/user/jwt_signup", "/user/jwt_signin")
REQUIRED = ["이 필드는 필수 항목입니다."]
NOT_NULL = ["이 필드는 null일 수 없습니다."]
NOT_BLANK = ["이 필드는 blank일 수 없습니다."]
MSEO = {"id": 1, "username": "mseo", "email": "mseo@naver.com", "age": 24}


@pytest.fixture
def mseo(client: Client) -> Client:
    """A client that has signed mseo up, and is nobody yet."""
    assert client.post("/user/session_signup", B).status_code == 201
    return client


def payload(token: str) -> dict[str, Any]:
    return jwt.decode(token, SECRET_KEY, algorithms=["HS256"])


def tokens(client: Client) -> dict[str, str]:
    answer = client.post("/user/jwt_signin", {"email": "mseo@naver.com", "password": "1234"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_answer(answer: Answer, status: int, body: object) -> None:
    assert (answer.status_code, answer.json()) == (status, body)


# ---- by session -----------------------------------------------------------------------------------------------------


def claim_01_session_signup(client: Client) -> None:
    typed = """ {
        "username": "mseo",
        "password": 1234,
        "email": "mseo@naver.com",
        "age": 24
    } """
    answer = client.post("/user/session_signup", data=typed, headers={"Content-Type": "application/json"})
    assert_answer(answer, 201, {"message": SIGNED_UP, "user": MSEO})
    assert "password" not in answer.text
    assert not cookies_set(answer)


def claim_02_the_row_is_djangos(mseo: Client, house: House) -> None:
    [(age, encoded)] = house.database.rows("select age, password from user_user where username = ?", "mseo")
    assert age == 24 and isinstance(age, int)
    assert re.fullmatch(r"pbkdf2_sha256\$1000000\$[0-9A-Za-z]{22}\$[0-9A-Za-z+/]{43}=", encoded)
    assert house.ask("check_password", username="mseo", password="1234") is True
    assert house.ask("check_password", username="mseo", password="1235") is False


def claim_02_no_plain_password_is_stored(client: Client, house: House) -> None:
    password = 918273645546372819
    assert client.sign_up("plain", password).status_code == 201
    assert client.jwt_signin("plain", password).status_code == 200
    stored = house.database.dump()
    assert "plain@naver.com" in stored
    assert str(password) not in stored


def claim_03_a_name_is_taken_once(mseo: Client, house: House) -> None:
    answer = mseo.post("/user/session_signup", B)
    assert answer.status_code == 400
    errors = answer.json()
    assert errors.pop("username") == ["해당 사용자 이름은 이미 존재합니다."]
    if TARGET == "munjigi":
        [text] = errors.pop("email")
        assert re.search("[가-힣]", text)
    assert errors == {}
    assert house.database.rows("select count(*) from user_user") == [(1,)]


@pytest.mark.parametrize(("sent", "stored"), [("24", 24), (24, 24), (0, 0), (None, None), (..., None)])
def claim_04_age_is_read(client: Client, sent: object, stored: int | None) -> None:
    more = {} if sent is ... else {"age": sent}
    answer = client.sign_up("mseo", 1234, **more)
    assert_answer(answer, 201, {"message": SIGNED_UP, "user": MSEO | {"age": stored}})


@pytest.mark.parametrize("age", [-1, "abc", 1.5, True, "", [], {}])
def claim_04_other_ages_are_refused(client: Client, age: object) -> None:
    answer = client.sign_up("mseo", 1234, age=age)
    too_small = "이 값이 0보다 크거나 같은지 확인하세요."
    assert_answer(answer, 400, {"age": [too_small if age == -1 else "유효한 정수를 입력하세요."]})


def claim_05_missing_null_and_blank_fields(client: Client) -> None:
    fields = ("username", "password", "email")
    for field in fields:
        missing = {key: value for key, value in B.items() if key != field}
        assert_answer(client.post("/user/session_signup", missing), 400, {field: REQUIRED})
        assert_answer(client.post("/user/session_signup", B | {field: None}), 400, {field: NOT_NULL})
        assert_answer(client.post("/user/session_signup", B | {field: ""}), 400, {field: NOT_BLANK})
    assert_answer(client.post("/user/session_signup", {}), 400, {field: REQUIRED for field in fields})


def claim_06_session_signin_sets_two_cookies(mseo: Client) -> None:
    answer = mseo.post("/user/session_signin", {"email": "mseo@naver.com", "password": 1234})
    assert_answer(answer, 200, {"message": SIGNED_IN})
    cookies = cookies_set(answer)
    assert cookies.keys() == {"sessionid", "csrftoken"}
    session, csrf = cookies["sessionid"], cookies["csrftoken"]
    assert re.fullmatch("[a-z0-9]{32}", session.value)
    assert (session["httponly"], session["samesite"], session["path"], session["max-age"]) == (True, "Lax", "/", "1209600")
    assert re.fullmatch("[a-zA-Z0-9]{32}", csrf.value)
    assert (csrf["httponly"], csrf["samesite"], csrf["path"], csrf["max-age"]) == ("", "Lax", "/", "31449600")
    assert not session["secure"] and not csrf["secure"]


def claim_07_text_password_and_username_do_too(mseo: Client) -> None:
    for who in ({"email": "mseo@naver.com"}, {"username": "mseo"}):
        for password in (1234, "1234"):
            assert_answer(mseo.post("/user/session_signin", who | {"password": password}), 200, {"message": SIGNED_IN})


def claim_08_sessions_work_by_default_and_django_reads_them(mseo: Client, house: House) -> None:
    mseo.session_signin("mseo")
    read = house.ask("session", session_key=mseo.cookies["sessionid"])
    assert read["user"] == "mseo"
    assert read["data"]["_auth_user_id"] == "1"
    assert read["data"]["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend"


def claim_09_me_by_session(mseo: Client) -> None:
    assert_answer(mseo.me(), 401, {"detail": "자격 인증 데이터가 제공되지 않았습니다."})
    mseo.session_signin("mseo")
    assert_answer(mseo.me(), 200, MSEO)


def claim_10_session_signout(mseo: Client, server: Server, house: House) -> None:
    mseo.session_signin("mseo")
    key = mseo.cookies["sessionid"]

    answer = mseo.post("/user/session_signout")
    assert_answer(answer, 403, {"detail": "CSRF Failed: CSRF token missing."})
    assert_answer(mseo.me(), 200, MSEO)

    answer = mseo.session_signout()
    assert_answer(answer, 200, {"message": SIGNED_OUT})
    cleared = cookies_set(answer)
    assert cleared.keys() == {"sessionid"}
    assert (cleared["sessionid"].value, cleared["sessionid"]["max-age"]) == ("", "0")
    assert mseo.cookies.keys() == {"csrftoken"}
    assert house.database.rows("select count(*) from django_session where session_key = ?", key) == [(0,)]

    mseo.set_cookie("sessionid", key)
    assert mseo.me().status_code == 401
    assert_answer(server.client().post("/user/session_signout"), 200, {"message": SIGNED_OUT})


# ---- by JWT ---------------------------------------------------------------------------------------------------------


def claim_11_jwt_signup(client: Client) -> None:
    answer = client.post("/user/jwt_signup", B)
    body = answer.json()
    assert answer.status_code == 201
    assert payload(body.pop("access_token"))["user_id"] == "1"
    assert payload(body.pop("refresh_token"))["user_id"] == "1"
    assert body == {"message": SIGNED_UP, "user": MSEO}


def claim_12_jwt_signin(mseo: Client) -> None:
    answer = mseo.post("/user/jwt_signin", {"email": "mseo@naver.com", "password": "1234"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json().keys() == {"access_token", "refresh_token", "message"}
    assert answer.json()["message"] == SIGNED_IN


def claim_13_wrong_password(mseo: Client) -> None:
    assert_answer(mseo.post("/user/jwt_signin", {"email": "mseo@naver.com", "password": "12345"}), 400, E)


def claim_14_unknown_email(mseo: Client) -> None:
    assert_answer(mseo.post("/user/jwt_signin", {"email": "nobody@naver.com", "password": "1234"}), 400, E)


def claim_15_inactive_user(mseo: Client, house: House) -> None:
    house.ask("set_active", username="mseo", active=False)
    assert_answer(mseo.post("/user/jwt_signin", {"email": "mseo@naver.com", "password": "1234"}), 400, E)


@pytest.mark.parametrize(
    "body",
    [{}, {"password": "1234"}, {"email": "mseo@naver.com"}, {"email": "mseo@naver.com", "password": None}],
    ids=["nothing", "no-email", "no-password", "null-password"],
)
def claim_16_something_missing(mseo: Client, body: dict[str, object]) -> None:
    assert_answer(mseo.post("/user/jwt_signin", body), 400, E)
    assert_answer(mseo.post("/user/session_signin", body), 400, E)


@pytest.mark.munjigi_only("the reference looks an e-mail up and takes it for nothing else")
def claim_17_a_username_in_the_email_key(mseo: Client) -> None:
    assert mseo.post("/user/jwt_signin", {"email": "mseo", "password": "1234"}).status_code == 200


@pytest.mark.munjigi_only("the reference looks an e-mail up and takes it for nothing else")
def claim_18_a_username_that_looks_like_an_email(server: Server, house: House, client: Client) -> None:
    client.sign_up("warm-up")  # so that the tables are there
    house.ask("make_user", username="a@b.kr", password="one", email="other@c.kr")
    assert client.post("/user/jwt_signin", {"email": "a@b.kr", "password": "one"}).status_code == 200

    house.ask("make_user", username="owner", password="two", email="a@b.kr")
    assert_answer(client.post("/user/jwt_signin", {"email": "a@b.kr", "password": "one"}), 400, E)
    access = client.post("/user/jwt_signin", {"email": "a@b.kr", "password": "two"}).json()["access_token"]
    assert server.client(bearer=access).me().json()["username"] == "owner"


def claim_19_signin_ignores_a_bad_bearer(mseo: Client) -> None:
    mseo.bearer = "garbage"
    assert mseo.jwt_signin("mseo").status_code == 200
    assert mseo.session_signin("mseo").status_code == 200


@pytest.mark.parametrize("route", FOUR_ROUTES)
def claim_20_other_methods(client: Client, route: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = client.request(method, route)
        assert_answer(answer, 405, {"detail": f'메서드 "{method}"는 허용되지 않습니다.'})
        assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}  # Django's comes in any order


def claim_21_urlencoded(mseo: Client) -> None:
    answer = mseo.post("/user/jwt_signin", data={"email": "mseo@naver.com", "password": "1234"})
    assert answer.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert answer.status_code == 200


def claim_22_multipart(mseo: Client) -> None:
    answer = mseo.post("/user/jwt_signin", files={"email": (None, "mseo@naver.com"), "password": (None, "1234")})
    assert str(answer.request.headers["Content-Type"]).startswith("multipart/form-data")
    assert answer.status_code == 200


def claim_23_text_plain(mseo: Client) -> None:
    answer = mseo.post("/user/jwt_signin", data="email=x", headers={"Content-Type": "text/plain"})
    assert_answer(answer, 415, {"detail": '요청된 "text/plain"가 지원되지 않는 미디어 형태입니다.'})


@pytest.mark.munjigi_only("the reference's routes have no trailing slash")
def claim_24_a_trailing_slash(client: Client) -> None:
    assert_answer(client.post("/user/session_signup/", B), 201, {"message": SIGNED_UP, "user": MSEO})
    signed_in = client.post("/user/jwt_signin/", {"email": "mseo@naver.com", "password": "1234"})
    assert signed_in.json().keys() == {"access_token", "refresh_token", "message"}
    client.session_signin("mseo")
    assert_answer(client.get("/user/me/"), 200, MSEO)


def claim_25_the_access_token(mseo: Client) -> None:
    token = tokens(mseo)["access_token"]
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = payload(token)
    assert claims["token_type"] == "access"
    assert claims["exp"] - claims["iat"] == 300
    assert re.fullmatch("[0-9a-f]{32}", claims["jti"])
    assert claims["user_id"] == "1"


def claim_26_the_refresh_token(mseo: Client) -> None:
    both = tokens(mseo)
    claims = payload(both["refresh_token"])
    assert claims["token_type"] == "refresh"
    assert claims["exp"] - claims["iat"] == 604800
    assert re.fullmatch("[0-9a-f]{32}", claims["jti"])
    assert claims["jti"] != payload(both["access_token"])["jti"]


def claim_27_from_a_refresh_token_an_access_token(mseo: Client) -> None:
    refresh = tokens(mseo)["refresh_token"]
    access = mseo.post("/api/token/refresh/", {"refresh": refresh}).json()["access"]
    assert len(refresh.split(".")) == len(access.split(".")) == 3
    assert payload(access)["user_id"] == payload(refresh)["user_id"] == "1"


def claim_28_me_by_bearer(mseo: Client, server: Server) -> None:
    bearer = server.client(bearer=tokens(mseo)["access_token"])
    assert_answer(bearer.me(), 200, MSEO)


@pytest.mark.parametrize("fault", ["tampered", "expired", "foreign"])
def claim_29_bad_tokens(mseo: Client, server: Server, fault: str) -> None:
    good = tokens(mseo)["access_token"]
    head, body, signature = good.split(".")
    bad = {
        "tampered": f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "expired": jwt.encode(payload(good) | {"exp": int(time.time()) - 1}, SECRET_KEY),
        "foreign": jwt.encode(payload(good), "another-secret-key-of-more-than-32-bytes"),
    }[fault]
    answer = server.client(bearer=bad).me()
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["code"] == "token_not_valid"
    assert answer.json()["messages"] == [
        {
            "token_class": "AccessToken",
            "token_type": "access",
            "message": {"expired": "Token is expired"}.get(fault, "Token is invalid"),
        }
    ]


def claim_30_a_refresh_token_is_no_bearer(mseo: Client, server: Server) -> None:
    answer = server.client(bearer=tokens(mseo)["refresh_token"]).me()
    assert answer.status_code == 401
    assert answer.json()["messages"][0]["message"] == "잘못된 토큰 타입입니다"


def claim_30_unless_the_notes_setting_says_so(house: House, request: pytest.FixtureRequest) -> None:
    classes = ["rest_framework_simplejwt.tokens.AccessToken", "rest_framework_simplejwt.tokens.RefreshToken"]
    if TARGET == "munjigi":
        server = house.munjigi({"SIMPLE_JWT": {"AUTH_TOKEN_CLASSES": classes}})
        assert "AUTH_TOKEN_CLASSES" in server.log_text(), "the start must warn of it"
    else:
        request.getfixturevalue("adopted")
        server = house.django(simple_jwt={"AUTH_TOKEN_CLASSES": classes})
    server.client().sign_up("mseo", 1234, age=24)
    bearer = server.client(bearer=tokens(server.client())["refresh_token"])
    assert_answer(bearer.me(), 200, MSEO)


def claim_31_a_new_access_token(mseo: Client, server: Server) -> None:
    refresh = tokens(mseo)["refresh_token"]
    answer = mseo.post("/api/token/refresh/", {"refresh": refresh})
    assert answer.status_code == 200
    assert answer.json().keys() == {"access"}
    assert_answer(server.client(bearer=answer.json()["access"]).me(), 200, MSEO)


@pytest.mark.munjigi_only("the reference has no such route")
def claim_31_in_the_notes_dialect(mseo: Client, server: Server) -> None:
    answer = mseo.post("/user/jwt_refresh", {"refresh_token": tokens(mseo)["refresh_token"]})
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token"}
    assert_answer(server.client(bearer=answer.json()["access_token"]).me(), 200, MSEO)


def claim_32_each_signin_leaves_a_refresh_token_on_the_server(mseo: Client, house: House) -> None:
    def outstanding() -> set[str]:
        return {jti for (jti,) in house.database.rows("select jti from token_blacklist_outstandingtoken")}

    assert outstanding() == set()
    first = payload(tokens(mseo)["refresh_token"])["jti"]
    assert outstanding() == {first}
    second = payload(tokens(mseo)["refresh_token"])["jti"]
    assert outstanding() == {first, second}


# ---- passwords ------------------------------------------------------------------------------------------------------


def claim_55_one_password_twice_is_two_hashes(client: Client, house: House) -> None:
    for username in ("one", "two"):
        assert client.sign_up(username).status_code == 201
    stored = [encoded for (encoded,) in house.database.rows("select password from user_user order by id")]
    (_, iterations, salt, digest), (_, _, other_salt, other_digest) = (encoded.split("$") for encoded in stored)
    assert iterations == "1000000"
    assert salt != other_salt and digest != other_digest
    for username in ("one", "two"):
        assert client.jwt_signin(username).status_code == 200
        assert house.ask("check_password", username=username, password="1234") is True
