"""PostgreSQL as teams run it: TLS, a role that may make no tables, tables in a schema of their own, and a PgBouncer."""
from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

import rotations
from clients import SIGNED_OUT
from conftest import Figure
from databases import PostgresDatabase
from postgres_servers import Authority, Cluster, PgBouncer
from rotations import CHEAP_HASHES, at_once, claims, request, successors
from servers import BARE_ENVIRONMENT, MUNJIGI_BIN, SECRET_KEY, House, free_port, wait_until

pytestmark = [
    pytest.mark.munjigi_only("about munjigi's own connections"),
    pytest.mark.parametrize("backend", ["postgres"], indirect=True),
]


# ---- TLS ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = Path("/tmp") / tmp_path_factory.mktemp("munjigi-postgres").name
    folder = folder.with_name(f"{folder.name}-{time.time_ns()}")
    with Cluster.start(folder) as cluster:
        yield cluster


def refusal(url: str) -> str:
    """What keeps munjigi from a database, in its words; empty where nothing does."""
    done = subprocess.run(
        [MUNJIGI_BIN, "migrate", "--plan"], capture_output=True, text=True, timeout=60,
        env=BARE_ENVIRONMENT | {"MUNJIGI_SECRET_KEY": SECRET_KEY, "MUNJIGI_DATABASE_URL": url},
    )  # fmt: skip
    assert (done.returncode == 0) == (not done.stderr), done
    assert "secret@" not in done.stderr
    return done.stderr


ANYTHING = {"disable": False, "prefer": True, "require": True}


@pytest.mark.parametrize(
    ("shown", "believed"),
    [
        ("good", {"verify-ca": True, "verify-full": True}),
        ("other-name", {"verify-ca": True, "verify-full": False}),
        ("expired", {"verify-ca": False, "verify-full": False}),
        ("other-authority", {"verify-ca": False, "verify-full": False}),
    ],
)
def test_sslmode_decides_which_certificates_are_believed(
    cluster: Cluster, backend: str, shown: str, believed: dict[str, bool]
) -> None:
    if shown == "other-authority":
        cluster.present(*Authority(cluster.folder, "somebody").issue("foreign", "server", host="localhost"))
    else:
        host, days = ("elsewhere" if shown == "other-name" else "localhost"), (-1 if shown == "expired" else 2)
        cluster.present(*cluster.authority.issue(shown, "server", host=host, days=days))
    for mode, is_let_in in (ANYTHING | believed).items():
        roots = f"&sslrootcert={cluster.authority.pem}" if mode.startswith("verify") else ""
        told = refusal(cluster.url("localhost", f"sslmode={mode}{roots}"))
        assert (not told) == is_let_in, (shown, mode, told)
        if mode.startswith("verify") and not is_let_in:
            assert "certificate" in told, told
    # As libpq has it: a file of authorities makes `require` ask them.
    told = refusal(cluster.url("localhost", f"sslmode=require&sslrootcert={cluster.authority.pem}"))
    assert (not told) == believed["verify-ca"], told


def test_every_connection_of_a_server_is_encrypted_the_listening_one_too(
    cluster: Cluster, house: House, backend: str
) -> None:
    cluster.present(*cluster.authority.issue("good", "server", host="localhost"))
    query = f"sslmode=verify-full&sslrootcert={cluster.authority.pem}&channel_binding=require"
    house.database.server_url = cluster.url("localhost", query)
    house.database = PostgresDatabase.create(house.database.server_url)
    classes = ["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"]
    server = house.munjigi({"REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": classes}})
    assert server.client().sign_up("mseo").status_code == 201
    here = "from pg_stat_activity a join pg_stat_ssl s using (pid) where a.application_name = 'munjigi'"
    wait_until("it to listen", lambda: house.database.rows(f"select 1 {here} and starts_with(query, 'LISTEN')"))
    assert house.database.rows(f"select bool_and(s.ssl), bool_and(s.version in ('TLSv1.2', 'TLSv1.3')) {here}") == [(True, True)]


def test_a_certificate_of_ones_own_several_hosts_and_a_socket(cluster: Cluster, backend: str) -> None:
    cluster.present(*cluster.authority.issue("good", "server", host="localhost"))
    certificate, key = cluster.authority.issue("client", "by_certificate")
    checked = f"sslmode=verify-full&sslrootcert={cluster.authority.pem}"
    presented = f"{checked}&sslcert={certificate}&sslkey={key}"
    assert refusal(cluster.url("localhost", presented, user="by_certificate")) == ""
    assert "certificate" in refusal(cluster.url("localhost", checked, user="by_certificate"))
    _, other = cluster.authority.issue("other", "by_certificate")
    told = refusal(cluster.url("localhost", f"{checked}&sslcert={certificate}&sslkey={other}", user="by_certificate"))
    assert "do not fit together" in told

    several = cluster.url("localhost:1,localhost", f"{checked}&target_session_attrs=read-write")
    assert refusal(several) == ""
    assert refusal(f"postgres://munjigi:secret@/postgres?host={quote(str(cluster.folder))}&port={cluster.port}") == ""
    assert "write `prefer`" in refusal(cluster.url("localhost", "sslmode=allow"))
    told = refusal(cluster.url("localhost", "sslmode=require", user="munjigi:wrong"))
    assert "password authentication failed" in told


# ---- a role without the right to make tables, and a schema -----------------------------------------------------------


@pytest.fixture
def role(house: House) -> Iterator[str]:
    """A role that may come in, and owns nothing."""
    name = f"Server {house.database.name[-8:]}"
    on_server(house, sql.SQL("create role {} login password 'secret'").format(sql.Identifier(name)))
    yield name
    house.database.execute(f'drop owned by "{name}"')
    on_server(house, sql.SQL("drop role {}").format(sql.Identifier(name)))


def on_server(house: House, statement: sql.Composed) -> None:
    with psycopg.connect(house.database.server_url, autocommit=True) as connection:
        connection.execute(statement)


def as_role(house: House, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MUNJIGI_BIN, *words], capture_output=True, text=True, timeout=60, env=environment_of(house, name)
    )


def environment_of(house: House, name: str) -> dict[str, str]:
    parts = urlsplit(house.database.munjigi_url)
    url = urlunsplit(parts._replace(netloc=f"{quote(name)}:secret@{parts.hostname}:{parts.port}"))
    return house.munjigi_environment() | {
        "MUNJIGI_DATABASE_URL": url,
        "MUNJIGI_AUTH_USER_MODEL": "user.User",
        "MUNJIGI_ALLOWED_HOSTS": '["127.0.0.1"]',
        "MUNJIGI_SESSION_COOKIE_SECURE": "false",
        "MUNJIGI_CSRF_COOKIE_SECURE": "false",
    }


def test_a_role_that_may_make_no_tables_serves_once_its_dba_ran_the_sql(house: House, role: str) -> None:
    schema = "App Tables"
    house.database.execute(f'create schema "{schema}"')
    on_server(
        house,
        sql.SQL("alter database {} set search_path = nowhere, {}, public").format(
            sql.Identifier(house.database.name), sql.Identifier(schema)
        ),
    )
    house.migrate_django()
    house.ask("make_user", username="mseo", password="1234")
    house.database.execute(f'grant usage on schema "{schema}" to "{role}"')
    told = as_role(house, role, "migrate").stderr
    assert "permission denied for table django_migrations" in told and "migrate --sql" in told
    house.database.execute(f'grant select on django_migrations to "{role}"')
    assert "permission denied for schema" in as_role(house, role, "migrate").stderr

    printed = as_role(house, role, "migrate", "--sql", "--role", role)
    assert printed.returncode == 0, printed.stderr
    house.database.execute(printed.stdout)
    assert house.database.rows("select distinct schemaname from pg_tables where starts_with(tablename, 'munjigi')") == [(schema,)]
    assert as_role(house, role, "migrate", "--check").returncode == 0

    house.database.execute(f'revoke insert on munjigi_session from "{role}"')
    stopped = as_role(house, role, "serve", "--bind", "127.0.0.1:0")
    assert stopped.returncode == 1 and "may not INSERT on munjigi_session" in stopped.stderr, stopped.stderr
    grant = stopped.stderr.split("`")[1]
    house.database.execute(grant)

    port = free_port()
    command = [str(MUNJIGI_BIN), "serve", "--bind", f"127.0.0.1:{port}"]
    server = house.start("munjigi", port, command, environment_of(house, role))
    server.wait_ready("/readyz", 200)
    client = server.client()
    assert client.session_signin("mseo").status_code == 200 and client.me().status_code == 200
    assert client.session_signout().json() == {"message": SIGNED_OUT}
    pair = client.jwt_signin("mseo").json()
    assert server.client(bearer=pair["access_token"]).me().status_code == 200
    refreshed = client.post("/user/jwt_refresh", {"refresh_token": pair["refresh_token"]})
    assert refreshed.status_code == 200
    assert client.post("/user/jwt_signout", {"refresh_token": pair["refresh_token"]}).status_code == 200
    assert server.client(bearer=pair["access_token"]).me().status_code == 401
    for command in (["clearsessions"], ["flushexpiredtokens"]):
        assert as_role(house, role, *command).returncode == 0


# ---- PgBouncer --------------------------------------------------------------------------------------------------------

ENDED = {
    "REST_FRAMEWORK": {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ]
    },
    "hashers": CHEAP_HASHES,
    "SIMPLE_JWT": rotations.ROTATION,
}


@pytest.fixture
def bouncer(house: House, folder: Path) -> Iterator[PgBouncer]:
    with PgBouncer.before(house.database, folder) as bouncer:
        yield bouncer


def test_everything_goes_through_a_pgbouncer_in_transaction_mode(bouncer: PgBouncer, house: House) -> None:
    nodes = [house.munjigi(ENDED) for _ in range(2)]
    here, there = nodes
    for node in nodes:
        assert "lends the server's connections by the transaction" in node.log_text()
    assert here.client().sign_up("mseo").status_code == 201

    client = here.client()
    assert client.session_signin("mseo").status_code == 200
    for _ in range(20):
        assert client.me().status_code == 200
    assert client.session_signout().json() == {"message": SIGNED_OUT}
    assert client.me().status_code == 401

    pair = rotations.sign_in(here)
    for _ in range(3):
        answers = at_once(nodes, [request(rotations.REFRESH, {"refresh": pair.refresh})] * 20)
        pairs = successors(answers)
        assert len(pairs) == 20 and len({claims(pair.refresh)["jti"] for pair in pairs}) == 1
        pair = pairs[0]
    for node in nodes:
        assert node.client(bearer=pair.access).me().status_code == 200
    rotations.sign_out(here, pair.refresh)
    assert here.client(bearer=pair.access).me().status_code == 401
    wait_until("the other one to read the list", lambda: there.client(bearer=pair.access).me().status_code == 401, seconds=2)

    listening = "select count(*) from pg_stat_activity where datname = current_database() and starts_with(query, 'LISTEN')"
    assert house.database.rows(listening) == [(0,)]
    assert house.database.rows("select count(*) from pg_prepared_statements") == [(0,)]
    backends = "select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
    [(used,)] = house.database.rows(backends)
    assert used <= 4, "two servers and this one share four connections"


def test_options_that_a_pgbouncer_loses_stop_the_start(house: House, folder: Path) -> None:
    house.database.execute("create schema app")
    for number, settings in enumerate(("", "ignore_startup_parameters = options\n")):
        there = folder / str(number)
        there.mkdir()
        with PgBouncer.before(house.database, there, settings=settings):
            told = refusal(f"{house.database.munjigi_url}&options=-csearch_path%3Dapp")
            assert "Leave them out" in told, told
            assert refusal(f"{house.database.munjigi_url}&pgbouncer=true") == ""


def test_a_pgbouncer_that_starts_again_under_load_costs_nobody_his_sign_in(
    bouncer: PgBouncer, house: House, figure: Figure
) -> None:
    server = house.munjigi({"hashers": CHEAP_HASHES})
    assert server.client().sign_up("mseo").status_code == 201
    pair = server.client().jwt_signin("mseo").json()
    over, numbers, signed_up = Event(), count(), []
    statuses: list[int] = []

    def load() -> None:
        while not over.is_set():
            statuses.append(server.client(bearer=pair["access_token"]).me().status_code)
            name = f"user{next(numbers)}"
            answer = server.client().sign_up(name)
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                signed_up.append(name)

    def await_more(answers: int) -> None:
        wanted = len(statuses) + answers
        wait_until(f"{answers} more answers", lambda: len(statuses) >= wanted, seconds=30)

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(load) for _ in range(6)]
        try:
            for _ in range(3):
                await_more(60)
                bouncer.kill()
                await_more(6)
                bouncer.start()
            await_more(60)
        finally:
            over.set()
        for each in running:
            each.result()
    assert set(statuses) <= {200, 201, 409, 400, 503}, set(statuses)
    assert server.client(bearer=pair["access_token"]).me().status_code == 200
    stored = {name for (name,) in house.database.rows("select username from user_user")}
    assert set(signed_up) <= stored
    refused = sum(status == 503 for status in statuses)
    figure(f"PgBouncer started again three times under load: {len(statuses)} answers, {refused} were 503")
    assert len(statuses) - refused > 50
