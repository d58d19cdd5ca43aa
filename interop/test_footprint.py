"""What a sign-in leaves in the database and asks of it: rows and bytes after many rotations, no statement for a stateless
check, and no token that could be used."""
from __future__ import annotations

import os
import time
from dataclasses import dataclass

import pytest

from conftest import Figure
from databases import PostgresDatabase
from lineage import refresh, rotated, street
from proxy import CountingProxy
from rotations import CHEAP_HASHES, ROTATION
from servers import House, Settings, wait_until

ROTATIONS = int(os.environ.get("INTEROP_ROTATIONS", "20"))
CHECKS = 1000
TABLES = ("munjigi_session", "token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken")
STATELESS = ["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"]

pytestmark = pytest.mark.munjigi_only("about munjigi's own tables")


# ---- rows and bytes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Footprint:
    rows: tuple[int, ...]
    size: int


def footprint(house: House) -> Footprint:
    counts = tuple(house.database.rows(f"select count(*) from {table}")[0][0] for table in TABLES)
    return Footprint(counts, house.database.compact_size(TABLES))


@dataclass(frozen=True)
class Keeper:
    """Who keeps sign-ins, and the rows that he writes into each of `TABLES`. `sign_ins` are made, enough to fill pages."""

    name: str
    server: str
    settings: Settings
    of_a_sign_in: tuple[int, ...]
    of_a_rotation: tuple[int, ...]
    sign_ins: int


KEEPERS = (
    Keeper("simplejwt", "django", {}, (0, 1, 0), (0, 1, 1), 4),
    Keeper("munjigi with simplejwt's tables", "munjigi", {}, (1, 1, 0), (0, 1, 1), 4),
    Keeper("munjigi by itself", "munjigi", {"TOKEN_BLACKLIST_APP": False}, (1, 0, 0), (0, 0, 0), 40),
)


@pytest.mark.soak
@pytest.mark.parametrize("keeper", KEEPERS, ids=lambda keeper: keeper.name)
def test_what_a_sign_in_leaves_after_many_rotations(house: House, backend: str, keeper: Keeper, figure: Figure) -> None:
    here = street(house, munjigi=ROTATION | keeper.settings)
    before = footprint(house)
    for token in here.sign_in(keeper.server, keeper.sign_ins):
        for _ in range(ROTATIONS):
            token = rotated(here.server(keeper.server), token)["refresh"]
    after = footprint(house)
    each = tuple((now - then) / keeper.sign_ins for now, then in zip(after.rows, before.rows, strict=True))
    assert each == tuple(one + ROTATIONS * more for one, more in zip(keeper.of_a_sign_in, keeper.of_a_rotation, strict=True))
    size = (after.size - before.size) // keeper.sign_ins
    figure(f"{ROTATIONS} rotations, {keeper.name}, {backend}: {sum(each):.0f} rows and {size} bytes for each sign-in")


# ---- statements -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_a_stateless_check_runs_no_statement(house: House, figure: Figure) -> None:
    """Counted on the wire between munjigi and PostgreSQL. The list of ended sign-ins is followed meanwhile, by its own
    statements and in its own time."""
    assert isinstance(house.database, PostgresDatabase)
    with CountingProxy.before(house.database) as proxy:
        settings = {"SIMPLE_JWT": ROTATION, "hashers": CHEAP_HASHES}
        server = house.munjigi(settings | {"REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": STATELESS}})
        client = server.client()
        assert client.sign_up("mseo").status_code == 201
        client.bearer = client.jwt_signin("mseo").json()["access_token"]
        assert client.me().status_code == 200
        before = proxy.statements.copy()
        assert {client.me().status_code for _ in range(CHECKS)} == {200}
        ran = proxy.statements - before
    others = [statement for statement in ran if not is_of_the_ended_list(statement)]
    assert others == []
    figure(f"{CHECKS} stateless checks: {len(others)} statements, and {ran.total()} of the poll beside them")


def is_of_the_ended_list(statement: str) -> bool:
    return "munjigi_ended" in statement or "munjigi_counter" in statement


def test_a_record_that_ends_by_reuse_is_refused_by_another_process_within_a_second(
    house: House, backend: str, figure: Figure
) -> None:
    settings = {
        "SIMPLE_JWT": ROTATION,
        "hashers": CHEAP_HASHES,
        "REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": STATELESS},
    }
    here, there = house.munjigi(settings), house.munjigi(settings)
    here.client().sign_up("mseo")
    took = []
    for _ in range(5):
        stolen = here.client().jwt_signin("mseo").json()["refresh_token"]
        pair = rotated(here, rotated(here, stolen)["refresh"])
        owner = there.client(bearer=pair["access"])
        assert owner.me().status_code == 200
        assert refresh(here, stolen).status_code == 401
        started = time.monotonic()
        wait_until("the other process to know", lambda: owner.me().status_code == 401, seconds=1)
        took.append(time.monotonic() - started)
    figure(f"ended by reuse here, refused there without SQL, {backend}: longest {max(took):.2f} s of {len(took)}")


# ---- what can be stolen ---------------------------------------------------------------------------------------------


def test_the_database_holds_no_token_that_munjigi_gave(house: House) -> None:
    here = street(house)
    given: list[str] = []
    [adopted] = here.sign_in("django")
    for token in (*here.sign_in("munjigi", 3), adopted):
        for _ in range(5):
            pair = rotated(here.munjigi, token)
            given += [token, *pair.values()]
            token = pair["refresh"]
            refresh(here.munjigi, given[-3])
    given.remove(adopted)
    here.munjigi.stop()
    stored = house.database.dump()
    assert adopted in stored, "as simplejwt keeps it"
    for token in given:
        assert token not in stored
        assert token.encode().hex() not in stored
        assert token.rpartition(".")[2] not in stored
