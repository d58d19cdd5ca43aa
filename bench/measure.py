"""Measures, and keeps the figures in target/bench/figures.json: `bench/run` starts it.

Two parts. Kernels: PBKDF2-HMAC-SHA256 by everybody's code in one process on one core (src/bin/pbkdf2.rs). Servers: the
reference Django project under gunicorn and under granian, and munjigi, each on a copy of one database with its hashes at
Django's one million iterations, the server on one core and the load on the other (src/bin/storm.rs).
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RELEASE = ROOT / "target/release"
FIGURES = ROOT / "target/bench/figures.json"

os.environ["MUNJIGI_BIN"] = str(RELEASE / "munjigi")
sys.path.insert(0, str(ROOT / "interop"))

from databases import SqliteFile  # noqa: E402
from servers import House, Server, free_port  # noqa: E402

import report  # noqa: E402

SERVER_CORE, LOAD_CORE = "0", "1"
USERS = 64
PASSWORD = "1234"
SIGN_IN = "/user/jwt_signin"
PAGE = "/user/me"


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    rounds: int
    iterations: int
    passes: int
    in_flight: Mapping[int, float]
    """How many, and the seconds of the window: Django takes eight to answer 32."""
    warm_up: float
    seconds: float
    """The window of an offered load."""
    overloads: tuple[float, ...]
    """Offered loads as multiples of what Django serves."""
    kernels: bool = True
    servers: bool = True

    def minutes(self) -> float:
        """Of the servers' windows, and a tenth for the kernels and for what lies between."""
        closed = self.passes * len(PEERS) * sum(self.warm_up + seconds for seconds in self.in_flight.values())
        # Beside the overloads: Django, and munjigi idle.
        opened = (2 + len(self.overloads)) * (self.warm_up + self.seconds)
        return 1.1 * (closed + opened) / 60


WHOLE = Plan(9, 1_000_000, 3, {1: 25, 4: 25, 16: 45, 32: 60}, 5, 30, (1, 2, 3, 4, 5, 10, 20))
MINUTE = Plan(3, 100_000, 1, {16: 8}, 2, 8, (5, 20))


def main() -> None:
    plan, machine = planned(), machine_now()
    figures: dict[str, Any] = {"machine": machine}
    if plan.kernels:
        figures["kernels"] = kernels(plan)
    if plan.servers:
        with tempfile.TemporaryDirectory(prefix="munjigi-bench.") as folder:
            figures |= servers(plan, Path(folder))
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=1))
    print(report.text(figures))
    if plan == WHOLE:
        report.write(figures, ROOT / "docs")


def planned() -> Plan:
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measures munjigi beside its peers, and writes docs/performance.md with its plots. Once it is built that takes "
        f"{WHOLE.minutes():.0f} minutes, with --minute {MINUTE.minutes():.1f}.",
    )
    parser.add_argument("--minute", action="store_true", help="a short look at each; nothing in docs/ changes")
    parser.add_argument("--only", choices=["kernels", "servers"], help="one part; nothing in docs/ changes")
    given = parser.parse_args()
    plan = MINUTE if given.minute else WHOLE
    if given.only:
        plan = Plan(**plan.__dict__ | {"kernels": given.only == "kernels", "servers": given.only == "servers"})
    return plan


def machine_now() -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo").read_text()
    name = next((line.split(":")[1].strip() for line in cpu.splitlines() if line.startswith("model name")), platform.processor())
    flags = next((line.split(":")[1].split() for line in cpu.splitlines() if line.startswith("flags")), [])
    versions = subprocess.run(
        [sys.executable, "-c", "import django, ssl; print(django.__version__, ssl.OPENSSL_VERSION.split()[1])"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "features": [flag for flag in ("sha_ni", "avx2", "avx512f", "avx512vl") if flag in flags],
        "python": platform.python_version(),
        "django": versions[0],
        "openssl": versions[1],
    }


# ---- kernels --------------------------------------------------------------------------------------------------------


def kernels(plan: Plan) -> dict[str, Any]:
    return run_on(
        SERVER_CORE, RELEASE / "pbkdf2", "--iterations", plan.iterations, "--rounds", plan.rounds, "--python", sys.executable
    )


def run_on(core: str, *command: Any) -> dict[str, Any]:
    words = ["taskset", "-c", core, *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
    return json.loads(done.stdout)


# ---- servers --------------------------------------------------------------------------------------------------------


def servers(plan: Plan, folder: Path) -> dict[str, Any]:
    template = House(SqliteFile(folder / "template.sqlite3"), folder)
    template.migrate_django()
    fill(template)
    bodies = folder / "bodies"
    bodies.write_text("".join(json.dumps({"email": f"user{at}@naver.com", "password": PASSWORD}) + "\n" for at in range(USERS)))

    closed: dict[str, Any] = {name: {} for name in PEERS}
    order = list(PEERS)
    for number in range(plan.passes):
        with ExitStack() as running:
            # All are up, and who is not asked does nothing: a machine that changes its mood does so for all of them.
            up = {name: running.enter_context(peer(name, template, folder / f"{name}-{number}")) for name in PEERS}
            for clients, seconds in plan.in_flight.items():
                for name in order:
                    load = storm(up[name], bodies, plan.warm_up, seconds, "--clients", clients)
                    if "200" not in load["load"]["by_status"]:
                        raise SystemExit(f"{name} has signed in nobody: {load}\n{up[name].log_text()}")
                    closed[name].setdefault(str(clients), []).append(load)
        order.append(order.pop(0))
    capacity = max(report.median_of(runs)[0] for name in ("gunicorn", "granian") for runs in closed[name].values())
    return {"closed": closed, "capacity": capacity, "open": offered(plan, template, folder, bodies, capacity)}


def offered(plan: Plan, template: House, folder: Path, bodies: Path, capacity: float) -> dict[str, Any]:
    """munjigi at multiples of what Django can serve, Django at once that; a probe of token checks beside both."""
    runs: dict[str, Any] = {"gunicorn": {}, "munjigi": {}}

    def at(server: Server, rate: float) -> dict[str, Any]:
        return storm(server, bodies, plan.warm_up, plan.seconds, "--rate", rate, *probe(server))

    with peer("gunicorn", template, folder / "gunicorn-open") as server:
        runs["gunicorn"]["1"] = at(server, capacity)
    with peer("munjigi", template, folder / "munjigi-open") as server:
        # One sign-in in a thousand seconds is an idle server.
        runs["munjigi"]["0"] = at(server, 0.001)
        for times in plan.overloads:
            runs["munjigi"][f"{times:g}"] = at(server, times * capacity)
    return runs


def storm(server: Server, bodies: Path, warm_up: float, seconds: float, *load: Any) -> dict[str, Any]:
    print(f"{server.name}: {' '.join(map(str, load[:2]))}", file=sys.stderr)
    target = ["--target", server.base + SIGN_IN, "--bodies", bodies]
    return run_on(LOAD_CORE, RELEASE / "storm", *target, "--seconds", seconds, "--warm-up", warm_up, *load)


def probe(server: Server) -> list[Any]:
    answer = server.client().post(SIGN_IN, {"email": "user0@naver.com", "password": PASSWORD})
    return ["--probe", server.base + PAGE, "--token", answer.json()["access_token"]]


def fill(house: House) -> None:
    """Users who all have one stored hash: what is read of it is what makes the work."""
    encoded = house.ask("hash_password", password=PASSWORD)
    assert encoded.startswith("pbkdf2_sha256$1000000$"), encoded
    users = [{"username": f"user{at}", "password": encoded} for at in range(USERS)]
    house.ask("make_people", rows=users)


def start_gunicorn(house: House) -> Server:
    return start_wsgi(house, "gunicorn", "-m", "gunicorn", "wsgi", "--workers", "2", "--no-control-socket", "--bind", "127.0.0.1:{port}")


def start_granian(house: House) -> Server:
    return start_wsgi(house, "granian", "-m", "granian", "--interface", "wsgi", "--workers", "1", "--port", "{port}", "wsgi:application")


def start_wsgi(house: House, name: str, *arguments: str) -> Server:
    port = free_port()
    command = ["taskset", "-c", SERVER_CORE, sys.executable, *(word.format(port=port) for word in arguments)]
    environment = house.django_environment() | {
        "REF_WAL": "1", "PYTHONPATH": str(house.project.folder), "REF_SIMPLE_JWT": json.dumps({"ACCESS_TOKEN_LIFETIME": 3600}),
    }  # fmt: skip
    server = house.start(name, port, command, environment)
    server.wait_ready(PAGE, 401)
    return server


def start_munjigi(house: House) -> Server:
    settings = {
        "AUTH_USER_MODEL": "user.User",
        "LOG_LEVEL": "warn",
        "SIMPLE_JWT": {"ACCESS_TOKEN_LIFETIME": 3600, "UPDATE_LAST_LOGIN": True},
    }
    # The tests let a hash wait for longer than anybody would; here it has the deadline that it has.
    as_shipped = ("env", "-u", "MUNJIGI_HASHING_DEADLINE_MS")
    server = house.start_munjigi(["dev"], settings, under=(*as_shipped, "taskset", "-c", SERVER_CORE))
    server.wait_ready("/readyz", 200)
    return server


PEERS = {"gunicorn": start_gunicorn, "granian": start_granian, "munjigi": start_munjigi}


@contextmanager
def peer(name: str, template: House, folder: Path) -> Iterator[Server]:
    """A server on a copy of the database, stopped at the end."""
    folder.mkdir()
    database = SqliteFile(folder / "munjigi.sqlite3")
    database.copy_from(template.database)
    house = House(database, folder)
    try:
        yield PEERS[name](house)
    finally:
        house.close()


if __name__ == "__main__":
    main()
