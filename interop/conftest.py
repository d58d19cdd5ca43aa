"""Fixtures: a fresh house for each test, on each database, and the server that the claims are put to.

INTEROP_TARGET=django puts them to the reference project instead of munjigi: what it answers otherwise is marked
`munjigi_only`. It shows that the tests ask for Django's behaviour and not for ours.
"""
from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xdist

from clients import Client
from databases import Database, PostgresDatabase, SqliteFile
from servers import MUNJIGI_BIN, House, Server

TARGET = os.environ.get("INTEROP_TARGET", "munjigi")
POSTGRES = os.environ.get("MUNJIGI_TEST_POSTGRES")
LOGS = Path(os.environ.get("INTEROP_LOGS", Path(__file__).parent.parent / "target/interop-logs"))
HOUSE = pytest.StashKey[House]()
FIGURES = pytest.StashKey[list[str]]()

Figure = Callable[[str], None]


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[FIGURES] = []
    if not xdist.is_xdist_worker(session) and not session.config.getoption("keep_logs"):
        shutil.rmtree(LOGS, ignore_errors=True)
        LOGS.mkdir(parents=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-logs", action="store_true", help="add to the logs of the run before")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if xdist.is_xdist_worker(session):
        session.config.workeroutput["figures"] = session.config.stash[FIGURES]


def pytest_testnodedown(node: Any) -> None:
    """One of several processes is done: its figures go to the one that prints them. One that died has none."""
    node.config.stash[FIGURES] += getattr(node, "workeroutput", {}).get("figures", [])


@pytest.fixture(scope="session")
def figure(pytestconfig: pytest.Config) -> Figure:
    """Takes a line for the end of the run, where what was measured stands."""
    return pytestconfig.stash[FIGURES].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("figures")
    nodes = (report.nodeid for report in terminalreporter.getreports("passed"))
    passed = Counter((node.split("::")[0], "postgres" if "postgres" in node else "sqlite") for node in nodes)
    for (file, backend), number in sorted(passed.items()):
        terminalreporter.line(f"{file} on {backend}: {number} passed")
    for line in config.stash[FIGURES]:
        terminalreporter.line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("munjigi_only")
        if marker and TARGET != "munjigi":
            item.add_marker(pytest.mark.skip(reason=marker.args[0]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed and HOUSE in item.stash:
        for server in item.stash[HOUSE].servers:
            report.sections.append((f"the end of {server.log}", server.log_text()[-4000:]))
    return report


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres" and not POSTGRES:
        if os.environ.get("MUNJIGI_TEST_REQUIRE_POSTGRES"):
            pytest.fail("MUNJIGI_TEST_POSTGRES names no server, and MUNJIGI_TEST_REQUIRE_POSTGRES is set")
        pytest.skip("MUNJIGI_TEST_POSTGRES names no server")
    return request.param


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    """The test's data and logs, kept until the next run."""
    folder = LOGS / "".join(letter if letter.isalnum() or letter in "_-" else "." for letter in request.node.name)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def house(request: pytest.FixtureRequest, backend: str, folder: Path) -> Iterator[House]:
    """An empty database; nothing runs on it yet."""
    iterations = 1000 if request.node.get_closest_marker("cheap_hashes") else None
    house = House(new_database(backend, folder), folder, iterations=iterations)
    request.node.stash[HOUSE] = house
    yield house
    house.close()


@pytest.fixture
def adopted(house: House, migrated: dict[str, Database], backend: str) -> House:
    """A house whose database the reference project's `migrate` made."""
    house.database.copy_from(migrated[backend])
    return house


@pytest.fixture
def server(house: House, request: pytest.FixtureRequest) -> Server:
    """The server that a claim is put to: munjigi in an empty folder, or with INTEROP_TARGET=django the reference."""
    if TARGET == "munjigi":
        return house.munjigi()
    request.getfixturevalue("adopted")
    return house.django()


@pytest.fixture
def client(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Database]]:
    """What the reference project's `migrate` makes, once for each kind of database, to be copied."""
    houses = [
        House(new_database(backend, folder := tmp_path_factory.mktemp(backend)), folder)
        for backend in ("sqlite", "postgres")
        if backend == "sqlite" or POSTGRES
    ]
    for house in houses:
        house.migrate_django()
    yield {("sqlite" if isinstance(house.database, SqliteFile) else "postgres"): house.database for house in houses}
    for house in houses:
        house.close()


def new_database(backend: str, folder: Path) -> Database:
    if backend == "sqlite":
        return SqliteFile(folder / "munjigi.sqlite3")
    assert POSTGRES
    return PostgresDatabase.create(POSTGRES)


@pytest.fixture(scope="session", autouse=True)
def the_binary_is_there() -> None:
    if TARGET == "munjigi" and not MUNJIGI_BIN.exists():
        pytest.exit(f"{MUNJIGI_BIN} is missing: cargo build -p munjigi, or MUNJIGI_BIN", returncode=3)
