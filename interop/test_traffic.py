"""Traffic that moves over from the real simplejwt to munjigi while people are signed in: no false alarm. And what is left
where both take one token at the same instant, between the two steps in which simplejwt looks and writes."""
from __future__ import annotations

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from conftest import Figure
from lineage import Street, at_once, refresh, street
from rotations import ROTATION
from servers import House, Server, Settings

pytestmark = [pytest.mark.cheap_hashes, pytest.mark.munjigi_only("about munjigi and Django side by side")]

CLIENTS = 20
STEPS = int(os.environ.get("INTEROP_TRAFFIC_STEPS", "12"))
RACES = int(os.environ.get("INTEROP_RACES", "20"))
SEED = os.environ.get("INTEROP_SEED", "20261122")


@dataclass
class Browser:
    """Two tabs with one store for their refresh token. Both may send it at the same moment, each to either server; what was
    answered last is kept. A tab that was refused goes on with what the other was given."""

    token: str
    chance: random.Random
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    is_signed_out: bool = False

    def go_on(self, servers: list[Server], steps: int) -> None:
        for _ in range(steps):
            tabs = self.chance.choices(servers, k=self.chance.choice((1, 2, 2)))
            if not self.is_signed_out:
                self.is_signed_out = not self.refresh(tabs)

    def refresh(self, tabs: list[Server]) -> bool:
        """Whether one of the tabs was given something."""
        answers = at_once(tabs, self.token)
        self.answers.update((server.name, answer.status_code) for server, answer in answers)
        good = [answer.json() for _, answer in answers if answer.status_code == 200]
        for pair in good:
            self.token = pair.get("refresh", self.token)
        return bool(good)


def browsers(street: Street) -> list[Browser]:
    """Half of them signed in at either."""
    tokens = street.sign_in("munjigi", CLIENTS // 2) + street.sign_in("django", CLIENTS // 2)
    return [Browser(token, random.Random(f"{SEED} {number}")) for number, token in enumerate(tokens)]


def traffic(browsers: list[Browser], servers: list[Server], steps: int = STEPS) -> Counter[tuple[str, int]]:
    """All of them at a time. What each server answered, in numbers."""
    with ThreadPoolExecutor(len(browsers)) as pool:
        list(pool.map(lambda browser: browser.go_on(servers, steps), browsers))
    return sum((browser.answers for browser in browsers), Counter())


@pytest.mark.soak
@pytest.mark.parametrize(
    ("munjigi", "django"),
    [(ROTATION, ROTATION), (ROTATION, {})],
    ids=["both rotate", "Django does not rotate"],
)
def test_nobody_is_signed_out_while_traffic_moves_over(
    house: House, backend: str, figure: Figure, munjigi: Settings, django: Settings
) -> None:
    here = street(house, munjigi, django)
    people = browsers(here)
    answers = traffic(people, [here.munjigi, here.django])
    assert {status for _, status in answers} <= {200, 401}, answers
    assert [person for person in people if person.is_signed_out] == []
    assert [record for record in here.records() if record.end_reason] == []
    for server in (here.munjigi, here.django, here.munjigi):
        assert all(person.refresh([server]) for person in people), server.name
    assert answers["munjigi", 200] and answers["django", 200]
    figure(f"traffic that moves over, {backend}, Django rotates: {bool(django)}, seed {SEED}: {told(answers)}; no record ended")


@pytest.mark.soak
@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_simplejwt_alone_refuses_second_tabs_too(house: House, figure: Figure) -> None:
    """The same people with nobody but Django, to compare."""
    here = street(house)
    answers = traffic(browsers(here), [here.django])
    assert answers["django", 200]
    figure(f"the same with simplejwt alone: {told(answers)}")


def told(answers: Counter[tuple[str, int]]) -> str:
    return ", ".join(f"{name} answered {status} {number} times" for (name, status), number in sorted(answers.items()))


# ---- one token to both at the same instant --------------------------------------------------------------------------


def lines_that_go_on(tokens: list[str], server: Server, rounds: int = 3) -> list[str]:
    """Of tokens that were given for the same one: those that still go on after each was refreshed so often, in turn."""
    for _ in range(rounds):
        answers = [refresh(server, token) for token in tokens]
        tokens = [answer.json()["refresh"] for answer in answers if answer.status_code == 200]
    return tokens


@pytest.mark.soak
@pytest.mark.parametrize("home", ["munjigi", "django"])
def test_of_two_successors_that_a_race_with_django_left_one_goes_on_at_most(
    house: House, backend: str, home: str, figure: Figure
) -> None:
    here = street(house)
    doubles, alive_at_django, alive = 0, 0, 0
    for number, token in enumerate(here.sign_in(home, RACES)):
        answers = at_once([here.munjigi, here.django] if number % 2 else [here.django, here.munjigi], token)
        assert {answer.status_code for _, answer in answers} <= {200, 401}
        successors = [answer.json()["refresh"] for _, answer in answers if answer.status_code == 200]
        assert successors, "one of them takes it"
        if len(successors) == 1:
            continue
        doubles += 1
        in_order = successors if number % 4 < 2 else successors[::-1]
        if number % 8 < 4:
            in_order = lines_that_go_on(in_order, here.django, rounds=1)
            alive_at_django += len(in_order) == 2
        going_on = lines_that_go_on(in_order, here.munjigi)
        alive += len(going_on) == 2
        if home == "munjigi":
            assert len(going_on) <= 1
    figure(
        f"one token to both at once, signed in at {home}, {backend}, {RACES} rounds: both took it in {doubles}; both successors "
        f"went on at munjigi in {alive}, at Django (which was asked in half of them) in {alive_at_django}"
    )
