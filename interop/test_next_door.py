"""`examples/django-next-door`: its one command, and sign-in moved to munjigi and back under live sessions and tokens."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from servers import BARE_ENVIRONMENT, HERE, MUNJIGI_BIN, free_port, wait_until

pytestmark = pytest.mark.munjigi_only("the example is a Django with munjigi beside it")

EXAMPLE = HERE.parent / "examples/django-next-door"
CREDENTIALS = {"username": "mina", "password": "next-door-2026"}
ENVIRONMENT = BARE_ENVIRONMENT | {"MUNJIGI_BIN": str(MUNJIGI_BIN)}


@dataclass
class Example:
    state: Path
    port: int
    process: subprocess.Popen[bytes]

    def visitor(self) -> Visitor:
        return Visitor(f"https://localhost:{self.port}", str(self.state / "certificate.pem"))

    def switch_to(self, side: str) -> None:
        switch = [EXAMPLE / "switch", side, "--state", self.state]
        subprocess.run(switch, check=True, env=ENVIRONMENT, timeout=20)
        # Django has no such route. The old worker of nginx may take connections for a moment after the new one.
        there = {"munjigi": 401, "django": 404}[side]
        ten = range(10)
        wait_until(f"nginx to ask {side}", lambda: all(self.visitor().get("/user/me").status_code == there for _ in ten))

    def command(self, *words: str) -> str:
        """One of munjigi's, with the settings and secrets that `init` wrote."""
        shell = f'set -a; . {self.state}/munjigi.env; set +a; exec "$0" "$@"'
        done = subprocess.run(
            ["sh", "-c", shell, MUNJIGI_BIN, *words, "--config", self.state / "munjigi.toml"],
            env=BARE_ENVIRONMENT, cwd=self.state, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


class Visitor:
    """Who comes over TLS, on a new connection each time: a worker of nginx's that goes keeps those that it has."""

    def __init__(self, base: str, certificate: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = certificate
        self.session.headers["Connection"] = "close"

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.base + path, headers=headers, allow_redirects=False, timeout=20)

    def post(self, path: str, body: dict[str, str], **headers: str) -> requests.Response:
        headers |= {"X-CSRFToken": self.session.cookies.get("csrftoken", ""), "Referer": f"{self.base}/"}
        return self.session.post(self.base + path, json=body, headers=headers, timeout=20)

    def sign_in(self) -> None:
        assert self.post("/user/session_signin", CREDENTIALS).status_code == 200

    def tokens(self) -> dict[str, str]:
        return self.post("/api/token/", CREDENTIALS).json()

    def refresh(self, pair: dict[str, str]) -> dict[str, str]:
        answer = self.post("/api/token/refresh/", {"refresh": pair["refresh"]})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_in(self) -> bool:
        """By session, at the page, at the API and in the admin, all of which stay Django's."""
        statuses = {self.get(path).status_code for path in ("/", "/api/orders", "/admin/")}
        assert statuses == {200} or 200 not in statuses, statuses
        return statuses == {200}


def is_taken(example: Example, pair: dict[str, str], path: str = "/api/orders") -> bool:
    return example.visitor().get(path, Authorization=f"Bearer {pair['access']}").status_code == 200


@pytest.fixture
def example(folder: Path) -> Iterator[Example]:
    port, django, munjigi = free_port(), free_port(), free_port()
    log, state = folder / "run.log", folder / "state"
    ports = ["--port", str(port), "--django-port", str(django), "--munjigi-port", str(munjigi)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, EXAMPLE / "run", "--state", state, "--python", sys.executable, *ports],
            env=ENVIRONMENT, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        wait_until("the example to be up", lambda: process.poll() is not None or "Ctrl-C" in log.read_text(), seconds=60)
        assert process.poll() is None, log.read_text()
        yield Example(state, port, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def test_sign_in_moves_to_munjigi_and_back_and_nobody_notices(example: Example) -> None:
    early, pair = example.visitor(), example.visitor().tokens()
    assert not early.is_in()
    early.sign_in()
    assert early.is_in() and is_taken(example, pair)

    written = (example.state / "munjigi.toml").read_text().replace(f":{example.port}", ":8443")
    kept = EXAMPLE / "kubernetes/munjigi.toml"
    told = f"{kept} is stale: it is what `./run` leaves in .state/munjigi.toml"
    assert tomllib.loads(written) == tomllib.loads(kept.read_text()), told

    example.switch_to("munjigi")
    assert early.is_in() and early.get("/user/me").json()["username"] == "mina"
    assert is_taken(example, pair) and is_taken(example, pair, "/user/me")
    pair = early.refresh(pair)
    late, of_munjigi = example.visitor(), example.visitor().tokens()
    late.sign_in()
    assert late.is_in() and late.get("/user/me").status_code == 200
    assert is_taken(example, pair) and is_taken(example, of_munjigi)
    listed = late.get("/user/sessions").json()["sessions"]
    assert len(listed) >= 4, "Django's sign-ins are shown with munjigi's"
    gone = example.visitor()
    gone.sign_in()
    assert gone.post("/user/session_signout", {}).status_code == 200 and not gone.is_in()

    example.switch_to("django")
    for visitor in (early, late):
        assert visitor.is_in()
    for held in (pair, of_munjigi):
        assert is_taken(example, early.refresh(held))
    assert late.post("/user/session_signout", {}).status_code == 200
    assert not late.is_in() and early.is_in()

    example.process.send_signal(signal.SIGINT)
    assert example.process.wait(timeout=20) == 0
    assert "Removed" in example.command("remove", "--yes")
    assert "munjigi.0001_initial" in example.command("migrate", "--plan")


def test_whoever_of_the_three_ends_takes_the_others_along(example: Example) -> None:
    children = subprocess.run(["pgrep", "-P", str(example.process.pid)], capture_output=True, text=True).stdout.split()
    assert len(children) == 3
    os.kill(int(children[1]), signal.SIGKILL)
    assert example.process.wait(timeout=20) == 1
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
