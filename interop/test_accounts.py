"""What a user does to his account at munjigi, and what the real Django beside it makes of that; and the other way round."""
from __future__ import annotations

import pytest

from clients import Client
from servers import House, Server

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("about munjigi's own routes")]

NEW = "another-9-word"
CHANGE = {"current_password": "1234", "new_password": NEW}


@pytest.fixture
def django(house: House, server: Server) -> Server:
    return house.django()


def session_of(server: Server, *, password: str = "1234") -> Client:
    client = server.client()
    assert client.session_signin("mseo", password).status_code == 200
    return client


def at(server: Server, client: Client) -> int:
    """What another server answers to this client's session."""
    twin = server.client()
    twin.set_cookie("sessionid", client.cookies["sessionid"])
    return twin.me().status_code


def refresh_at(server: Server, refresh: str) -> int:
    return server.client().post("/api/token/refresh/", {"refresh": refresh}).status_code


def test_a_password_changed_here_ends_at_django_all_but_this_session(house: House, server: Server, django: Server) -> None:
    assert server.client().sign_up("mseo").status_code == 201
    this, other, of_django = session_of(server), session_of(server), session_of(django)
    ours = server.client().jwt_signin("mseo").json()["refresh_token"]
    theirs = house.ask("give_tokens", username="mseo")["refresh"]
    old_key = this.cookies["sessionid"]
    assert [at(django, client) for client in (this, other, of_django)] == [200, 200, 200]
    assert [refresh_at(django, token) for token in (ours, theirs)] == [200, 200]

    token = {"X-CSRFToken": this.cookies["csrftoken"]}
    assert this.post("/user/password_change", CHANGE, headers=token).status_code == 200

    assert this.cookies["sessionid"] != old_key
    assert [at(django, client) for client in (this, other, of_django)] == [200, 401, 401]
    assert house.ask("session", session_key=this.cookies["sessionid"])["user"] == "mseo"
    for token in (ours, theirs):
        assert refresh_at(django, token) == refresh_at(server, token) == 401
    assert house.ask("check_password", username="mseo", password=NEW)
    assert session_of(django, password=NEW).me().status_code == 200


def test_a_password_changed_in_django_ends_all_here(house: House, server: Server, django: Server) -> None:
    assert server.client().sign_up("mseo").status_code == 201
    here, there = session_of(server), session_of(django)
    pair = server.client().jwt_signin("mseo").json()
    house.ask("set_password", username="mseo", password=NEW)
    assert [client.me().status_code for client in (here, there)] == [401, 401]
    assert server.client(bearer=pair["access_token"]).me().status_code == 401
    assert refresh_at(server, pair["refresh_token"]) == 401
    change = server.client(bearer=pair["access_token"]).post("/user/password_change", CHANGE)
    assert change.status_code == 401


def test_who_leaves_is_gone_from_django_and_its_tokens_are_refused(house: House, server: Server, django: Server) -> None:
    assert server.client().sign_up("mseo").status_code == 201
    session = session_of(django)
    theirs = house.ask("give_tokens", username="mseo")
    pair = server.client().jwt_signin("mseo").json()
    client = server.client(bearer=pair["access_token"])
    assert client.request("DELETE", "/user/me", json={"current_password": "1234"}).status_code == 200
    assert session.me().status_code == 401
    for token in (pair["refresh_token"], theirs["refresh"]):
        assert refresh_at(django, token) == refresh_at(server, token) == 401
    owners = house.database.rows("select user_id from token_blacklist_outstandingtoken")
    assert owners == [(None,)] * len(owners)


def test_whom_djangos_admin_has_in_its_log_stays(house: House, server: Server, django: Server) -> None:
    assert server.client().sign_up("mseo").status_code == 201
    house.ask("migrate")
    house.database.execute(
        "insert into django_admin_log (action_time, object_repr, action_flag, change_message, user_id)"
        " select date_joined, 'x', 1, '', id from user_user"
    )
    pair = server.client().jwt_signin("mseo").json()
    client = server.client(bearer=pair["access_token"])
    answer = client.request("DELETE", "/user/me", json={"current_password": "1234"})
    assert (answer.status_code, answer.headers["Munjigi-Error"]) == (409, "account_in_use")
    assert client.me().status_code == 200


def test_djangos_own_form_ends_all_but_the_session_it_came_by(house: House, server: Server, django: Server) -> None:
    house.migrate_django()
    assert server.client().sign_up("mseo").status_code == 201
    house.database.execute("update user_user set is_staff = ?", True)
    this, other, of_django = session_of(server), session_of(server), session_of(django)
    pair = server.client().jwt_signin("mseo").json()
    browser = django.client()
    browser.set_cookie("sessionid", this.cookies["sessionid"])
    form = "/admin/password_change/"
    assert browser.get(form).status_code == 200
    fields = {"old_password": "1234", "new_password1": NEW, "new_password2": NEW}
    answer = browser.post(form, data=fields | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/password_change/done/")

    assert browser.cookies["sessionid"] != this.cookies["sessionid"]
    for at_server in (django, server):
        assert [at(at_server, client) for client in (browser, this, other, of_django)] == [200, 401, 401, 401]
    assert server.client(bearer=pair["access_token"]).me().status_code == 401
    assert refresh_at(server, pair["refresh_token"]) == 401
    # What goes on is the sign-in that began here: its end here is its end there.
    here = server.client()
    for name in ("sessionid", "csrftoken"):
        here.set_cookie(name, browser.cookies[name])
    assert here.session_signout().status_code == 200
    assert [at(it, browser) for it in (django, server)] == [401, 401]
