"""One lineage behind each sign-in: refreshes at the same moment, stolen tokens, lost answers, a sign-out in a storm."""
from __future__ import annotations

import os
import time

import pytest
import requests

from clients import Client
from conftest import Figure
from rotations import (
    REFRESH,
    ROTATION,
    SIGN_OUT,
    Pair,
    Swallower,
    assert_alive,
    assert_dead,
    at_once,
    claims,
    is_refreshed,
    record,
    refresh,
    request,
    settings,
    sign_in,
    sign_up,
    successors,
)
from servers import House, Server, wait_until

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("Django has no such record")]

ROUNDS = int(os.environ.get("INTEROP_REFRESH_ROUNDS", "5"))
PARALLEL = 20
HANG_UPS = 4 * ROUNDS

in_one_and_in_three = pytest.mark.parametrize("processes", [1, 3])


def nodes(house: House, processes: int, window: str | int | None = None) -> list[Server]:
    """So many processes on one database, and a user."""
    started = [house.munjigi(settings(window)) for _ in range(processes)]
    sign_up(started[0])
    return started


def burst(servers: list[Server], token: str) -> list[Pair]:
    return successors(at_once(servers, [request(REFRESH, {"refresh": token})] * PARALLEL))


def listed(house: House) -> tuple[int, int]:
    """How many tokens simplejwt's tables know as given out, and as blacklisted."""
    counted = [
        house.database.rows(f"select count(*) from token_blacklist_{table}")[0][0]
        for table in ("outstandingtoken", "blacklistedtoken")
    ]
    return counted[0], counted[1]


def deadlocks(house: House) -> int:
    """How many PostgreSQL had to resolve; it tells the one who lost, who tries again, after a second."""
    if house.database.munjigi_url is None:
        return 0
    [(found,)] = house.database.rows("select deadlocks from pg_stat_database where datname = current_database()")
    return found


# ---- twenty at once -------------------------------------------------------------------------------------------------


@pytest.mark.soak
@in_one_and_in_three
def test_all_who_refresh_at_once_get_the_same_successor(
    house: House, backend: str, processes: int, figure: Figure
) -> None:
    servers = nodes(house, processes)
    token = sign_in(servers[0]).refresh
    for round_number in range(1, ROUNDS + 1):
        pairs = burst(servers, token)
        assert len(pairs) == PARALLEL
        [token] = {pair.refresh for pair in pairs}
        row = record(house, token)
        assert (row.rotations, row.has_ended) == (round_number, False)
    for server in servers:
        token = assert_alive(server, Pair(pairs[0].access, token)).refresh
    assert listed(house) == (1 + ROUNDS + processes, ROUNDS + processes)
    figure(
        f"{PARALLEL} refreshes of one token at once on {backend}, {processes} processes: {ROUNDS} rounds, "
        f"{ROUNDS * PARALLEL} answers 200, one successor in each round"
    )


@pytest.mark.soak
@in_one_and_in_three
def test_without_a_window_one_of_those_who_refresh_at_once_gets_a_successor(
    house: House, backend: str, processes: int, figure: Figure
) -> None:
    servers = nodes(house, processes, window=0)
    pair = sign_in(servers[0])
    for _ in range(ROUNDS):
        [pair] = burst(servers, pair.refresh)
    for server in servers:
        pair = assert_alive(server, pair)
    assert listed(house) == (1 + ROUNDS + processes, ROUNDS + processes)
    figure(f"the same with ROTATION_WINDOW 0 on {backend}, {processes} processes: {ROUNDS} rounds, one answer 200 in each")


@pytest.mark.soak
def test_the_same_burst_finds_several_lineages_at_simplejwt(adopted: House, backend: str, figure: Figure) -> None:
    """What the two tests above would see if there were something to see."""
    adopted.ask("make_user", username="mseo", password="1234", hasher="md5")
    django = adopted.django(simple_jwt=ROTATION, WEB_CONCURRENCY="2")
    pair = sign_in(django)
    lineages: list[int] = []
    # It is chance; where none has come of it yet, a few rounds more are asked for.
    while len(lineages) < ROUNDS or (max(lineages) == 1 and len(lineages) < 10 * ROUNDS):
        pairs = burst([django], pair.refresh)
        lineages.append(len({pair.refresh for pair in pairs}))
        pair = pairs[0]
    figure(
        f"the same at simplejwt on {backend}, 2 workers of 4 threads: {len(lineages)} rounds, several lineages in "
        f"{sum(number > 1 for number in lineages)} of them, up to {max(lineages)}"
    )
    assert max(lineages) > 1


# ---- a stolen token -------------------------------------------------------------------------------------------------


def used_after_the_window(server: Server, token: str, successor: str) -> None:
    """Presents a token that has been rotated, until it is refused: until then its one successor is the answer, however
    often it is asked for."""

    def refused() -> bool:
        answer = server.client().post(REFRESH, {"refresh": token})
        assert answer.status_code == 401 or answer.json()["refresh"] == successor
        return answer.status_code == 401

    started = time.monotonic()
    wait_until("the window to be over", refused, seconds=3)
    assert time.monotonic() - started < 2, "the window is counted from the rotation"


@pytest.fixture
def server(house: House) -> Server:
    [server] = nodes(house, 1, window="1s")
    sign_up(server, "another")
    return server


@pytest.fixture
def elsewhere(server: Server) -> list[Pair]:
    """Sign-ins that nobody stole: two more of the same user, and one of another."""
    return [sign_in(server), sign_in(server), sign_in(server, "another")]


def assert_that_only_this_ended(house: House, server: Server, family: list[Pair], elsewhere: list[Pair]) -> None:
    assert_dead(server, *family)
    for pair in elsewhere:
        assert_alive(server, pair)
    ended = house.database.rows("select sid, end_reason from munjigi_session where ended_at is not null")
    assert ended == [(claims(family[0].refresh)["sid"], "reuse")]
    assert server.log_text().count("refresh_token_reused") == 1, "and the log says so once"


def test_a_thief_who_was_first_loses_all_when_the_owner_comes(
    house: House, server: Server, elsewhere: list[Pair]
) -> None:
    stolen = sign_in(server)
    thiefs = [refresh(server, stolen.refresh)]
    thiefs.append(refresh(server, thiefs[0].refresh))
    assert not is_refreshed(server, stolen.refresh), "the owner is refused, and by that the thief is found out"
    assert_that_only_this_ended(house, server, [stolen, *thiefs], elsewhere)


def test_a_thief_who_comes_after_the_window_is_refused_and_the_owner_signs_in_again(
    house: House, server: Server, elsewhere: list[Pair]
) -> None:
    stolen = sign_in(server)
    owners = refresh(server, stolen.refresh)
    used_after_the_window(server, stolen.refresh, owners.refresh)
    assert_that_only_this_ended(house, server, [stolen, owners], elsewhere)


def test_a_thief_inside_the_window_is_parted_from_the_owner_by_the_next_use(
    house: House, server: Server, elsewhere: list[Pair]
) -> None:
    stolen = sign_in(server)
    owners, thiefs = refresh(server, stolen.refresh), refresh(server, stolen.refresh)
    assert owners.refresh == thiefs.refresh
    next_one = refresh(server, owners.refresh)
    used_after_the_window(server, thiefs.refresh, next_one.refresh)
    assert_that_only_this_ended(house, server, [stolen, owners, thiefs, next_one], elsewhere)


# ---- a lost answer --------------------------------------------------------------------------------------------------


@in_one_and_in_three
def test_a_retry_after_a_lost_answer_gets_the_answer_that_was_lost(house: House, processes: int) -> None:
    """The answer was on its way and is kept from the client, who asks the next process for it."""
    servers = nodes(house, processes)
    token = sign_in(servers[0]).refresh
    for turn in range(ROUNDS):
        with Swallower(servers[turn % processes]).listening() as swallower:
            with pytest.raises(requests.ConnectionError):
                Client(swallower.base).post(REFRESH, {"refresh": token})
        [lost] = successors([swallower.answer])
        again = refresh(servers[(turn + 1) % processes], token)
        assert again.refresh == lost.refresh
        assert record(house, token).rotations == turn + 1
        token = again.refresh
    assert_alive(servers[0], again)


def test_a_retry_after_a_cut_connection_gets_the_successor_that_the_record_has(house: House) -> None:
    [server] = nodes(house, 1)
    token = sign_in(server).refresh
    for turn in range(ROUNDS):
        with server.raw() as connection:
            connection.send(request(REFRESH, {"refresh": token}))
            wait_until("the rotation", lambda turn=turn: record(house, token).rotations == turn + 1)
        successor = refresh(server, token)
        row = record(house, successor.refresh)
        assert (row.rotations, row.jti) == (turn + 1, claims(successor.refresh)["jti"])
        token = successor.refresh
    assert_alive(server, successor)


@pytest.mark.soak
def test_whoever_hangs_up_at_once_goes_on_with_the_token_he_has(house: House, backend: str, figure: Figure) -> None:
    """The connection is cut as soon as the request is sent: whether it was still rotated makes no difference."""
    [server] = nodes(house, 1)
    pair, rotated = sign_in(server), 0
    for _ in range(HANG_UPS):
        with server.raw() as connection:
            connection.send(request(REFRESH, {"refresh": pair.refresh}))
        before = record(house, pair.refresh).jti
        rotated += before != claims(pair.refresh)["jti"]
        pair = refresh(server, pair.refresh)
    assert_alive(server, pair)
    figure(f"hung up at once on {backend}: {HANG_UPS} times, {rotated} rotated by then, each retry went on")


# ---- a sign-out in a storm ------------------------------------------------------------------------------------------


@pytest.mark.soak
@in_one_and_in_three
@pytest.mark.parametrize("by", ["bearer", "refresh"])
def test_after_a_sign_out_amid_refreshes_no_token_of_it_is_good(
    house: House, backend: str, processes: int, by: str, figure: Figure
) -> None:
    servers = nodes(house, processes)
    alive, before = sign_in(servers[0]), 0
    for _ in range(ROUNDS):
        pair = sign_in(servers[0])
        if by == "bearer":
            ending = request(SIGN_OUT, {}, bearer=pair.access)
        else:
            ending = request(SIGN_OUT, {"refresh_token": pair.refresh})
        half = [request(REFRESH, {"refresh": pair.refresh})] * (PARALLEL // 2)
        answers = at_once(servers, [*half, ending, *half])
        assert answers.pop(len(half)).status == 200
        pairs = successors(answers)
        before += len(pairs)
        assert len({pair.refresh for pair in pairs}) <= 1
        for server in servers:
            assert_dead(server, pair, *pairs[:1])
    assert_alive(servers[-1], alive)
    assert deadlocks(house) == 0, "both take their locks in the same order"
    figure(
        f"a sign-out by {by} amid {PARALLEL} refreshes on {backend}, {processes} processes: {ROUNDS} rounds, "
        f"{before} of {ROUNDS * PARALLEL} refreshed before it, none after"
    )
