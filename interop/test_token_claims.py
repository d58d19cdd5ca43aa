"""[SIMPLE_JWT_CLAIMS] against the real Django: what a project's own TokenObtainPairSerializer puts into a token."""
from __future__ import annotations

from typing import Any

import jwt
import pytest

from clients import Answer
from servers import SECRET_KEY, House, wait_until

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("the reference project has no serializer of its own")]

CLAIMS: dict[str, Any] = {
    "name": "full_name",
    "since": "date_joined",
    "staff": "is_staff",
    "root": "is_superuser",
    "age": "age",
    "roles": {"from": "groups", "in_body": True},
    "may": {"from": "permissions"},
}
PEOPLE: dict[str, dict[str, Any]] = {
    "nobody": {},
    "writer": {"groups": ["writers"], "first_name": "민", "last_name": "서"},
    "editor": {"groups": ["writers", "편집자"], "permissions": ["user.delete_user"], "is_staff": True, "age": 41},
    "clerk": {"permissions": ["auth.view_group", "sessions.delete_session"], "last_name": "Kim"},
    "root": {"is_superuser": True, "groups": ["writers"]},
}
GROUPS = {
    "writers": ["auth.view_group", "token_blacklist.add_outstandingtoken"],
    "편집자": ["auth.change_group", "auth.view_group"],
}


def payload(token: str) -> dict[str, Any]:
    return jwt.decode(token, SECRET_KEY, algorithms=["HS256"])


def sign_in(house: House, username: str) -> Answer:
    return house.servers[0].client().jwt_signin(username)


@pytest.mark.parametrize("username", PEOPLE)
def test_a_token_has_what_djangos_own_serializer_would_put_into_it(adopted: House, username: str) -> None:
    adopted.ask("make_groups", groups=GROUPS)
    adopted.ask("make_member", username=username, password="1234", **PEOPLE[username])
    munjigi = adopted.munjigi({"AUTH_USER_MODEL": "user.User", "SIMPLE_JWT_CLAIMS": CLAIMS})
    theirs = adopted.ask("custom_claims", username=username)
    answer = sign_in(adopted, username)
    assert answer.status_code == 200, answer.text
    for token in (answer.json()["access_token"], answer.json()["refresh_token"]):
        ours = payload(token)
        assert {name: ours[name] for name in theirs} == theirs
    assert answer.json()["roles"] == theirs["roles"]
    assert theirs["may"] == adopted.ask("all_permissions", username=username)
    # simplejwt copies them at its refresh, and we at ours; each takes the other's token.
    django = adopted.django()
    body = {"refresh": answer.json()["refresh_token"]}
    for server in (munjigi, django):
        refreshed = server.client().post("/api/token/refresh/", body)
        assert refreshed.status_code == 200, refreshed.text
        copied = payload(refreshed.json()["access"])
        assert {name: copied[name] for name in theirs} == theirs
        assert server.client(bearer=refreshed.json()["access"]).me().status_code == 200


def test_in_a_database_of_ours_there_are_no_permissions_until_django_writes_them(house: House) -> None:
    munjigi = house.munjigi({"SIMPLE_JWT_CLAIMS": {"may": "permissions"}})
    munjigi.client().sign_up("mseo")
    house.database.execute("update user_user set is_superuser = true")
    assert payload(sign_in(house, "mseo").json()["access_token"])["may"] == []
    house.migrate_django()
    may = payload(sign_in(house, "mseo").json()["access_token"])["may"]
    assert may == house.ask("all_permissions", username="mseo") and "user.add_user" in may


def test_a_token_too_long_to_be_taken_back_is_refused_and_told_in_the_log(adopted: House) -> None:
    groups = {f"{number:0>140}": [] for number in range(60)}
    adopted.ask("make_groups", groups=groups)
    adopted.ask("make_member", username="mseo", password="1234", groups=list(groups))
    munjigi = adopted.munjigi({"AUTH_USER_MODEL": "user.User", "SIMPLE_JWT_CLAIMS": {"roles": "groups"}})
    answer = sign_in(adopted, "mseo")
    assert (answer.status_code, answer.headers["Munjigi-Error"]) == (403, "token_too_long")
    assert answer.json() == {"detail": "이 계정의 토큰이 너무 깁니다. 사이트 관리자에게 문의해 주세요."}
    sentence = "Keep what SIMPLE_JWT_CLAIMS puts into tokens short"
    wait_until("the log to say so", lambda: sentence in munjigi.log_text())
    assert adopted.database.rows("select count(*) from token_blacklist_outstandingtoken") == [(0,)]
