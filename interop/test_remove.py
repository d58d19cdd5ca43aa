"""`munjigi remove`: out of a Django project's database again. Django goes on with its users, sessions and tokens, and munjigi
may come back."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from clients import Client
from postgres_servers import PgBouncer
from rotations import claims
from servers import MUNJIGI_BIN, House, Server

pytestmark = pytest.mark.munjigi_only("about munjigi's own tables")

ADOPTING = {"AUTH_USER_MODEL": "user.User"}


def remove(house: House, *words: str, says: str = "") -> subprocess.CompletedProcess[str]:
    file = house.folder / "remove.toml"
    file.write_text('AUTH_USER_MODEL = "user.User"\n')
    return subprocess.run(
        [MUNJIGI_BIN, "remove", "--data", str(house.folder), "--config", str(file), *words],
        env=house.munjigi_environment(), cwd=house.folder, input=says, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def at(client: Client, server: Server) -> Client:
    """The same browser at another server."""
    twin = server.client(bearer=client.bearer)
    for name, value in client.cookies.items():
        twin.set_cookie(name, value)
    return twin


def refreshes(server: Server, token: str) -> bool:
    answer = server.client().post("/api/token/refresh/", {"refresh": token})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def tables(house: House) -> set[str]:
    query = "select name from sqlite_master" if house.database.munjigi_url is None else "select relname from pg_class"
    return {name for (name,) in house.database.rows(query)}


def test_munjigi_goes_and_comes_back_and_django_goes_on(adopted: House) -> None:
    for name in ("mseo", "gone"):
        adopted.ask("make_user", username=name, password="1234", email=f"{name}@naver.com")
    before = tables(adopted)
    munjigi = adopted.munjigi(ADOPTING)
    browser, ended = munjigi.client(), munjigi.client()
    for client in (browser, ended):
        assert client.session_signin("mseo").status_code == 200
    pair, ended_pair = (munjigi.client().jwt_signin(name).json() for name in ("mseo", "gone"))
    assert "sid" in claims(pair["refresh_token"])
    assert ended.session_signout().status_code == 200
    signed_out = munjigi.client(bearer=ended_pair["access_token"]).request("DELETE", "/user/sessions?all=true")
    assert signed_out.status_code == 200, signed_out.text

    refused = remove(adopted, "--yes")
    assert (refused.returncode, "a running `munjigi serve`" in refused.stderr) == (1, True), refused.stderr
    assert munjigi.client().jwt_signin("mseo").status_code == 200, "nothing was changed"
    munjigi.stop()

    plan = remove(adopted, "--plan")
    assert plan.returncode == 0, plan.stderr
    assert "Cookie sessions that munjigi knows: 1." in plan.stdout
    assert "Refresh tokens: 2." in plan.stdout
    assert "ended stay ended" in plan.stdout
    assert remove(adopted, says="no\n").returncode == 1
    assert remove(adopted, says="").returncode == 1
    assert tables(adopted) > before
    removed = remove(adopted, says="yes\n")
    assert removed.returncode == 0, removed.stderr
    assert tables(adopted) == before
    if adopted.database.munjigi_url is None:
        assert adopted.database.rows("pragma journal_mode") == [("delete",)]
    assert "nothing of munjigi's" in remove(adopted, "--yes").stdout

    assert adopted.ask("migrate_plan") == []
    assert adopted.ask("changed_models") == []
    django = adopted.django()
    assert at(browser, django).me().json()["username"] == "mseo"
    assert at(ended, django).me().status_code == 401
    assert refreshes(django, pair["refresh_token"])
    assert not refreshes(django, ended_pair["refresh_token"])
    assert django.client().jwt_signin("mseo").status_code == 200

    munjigi = adopted.munjigi(ADOPTING)
    given = adopted.ask("give_tokens", username="mseo")
    assert refreshes(munjigi, given["refresh"])
    assert munjigi.client().session_signin("mseo").status_code == 200
    assert at(browser, munjigi).me().status_code == 401, "the record that this session names is gone"
    assert not refreshes(munjigi, pair["refresh_token"]), "and so is the one of this token"


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_munjigi_goes_behind_a_pgbouncer_too(adopted: House, folder: Path) -> None:
    with PgBouncer.before(adopted.database, folder):
        before = tables(adopted)
        munjigi = adopted.munjigi(ADOPTING)
        adopted.ask("make_user", username="mseo", password="1234", email="mseo@naver.com")
        pair = munjigi.client().jwt_signin("mseo").json()
        # It gives a server's connection, and its name, to the next client: nobody can tell whether the server runs.
        for state in ("runs", "stopped"):
            refused = remove(adopted, "--yes")
            assert refused.returncode == 1 and "say so with --stopped" in refused.stderr, (state, refused.stderr)
            munjigi.stop()
        assert remove(adopted, "--plan").returncode == 0
        assert tables(adopted) > before
        removed = remove(adopted, "--yes", "--stopped")
        assert removed.returncode == 0, removed.stderr
        assert tables(adopted) == before
        assert refreshes(adopted.django(), pair["refresh_token"])


def test_munjigi_does_not_leave_a_database_that_it_made(house: House) -> None:
    house.munjigi().stop()
    before = tables(house)
    refused = remove(house, "--yes")
    assert (refused.returncode, "munjigi made this database" in refused.stderr) == (1, True), refused.stderr
    assert tables(house) == before
