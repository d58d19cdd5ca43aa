"""The servers under test, each a process of its own on a free port, and the house they share."""
from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients import Client, RawConnection
from databases import Database

HERE = Path(__file__).parent
REFERENCE = HERE / "reference"
MUNJIGI_BIN = Path(os.environ.get("MUNJIGI_BIN", HERE.parent / "target/debug/munjigi"))
# The Python that runs Django: of a venv with another version of either, where one is named.
DJANGO_PYTHON = os.environ.get("INTEROP_DJANGO_PYTHON", sys.executable)
SECRET_KEY = "interop-secret-key-of-more-than-fifty-characters-7Zp2qLx9Tn"

# The programs get this and what a test says, nothing of the environment that started the tests.
BARE_ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """A Django project, and what its settings read from the environment beside the database and the secret."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


USER_USER = Project(REFERENCE, {"REF_USER_MODEL": "user.User"})


def gunicorn(port: int) -> list[str]:
    """The command that serves a project."""
    command = [DJANGO_PYTHON, "-m", "gunicorn", "wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    return [*command, "--no-control-socket"] if DJANGO_PYTHON == sys.executable else command


def wait_until(what: str, condition: Callable[[], object], *, seconds: float = 20) -> None:
    """Polls until the condition holds; past the deadline, fails saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.01)


def free_port() -> int:
    """A port that nobody listens on. The system's own choice would be one that it may give to somebody else before the
    server that is told of it binds it; these lie below the ports that it chooses from, and each is told once."""
    for port in _PORTS:
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def _ports() -> Iterator[int]:
    """Each of the processes that pytest-xdist starts has a range of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = range(10_000 + worker % 4 * 5_000, 15_000 + worker % 4 * 5_000)
    start = random.randrange(len(ports))
    return itertools.cycle([*ports[start:], *ports[:start]])


_PORTS = _ports()


def toml(settings: Settings) -> str:
    """Settings as TOML. A table is a dict; JSON's strings, numbers, booleans and lists are TOML's too."""
    scalars = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if not isinstance(value, dict)]
    return "\n".join(scalars + list(_tables(settings))) + "\n"


def _tables(settings: Settings, path: str = "") -> Iterator[str]:
    for name, table in settings.items():
        if isinstance(table, dict):
            scalars = {key: value for key, value in table.items() if not isinstance(value, dict)}
            yield f"\n[{path}{name}]"
            yield from (f"{key} = {json.dumps(value)}" for key, value in scalars.items())
            yield from _tables(table, f"{path}{name}.")


@dataclass
class Server:
    """A running process that answers HTTP on `port`."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def client(self, **options: Any) -> Client:
        return Client(self.base, **options)

    def raw(self, **options: Any) -> RawConnection:
        return RawConnection(self.address, **options)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def unread_bytes(self) -> list[int]:
        """Of each connection that the port has: how much of what was sent the process has not read yet."""
        rows = [line.split() for line in Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()][1:]
        established = [row for row in rows if row[1].endswith(f":{self.port:04X}") and row[3] == "01"]
        return [int(row[4].split(":")[1], 16) for row in established]

    def answers(self, path: str, status: int) -> bool:
        connection = http.client.HTTPConnection(*self.address, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == status
        except OSError:
            return False
        finally:
            connection.close()

    def wait_ready(self, path: str, status: int) -> None:
        def ready() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} exited with {self.process.returncode}:\n{self.log_text()}")
            return self.answers(path, status)

        wait_until(f"{self.name} to answer {path}", ready)

    def kill(self) -> None:
        """kill -9: what a crash of the process is to its data."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def stop(self) -> int:
        """SIGTERM, and the exit status it ended with."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode


@dataclass
class House:
    """One database and the servers on it, munjigi, Django or both, with one SECRET_KEY."""

    database: Database
    folder: Path
    project: Project = USER_USER
    # Of PBKDF2 on both sides, where a test has no time for a million of them.
    iterations: int | None = None
    servers: list[Server] = field(default_factory=list)

    # ---- munjigi ----

    def munjigi(
        self, settings: Settings | None = None, *, under: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
    ) -> Server:
        """`munjigi dev` with no configuration but the secret that Django shares, and `settings` and variables where a test
        has some. `under` is a program to start it with, such as strace."""
        server = self.start_munjigi(["dev"], settings, under=under, environment=environment)
        server.wait_ready("/readyz", 200)
        return server

    def munjigi_serve(self, settings: Settings) -> Server:
        """`munjigi migrate` and `munjigi serve`, which is told everything."""
        self.munjigi_command("migrate", settings=settings)
        server = self.start_munjigi(["serve"], settings)
        server.wait_ready("/readyz", 200)
        return server

    def start_munjigi(
        self, command: list[str], settings: Settings | None = None, *, under: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Server:  # fmt: skip
        """Starts it and does not wait."""
        port = free_port()
        arguments = [*under, str(MUNJIGI_BIN), *command, "--bind", f"127.0.0.1:{port}"]
        if command == ["dev"]:
            arguments += ["--data", str(self.folder)]
        environment = self.munjigi_environment() | dict(environment or {})
        return self._start("munjigi", port, [*arguments, *self._config(settings)], environment)

    def munjigi_command(
        self, *words: str, settings: Settings | None = None, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Runs one of munjigi's commands to its end, which must be a good one."""
        done = subprocess.run(
            [MUNJIGI_BIN, *words, *self._config(settings)],
            env=self.munjigi_environment(), cwd=self.folder, capture_output=True, text=True, timeout=seconds,
        )  # fmt: skip
        assert done.returncode == 0, f"munjigi {' '.join(words)}: {done.stdout}{done.stderr}"
        return done

    def start_command(self, *words: str, settings: Settings | None = None) -> Server:
        """Starts one of munjigi's commands and does not wait for its end."""
        return self._start(words[0], 0, [str(MUNJIGI_BIN), *words, *self._config(settings)], self.munjigi_environment())

    def munjigi_environment(self) -> dict[str, str]:
        # Nobody is shed because the machine that tests is busy; `test_storm.py` has a deadline of its own.
        environment = BARE_ENVIRONMENT | {"MUNJIGI_SECRET_KEY": SECRET_KEY, "MUNJIGI_HASHING_DEADLINE_MS": "30000"}
        if self.database.munjigi_url:
            environment["MUNJIGI_DATABASE_URL"] = self.database.munjigi_url
        if self.iterations:
            environment["MUNJIGI_HASHERS__PBKDF2_SHA256__ITERATIONS"] = str(self.iterations)
        return environment

    def _config(self, settings: Settings | None) -> list[str]:
        if settings is None:
            return []
        file = self.folder / f"munjigi-{len(self.servers)}.toml"
        file.write_text(toml(settings))
        return ["--config", str(file)]

    # ---- Django ----

    def django(self, *, simple_jwt: Settings | None = None, **environment: str) -> Server:
        """The project under gunicorn. Its tables must be there: `migrate_django`, or munjigi's."""
        port = free_port()
        command = gunicorn(port)
        environment = self.django_environment() | environment
        if simple_jwt:
            environment["REF_SIMPLE_JWT"] = json.dumps(simple_jwt)
        server = self._start("django", port, command, environment, cwd=self.project.folder)
        server.wait_ready("/user/me", 401)
        return server

    def migrate_django(self) -> None:
        self.ask("migrate")

    def ask(
        self, question: str, *, simple_jwt: Settings | None = None, environment: Mapping[str, str] | None = None, **arguments: Any
    ) -> Any:
        """Puts a question of `ask_django.py` to the real Django, with these keys of SIMPLE_JWT and variables."""
        environment = self.django_environment() | {"REF_SIMPLE_JWT": json.dumps(simple_jwt or {})} | dict(environment or {})
        done = subprocess.run(
            [DJANGO_PYTHON, HERE / "ask_django.py"], env=environment, capture_output=True, text=True,
            input=json.dumps({"question": question, "arguments": arguments}), timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"Django could not answer {question}: {done.stderr}"
        return json.loads(done.stdout)

    def django_environment(self) -> dict[str, str]:
        costs = {"PBKDF2PasswordHasher": {"iterations": self.iterations}} if self.iterations else {}
        return BARE_ENVIRONMENT | {
            "DJANGO_SETTINGS_MODULE": "settings",
            "REF_HASH_COSTS": json.dumps(costs),
            "REF_DB": self.database.django_url,
            "REF_SECRET_KEY": SECRET_KEY,
            "INTEROP_PROJECT": str(self.project.folder),
            **self.project.environment,
        }

    # ---- both ----

    def start(
        self, name: str, port: int, command: list[str], environment: dict[str, str] = BARE_ENVIRONMENT
    ) -> Server:
        """Starts another program, such as nginx, that is stopped and whose log is shown like the others'."""
        return self._start(name, port, command, environment)

    def _start(
        self, name: str, port: int, command: list[str], environment: dict[str, str], cwd: Path | None = None
    ) -> Server:
        log = self.folder / f"{len(self.servers)}-{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env=environment, cwd=cwd or self.folder, stdout=out, stderr=out, start_new_session=True
            )
        server = Server(name, port, process, log)
        self.servers.append(server)
        return server

    def close(self) -> None:
        for server in self.servers:
            server.kill()
        self.database.drop()
