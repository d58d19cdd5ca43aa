"""One lineage behind each sign-in while the real simplejwt refreshes on the same database: the chain that goes to and fro,
tokens that name no record, and what ends at either side."""
from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from lineage import Street, assert_refused, at_once, refresh, rotated, start_munjigi, street
from rotations import ROTATION, claims
from servers import House, Settings, wait_until

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("about munjigi and Django side by side")]

LINKS = 50
ADOPTION_ROUNDS = int(os.environ.get("INTEROP_ADOPTION_ROUNDS", "3"))

ORDERS: dict[str, Callable[[int], str]] = {
    "in turn": lambda link: ("munjigi", "django")[link % 2],
    "two and two": lambda link: ("munjigi", "munjigi", "django", "django")[link % 4],
    "at random": lambda link: random.Random(f"lineage {link}").choice(("munjigi", "django")),
}


@pytest.fixture(params=["munjigi", "django"])
def home(request: pytest.FixtureRequest) -> str:
    """Where the first token of a test is made."""
    return request.param


def chain(street: Street, first: str, order: Callable[[int], str], links: int = LINKS) -> list[str]:
    """The first token and its successors; the access token of each link opens a guarded view of both."""
    tokens = [first]
    for link in range(links):
        pair = rotated(street.server(order(link)), tokens[-1])
        tokens.append(pair["refresh"])
        for server in street.both:
            assert server.client(bearer=pair["access"]).me().json()["username"] == "mseo", (server.name, link)
    return tokens


# ---- the chain ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "order"),
    [("munjigi", "in turn"), ("django", "in turn"), ("munjigi", "two and two"), ("django", "at random")],
)
def test_a_chain_between_both_lives_and_who_replays_a_link_ends_it(house: House, home: str, order: str) -> None:
    here = street(house, munjigi=ROTATION | {"ROTATION_WINDOW": "1s"})
    [first], [other] = here.sign_in(home), here.sign_in(home)
    tokens = chain(here, first, ORDERS[order])
    assert len(set(tokens)) == LINKS + 1
    for old in tokens[:-1]:
        assert_refused(here.django, old)

    replayed = random.Random(order).choice(tokens[:-2])

    def has_ended() -> bool:
        assert_refused(here.munjigi, replayed)
        return here.record_of(tokens[-1]).end_reason == "reuse"

    wait_until("the window to be over", has_ended)
    for old in tokens:
        for server in here.both:
            assert_refused(server, old)
    rotated(here.munjigi, other)


# ---- tokens that name no record -------------------------------------------------------------------------------------


def test_twenty_at_once_adopt_a_token_once(house: House, backend: str) -> None:
    here = street(house)
    nodes = [here.munjigi, *(start_munjigi(house) for _ in range(2 if backend == "postgres" else 0))]
    for number, token in enumerate(here.sign_in("django", ADOPTION_ROUNDS), start=1):
        answers = [answer for _, answer in at_once([nodes[turn % len(nodes)] for turn in range(20)], token)]
        assert {answer.status_code for answer in answers} == {200}
        [successor] = {answer.json()["refresh"] for answer in answers}
        assert len(here.records()) == number
        assert here.record_of(successor).jti == claims(successor)["jti"]
        assert_refused(here.django, token)
        rotated(here.django, successor)


def test_an_adopted_sign_in_ends_with_a_password_changed_in_django(house: House) -> None:
    here = street(house)
    [token] = here.sign_in("django")
    pair = rotated(here.munjigi, token)
    assert here.munjigi.client(bearer=pair["access"]).me().status_code == 200
    house.ask("set_password", username="mseo", password="another")
    assert here.munjigi.client(bearer=pair["access"]).me().status_code == 401
    assert_refused(here.munjigi, pair["refresh"])


# ---- signing out ----------------------------------------------------------------------------------------------------


def test_a_sign_out_at_django_is_one_at_munjigi(house: House, home: str) -> None:
    here = street(house)
    tokens = chain(here, *here.sign_in(home), ORDERS["in turn"], links=4)
    assert here.django.client().post("/api/token/blacklist/", {"refresh": tokens[-1]}).status_code == 200
    for token in (tokens[-1], tokens[-2]):
        assert_refused(here.munjigi, token)


@pytest.mark.parametrize("last", ["munjigi", "django"])
def test_a_sign_out_at_munjigi_is_one_at_django(house: House, home: str, last: str) -> None:
    """Whoever gave the last token, and by whichever token the user signs out."""
    here = street(house)
    for by in ("refresh", "bearer"):
        [token] = here.sign_in(home)
        token = rotated(here.munjigi, token)["refresh"]
        pair = rotated(here.server(last), token)
        if by == "refresh":
            done = here.munjigi.client().post("/user/jwt_signout", {"refresh_token": pair["refresh"]})
        else:
            done = here.munjigi.client(bearer=pair["access"]).post("/user/jwt_signout")
        assert done.status_code == 200, done.text
        for server in here.both:
            assert_refused(server, pair["refresh"])
        assert here.munjigi.client(bearer=pair["access"]).me().status_code == 401


# ---- changing over --------------------------------------------------------------------------------------------------


def restarted(street: Street, munjigi: Settings, django: Settings) -> Street:
    for server in street.both:
        server.stop()
    return Street(street.house, start_munjigi(street.house, munjigi), street.house.django(simple_jwt=django))


@pytest.mark.parametrize("before", [{}, {"ROTATE_REFRESH_TOKENS": True}], ids=["tokens stayed", "none was blacklisted"])
def test_rotation_is_turned_on_and_nobody_has_to_sign_in_again(house: House, before: Settings) -> None:
    here = street(house, munjigi=before, django=before)
    routes = [(), ("munjigi",), ("django",), ("munjigi", "django"), ("django", "munjigi")]
    tokens: list[str] = []
    for home in ("munjigi", "django"):
        for token, route in zip(here.sign_in(home, len(routes)), routes, strict=True):
            for name in route:
                token = refresh(here.server(name), token).json().get("refresh", token)
            tokens.append(token)

    here = restarted(here, ROTATION, ROTATION)
    for number, token in enumerate(tokens):
        for link in range(4):
            token = rotated(here.both[(number + link) % 2], token)["refresh"]
    assert [record for record in here.records() if record.end_reason] == []


@pytest.mark.parametrize(
    ("munjigi", "django"), [(ROTATION, {}), ({}, ROTATION)], ids=["munjigi alone rotates", "Django alone rotates"]
)
def test_one_of_both_may_rotate_alone(house: House, home: str, munjigi: Settings, django: Settings) -> None:
    here = street(house, munjigi=munjigi, django=django)
    [token] = here.sign_in(home)
    for link in range(10):
        for server in here.both if link % 2 else reversed(here.both):
            answer = refresh(server, token)
            assert answer.status_code == 200, (server.name, link, answer.text)
            token = answer.json().get("refresh", token)
            assert {each.client(bearer=answer.json()["access"]).me().status_code for each in here.both} == {200}
    assert [record for record in here.records() if record.end_reason] == []
