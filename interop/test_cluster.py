"""Two munjigi processes on one PostgreSQL."""
from __future__ import annotations

import pytest

from clients import SIGNED_OUT
from servers import House, Server

pytestmark = [
    pytest.mark.munjigi_only("about munjigi's own processes"),
    pytest.mark.parametrize("backend", ["postgres"], indirect=True),
]


@pytest.fixture
def nodes(house: House) -> tuple[Server, Server]:
    """Both started at once on an empty database, so that both find it without tables."""
    first, second = house.start_munjigi(["dev"]), house.start_munjigi(["dev"])
    for node in (first, second):
        node.wait_ready("/readyz", 200)
    return first, second


def test_two_nodes_may_create_the_tables_at_once(nodes: tuple[Server, Server], house: House) -> None:
    assert set(house.ask("migrate_plan")) <= {"admin"}
    [(twice,)] = house.database.rows(
        "select count(*) from (select 1 from django_migrations group by app, name having count(*) > 1) twice"
    )
    assert twice == 0
    for number, node in enumerate(nodes):
        assert node.client().sign_up(f"user{number}").status_code == 201


def test_two_migrate_commands_may_run_at_once(house: House) -> None:
    settings = {"SECRET_KEY": house.munjigi_environment()["MUNJIGI_SECRET_KEY"]}
    commands = [house.start_command("migrate", settings=settings) for _ in range(2)]
    assert [command.process.wait(timeout=60) for command in commands] == [0, 0]
    assert set(house.ask("migrate_plan")) <= {"admin"}


def test_a_session_opened_at_one_is_known_at_the_other(nodes: tuple[Server, Server]) -> None:
    here, there = nodes
    client = here.client()
    client.sign_up("mseo")
    client.session_signin("mseo")
    twin = there.client()
    for name, value in client.cookies.items():
        twin.set_cookie(name, value)
    assert twin.me().json()["username"] == "mseo"

    assert twin.session_signout().json() == {"message": SIGNED_OUT}
    assert client.me().status_code == 401


def test_tokens_minted_at_one_are_taken_by_the_other_until_signed_out(nodes: tuple[Server, Server]) -> None:
    here, there = nodes
    here.client().sign_up("mseo")
    pair = here.client().jwt_signin("mseo").json()
    assert there.client(bearer=pair["access_token"]).me().status_code == 200
    assert there.client().post("/user/jwt_refresh", {"refresh_token": pair["refresh_token"]}).status_code == 200

    assert there.client().post("/user/jwt_signout", {"refresh_token": pair["refresh_token"]}).status_code == 200
    for node in nodes:
        assert node.client(bearer=pair["access_token"]).me().status_code == 401
        assert node.client().post("/user/jwt_refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401
