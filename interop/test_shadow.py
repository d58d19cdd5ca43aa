"""`munjigi shadow` in front of the real Django: nothing differs where both are set alike, whatever is asked, and nothing of
ours is written; each planted difference is found and named; and the client gets Django's answer whatever happens."""
from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import ssl
import stat
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import psycopg
import pytest

from clients import Client
from conftest import POSTGRES, Figure, new_database
from databases import Database, SqliteFile
from mail_server import Certificate
from postgres_servers import Authority
from servers import MUNJIGI_BIN, SECRET_KEY, House, Server, free_port, toml, wait_until

pytestmark = pytest.mark.munjigi_only("about munjigi's own command")

PASSWORD = "a-Password-that-nobody-else-has-7"
ROTATING = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True, "UPDATE_LAST_LOGIN": False}
OURS: dict[str, Any] = {
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "AUTH_USER_MODEL": "user.User",
    "AUTH_PASSWORD_VALIDATORS": [],
    "TRIM_PASSWORDS": True,
    "SESSION_COOKIE_SECURE": False,
    "CSRF_COOKIE_SECURE": False,
    "PASSWORD_HASHERS": [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("PBKDF2", "MD5")],
    "VERIFY_LEGACY_PASSWORDS": True,
    "hashers": {"pbkdf2_sha256": {"iterations": 2000}},
    "SIMPLE_JWT": ROTATING,
    "ROUTES": {"jwt_refresh": False},
}
THEIRS = {
    "REF_HASHERS": "PBKDF2PasswordHasher,MD5PasswordHasher",
    "REF_HASH_COSTS": json.dumps({"PBKDF2PasswordHasher": {"iterations": 2000}}),
}
PEOPLE = {
    "anna": {},
    "bora": {},
    "ina": {},
    "ina_old": {"iterations": 1000},
    # A password of before: each side would store it anew.
    **{f"old{number}": {"iterations": 1000} for number in range(6)},
    "older": {"hasher": "MD5PasswordHasher", "salt": "seasalt"},
}


def path_of_report(server: Server) -> Path:
    return server.log.with_suffix(".ndjson")


@dataclass
class Scene:
    house: House
    django: Server

    def shadow(
        self, settings: dict[str, Any] | None = None, *, upstream: int | str | None = None, patience: int = 60, **environment: str
    ) -> Server:  # fmt: skip
        """munjigi in front of Django, or of what answers at another port or URL."""
        settings = {"DATABASE_URL": self.house.database.django_url} | OURS | (settings or {})
        environment = self.house.munjigi_environment() | environment
        if "SECRET_KEY" in settings:
            environment["MUNJIGI_SECRET_KEY"] = settings.pop("SECRET_KEY")
        name = f"shadow-{len(self.house.servers)}"
        config = self.house.folder / f"{name}.toml"
        config.write_text(toml(settings))
        port = free_port()
        command = [str(MUNJIGI_BIN), "shadow", "--config", str(config), "--bind", f"127.0.0.1:{port}"]
        url = upstream if isinstance(upstream, str) else f"http://127.0.0.1:{upstream or self.django.port}"
        command += ["--upstream", url, "--upstream-timeout", str(patience)]
        log = self.house.folder / f"{len(self.house.servers)}-{name}.log"
        command += ["--report", str(log.with_suffix(".ndjson"))]
        server = self.house.start(name, port, command, environment)

        def listens() -> bool:
            assert server.process.poll() is None, server.log_text()
            return "listening" in server.log_text()

        wait_until("the shadow to listen", listens)
        return server

    def tables(self) -> dict[str, list[str]]:
        """All rows of all tables."""
        database = self.house.database
        if isinstance(database, SqliteFile):
            names = database.rows("select name from sqlite_master where type = 'table' and name <> 'sqlite_sequence'")
        else:
            names = database.rows("select tablename from pg_tables where schemaname = 'public'")
        return {name: sorted(map(repr, database.rows(f'select * from "{name}"'))) for (name,) in names}


def end(shadow: Server) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    """Stops it: the exit status, a line for each difference, and the counts of each route."""
    status = shadow.stop()
    *lines, last = [json.loads(line) for line in path_of_report(shadow).read_text().splitlines()]
    return status, lines, last["summary"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres" and not POSTGRES:
        pytest.skip("MUNJIGI_TEST_POSTGRES names no server")
    return request.param


@pytest.fixture(scope="module")
def scene(backend: str, migrated: dict[str, Database], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One Django for all of a kind of database, and its people."""
    folder = tmp_path_factory.mktemp(f"shadow-{backend}")
    house = House(new_database(backend, folder), folder)
    house.database.copy_from(migrated[backend])
    rows = [{"hasher": "PBKDF2PasswordHasher", "iterations": 2000, "password": PASSWORD} | kind for kind in PEOPLE.values()]
    encoded = house.ask("encode", environment=THEIRS, rows=rows)
    people = [{"username": name, "password": password} for name, password in zip(PEOPLE, encoded)]
    house.ask("make_people", environment=THEIRS, rows=people)
    house.database.execute("update user_user set email = username || '@naver.com'")
    house.database.execute("update user_user set is_active = ? where username in ('ina', 'ina_old')", False)
    house.munjigi_command("migrate", settings={"DATABASE_URL": house.database.django_url} | OURS)
    yield Scene(house, house.django(simple_jwt=ROTATING, **THEIRS))
    house.close()


def sign(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, SECRET_KEY, algorithm="HS256")


def expired(token: str, **claims: Any) -> str:
    payload = jwt.decode(token, options={"verify_signature": False})
    return sign(payload | {"exp": int(time.time()) - 60} | claims)


def everything(client: Client, secrets: list[str]) -> int:
    """People who sign in rightly and wrongly, and all that can befall a token. How many requests that were."""
    count = 0

    def post(path: str, body: object = None, **options: Any) -> Any:
        nonlocal count
        count += 1
        answer = client.post(path, body, **options)
        secrets.extend(text for text in answer.json().values() if isinstance(text, str) and text.count(".") == 2)
        return answer

    for path in ("/user/session_signin", "/user/jwt_signin", "/api/token/", "/api/token/sliding/"):
        for name in ("anna", "bora", "ina", "nobody", "older"):
            for password in (PASSWORD, "wrong", PASSWORD.upper(), ""):
                post(path, {"username": name, "password": password})
        post(path, data={"username": "anna", "password": PASSWORD})
        post(path, {"username": "anna"})
        post(path, {})
        post(path, data="{", headers={"Content-Type": "application/json"})
    for path in ("/user/session_signin", "/user/jwt_signin"):
        post(path, {"email": "anna@naver.com", "password": PASSWORD})
        post(path, {"email": "NOBODY@naver.com", "password": PASSWORD})
    # Another user's session, and the same one's.
    for name in ("anna", "bora", "bora"):
        post("/user/session_signin", {"username": name, "password": PASSWORD})
    for number in range(6):
        path = ("/user/session_signin", "/user/jwt_signin", "/api/token/")[number % 3]
        assert post(path, {"username": f"old{number}", "password": PASSWORD}).status_code == 200

    pair = post("/api/token/", {"username": "anna", "password": PASSWORD}).json()
    used, refresh = pair["refresh"], pair["refresh"]
    for _ in range(3):
        used, refresh = refresh, post("/api/token/refresh/", {"refresh": refresh}).json()["refresh"]
    sliding = post("/api/token/sliding/", {"username": "anna", "password": PASSWORD}).json()["token"]
    sliding = post("/api/token/sliding/refresh/", {"token": sliding}).json()["token"]
    blacklisted = post("/api/token/", {"username": "anna", "password": PASSWORD}).json()["refresh"]
    assert client.post("/api/token/blacklist/", {"refresh": blacklisted}).status_code == 200
    head, payload, _ = refresh.split(".")
    tokens = {
        "good": refresh, "used": used, "blacklisted": blacklisted, "access": pair["access"], "sliding": sliding,
        "expired": expired(refresh), "expired access": expired(pair["access"]),
        "forged": f"{head}.{payload}.{'A' * 43}", "no token": "no.token.atall", "empty": "",
        "no type": sign({"exp": int(time.time()) + 60, "jti": "0" * 32, "user_id": 1}),
    }  # fmt: skip
    for kind, token in tokens.items():
        post("/api/token/verify/", {"token": token})
        if kind != "good":
            post("/api/token/refresh/", {"refresh": token})
        if kind not in ("good", "sliding"):
            post("/api/token/sliding/refresh/", {"token": token})
    for path in ("/api/token/", "/api/token/sliding/"):
        for password in (PASSWORD, "wrong"):
            post(path, {"username": "anna", "password": password}, headers={"Accept-Language": "en"})
    post("/api/token/", {"username": "ina_old", "password": PASSWORD})
    post("/api/token/verify/", {})
    post("/api/token/refresh/", [])
    for token in (refresh, "x"):
        post("/api/token/verify/", {"token": token}, headers={"Accept-Language": "en"})
    secrets.extend(client.cookies.values())
    return count


ANSWER = b'{"of":  "Django"}\n'


class Stub(BaseHTTPRequestHandler):
    """Answers each request alike, writes nothing, and keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str, list[tuple[str, str]], bytes]]
    delay: float = 0
    encoding: str = ""

    def answer(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, self.headers.items(), body))
        time.sleep(self.delay)
        self.send_response(203)
        self.send_header("Content-Type", "application/json; of=Django")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if self.encoding:
            self.send_header("Content-Encoding", self.encoding)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(ANSWER)

    do_GET = do_POST = do_HEAD = do_PUT = answer

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stub(
    delay: float = 0, port: int = 0, certificate: Certificate | None = None, encoding: str = ""
) -> Iterator[tuple[int, list[Any]]]:
    """Something that answers in Django's place, over TLS where it has a certificate: its port, and what it is asked."""
    handler = type("Handler", (Stub,), {"asked": [], "delay": delay, "encoding": encoding})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, handler.asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_nothing_is_written_and_what_passes_through_is_left_as_it_is(scene: Scene) -> None:
    pairs = scene.house.ask("give_pairs", username="anna", count=3)
    with stub() as (port, asked):
        shadow = scene.shadow({"ROUTES": {}}, upstream=port)
        before = scene.tables()
        bodies: list[tuple[str, Any]] = [
            (path, {"username": name, "password": PASSWORD})
            for path in ("/user/session_signin", "/user/jwt_signin", "/api/token/", "/api/token/sliding/")
            for name in ("anna", "old1", "older", "ina_old", "nobody")
        ]
        for pair in pairs:
            bodies += [("/api/token/refresh/", {"refresh": pair["refresh"]}), ("/user/jwt_refresh", {"refresh_token": pair["refresh"]})]
            bodies += [("/api/token/verify/", {"token": pair["access"]})]

        def post(path: str, body: object) -> tuple[int, bytes, list[str]]:
            answer = shadow.client().post(path, body)
            return answer.status_code, answer.content, answer.raw.headers.getlist("Set-Cookie")

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: post(*body), bodies * 2))
        assert set(map(repr, answers)) == {repr((203, ANSWER, ["a=1", "b=2"]))}
        assert scene.tables() == before
        assert sorted(json.loads(body)["username"] for _, path, _, body in asked if path == "/user/jwt_signin") == sorted(
            ["anna", "old1", "older", "ina_old", "nobody"] * 2
        )

        # What else there is, through the same door.
        asked.clear()
        connection = http.client.HTTPConnection("127.0.0.1", shadow.port, timeout=20)
        upload = bytes(range(256)) * 20_000
        connection.request("PUT", "/files/a%20b?q=1&q=%2F", upload, {"Host": "shop.example", "X-Forwarded-For": "192.0.2.7"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (203, ANSWER)
        connection.request("POST", "/chunks", (upload[:1000] for _ in range(3)), {"Connection": "keep-alive, X-Hop", "X-Hop": "1"}, encode_chunked=True)
        assert connection.getresponse().read()
        connection.request("HEAD", "/head")
        assert connection.getresponse().read() == b""
        # A body that is too large to be judged is sent on all the same.
        connection.request("POST", "/api/token/", upload, {"Content-Type": "application/json"})
        assert connection.getresponse().read()
        put, chunks, head, large = asked
        headers = dict(put[2])
        assert (put[1], put[3] == upload) == ("/files/a%20b?q=1&q=%2F", True)
        assert (headers["host"], headers["x-forwarded-for"]) == ("shop.example", "192.0.2.7, 127.0.0.1")
        assert chunks[3] == upload[:1000] * 3
        assert not {"x-hop", "keep-alive"} & set(dict(chunks[2]))
        assert (head[0], large[3] == upload) == ("HEAD", True)
        connection.request("GET", "/ws", headers={"Connection": "Upgrade", "Upgrade": "websocket", "Accept-Language": "ko"})
        answer = connection.getresponse()
        assert (answer.status, "WebSocket" in json.loads(answer.read())["detail"], len(asked)) == (501, True, 4)
        status, _, summary = end(shadow)
    assert status == 1, "the stub answers otherwise than munjigi"
    assert summary["token_obtain_pair"]["without_verdict"] == {"body_too_large_or_slow": 1}
    assert scene.tables() == before


def test_nothing_differs_where_both_are_set_alike(scene: Scene, figure: Figure, backend: str) -> None:
    shadow = scene.shadow()
    secrets = [PASSWORD, "@naver.com", "$2000$", "seasalt", SECRET_KEY]
    count = everything(shadow.client(), secrets)
    # And other paths, which are passed through.
    client = shadow.client()
    assert client.session_signin("anna", PASSWORD).status_code == 200
    assert client.me().json()["username"] == "anna"
    assert client.get("/admin/login/").headers["Content-Type"].startswith("text/html")
    assert client.session_signout().status_code == 200
    assert client.me().status_code == 401
    status, lines, summary = end(shadow)
    assert lines == []
    assert status == 0
    counts = summary.values()
    known = {name: times for count in counts for name, times in count["known"].items()}
    # The second is there where a second went by between the token and its refresh.
    assert known.pop("stored_anew_of_an_inactive_user") == 1
    assert set(known) <= {"sliding_row_is_prolonged"}
    assert sum(route["compared"] for route in counts) == count + 1, summary
    assert sum(route["differing"] for route in counts) == 0
    assert [route["without_verdict"] for route in counts] == [{}] * len(summary)
    told = shadow.log_text() + path_of_report(shadow).read_text()
    assert [secret for secret in secrets if secret and secret in told] == []
    assert stat.S_IMODE(path_of_report(shadow).stat().st_mode) == 0o600
    figure(f"shadow on {backend}: {count} requests of {len(summary)} routes compared, 0 differ")


def test_people_who_come_at_once_make_no_difference(scene: Scene, figure: Figure, backend: str) -> None:
    """The same people at several devices: what disturbs each other is not judged."""
    shadow = scene.shadow()
    with ThreadPoolExecutor(3) as pool:
        count = sum(pool.map(lambda _: everything(shadow.client(), []), range(3)))
    status, lines, summary = end(shadow)
    assert (status, lines) == (0, [])
    without = sum(sum(route["without_verdict"].values()) for route in summary.values())
    assert without < count / 4
    figure(f"shadow on {backend}: {count} requests by three at once, {without} without verdict, 0 differ")


# Beside the settings: a request, and where it shows.
PLANTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "another lifetime": ({"SIMPLE_JWT": ROTATING | {"ACCESS_TOKEN_LIFETIME": "1h"}}, "pair", "token access: exp"),
    "another lifetime of refresh tokens": (
        {"SIMPLE_JWT": ROTATING | {"REFRESH_TOKEN_LIFETIME": "30d"}}, "pair", "token refresh: exp",
    ),
    "another cost": ({"hashers": {"pbkdf2_sha256": {"iterations": 3000}}}, "pair", "row of the user: password"),
    "another first hasher": (
        {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher", *OURS["PASSWORD_HASHERS"]]}, "pair", "row of the user: password",
    ),
    "spaces": ({"TRIM_PASSWORDS": False}, "padded", "status"),
    "another signing key": ({"SIMPLE_JWT": ROTATING | {"SIGNING_KEY": "k" * 50}}, "pair", "token access"),
    "another signing key, refreshed": ({"SIMPLE_JWT": ROTATING | {"SIGNING_KEY": "k" * 50}}, "refresh", "status"),
    "another secret key": ({"SECRET_KEY": "k" * 50, "SIMPLE_JWT": ROTATING | {"SIGNING_KEY": SECRET_KEY}}, "session", "row of the session"),
    "another algorithm": ({"SIMPLE_JWT": ROTATING | {"ALGORITHM": "HS512"}}, "pair", "token access: algorithm"),
    "another claim": ({"SIMPLE_JWT": ROTATING | {"USER_ID_CLAIM": "sub"}}, "pair", "token access: sub"),
    "an audience": ({"SIMPLE_JWT": ROTATING | {"AUDIENCE": "shop"}}, "pair", "token access: aud"),
    "last_login": ({"SIMPLE_JWT": ROTATING | {"UPDATE_LAST_LOGIN": True}}, "pair", "row of the user: last_login"),
    "no rotation": ({"SIMPLE_JWT": {}}, "refresh", "body.refresh"),
    "no blacklist after rotation": (
        {"SIMPLE_JWT": {"ROTATE_REFRESH_TOKENS": True}}, "refresh", "row of the token sent as refresh: blacklisted",
    ),
    "a cookie that is Secure": ({"SESSION_COOKIE_SECURE": True}, "session", "cookie sessionid: secure"),
    "a cookie of another age": ({"SESSION_COOKIE_AGE": 3600}, "session", "cookie sessionid: max-age"),
    "a session of another age": ({"SESSION_COOKIE_AGE": 3600}, "session", "row of the session: expire_date"),
    "a cookie of another name": ({"CSRF_COOKIE_NAME": "xsrf"}, "session", "cookie xsrf"),
    "another backend": ({"AUTHENTICATION_BACKENDS": ["shop.auth.Backend"]}, "session", "row of the session: _auth_user_backend"),
    "another language": ({"LANGUAGE_CODE": "en"}, "wrong", "body.detail"),
    "another header": ({"SIMPLE_JWT": ROTATING | {"AUTH_HEADER_TYPES": ["JWT"]}}, "wrong", "header WWW-Authenticate"),
    "another host": ({"ALLOWED_HOSTS": ["shop.example"]}, "pair", "status"),
}  # fmt: skip


def ask(client: Client, question: str, refresh: str) -> int:
    path, body = {
        "pair": ("/api/token/", {"username": "anna", "password": PASSWORD}),
        "padded": ("/api/token/", {"username": "anna", "password": f" {PASSWORD} "}),
        "wrong": ("/api/token/", {"username": "anna", "password": "wrong"}),
        "session": ("/user/session_signin", {"username": "anna", "password": PASSWORD}),
        "refresh": ("/api/token/refresh/", {"refresh": refresh}),
    }[question]
    return client.post(path, body).status_code


def test_each_planted_difference_is_found_and_named(scene: Scene, figure: Figure, backend: str) -> None:
    pairs = iter(scene.house.ask("give_pairs", username="anna", count=len(PLANTED)))

    def run(name: str) -> tuple[int, set[str], str]:
        settings, question, _ = PLANTED[name]
        shadow = scene.shadow(settings)
        expected = 401 if question == "wrong" else 200
        assert ask(shadow.client(), question, next(pairs)["refresh"]) == expected, name
        status, lines, _ = end(shadow)
        told = shadow.log_text() + path_of_report(shadow).read_text()
        assert not [secret for secret in (PASSWORD, "$2000$", "eyJ", "@naver") if secret in told], name
        return status, {line["what"] for line in lines}, told

    # One after the other: two sign-ins of one user disturb each other.
    for name, (_, _, expected) in PLANTED.items():
        status, found, told = run(name)
        assert status == 1 and expected in found, (name, expected, found, told)
    figure(f"shadow on {backend}: {len(PLANTED)} planted differences, each found")


def with_cookie(server: Server, key: str) -> Client:
    client = server.client()
    client.set_cookie("sessionid", key)
    return client


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Somebody holds the database, and whoever would write waits."""
    database = scene.house.database
    if isinstance(database, SqliteFile):
        with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            yield
    else:
        with psycopg.connect(database.munjigi_url) as connection:
            connection.execute("lock table munjigi_session, user_user in exclusive mode")
            yield


def test_while_the_database_is_locked_the_client_gets_djangos_answer(scene: Scene) -> None:
    with stub() as (port, asked):
        shadow = scene.shadow(upstream=port)
        client = shadow.client()
        with locked(scene):
            started = time.monotonic()
            answer = client.post("/api/token/", {"username": "anna", "password": PASSWORD})
            waited = time.monotonic() - started
        assert (answer.status_code, answer.content) == (203, ANSWER)
        assert waited < 2 and len(asked) == 1
        assert end(shadow)[2]["token_obtain_pair"]["without_verdict"] == {"unavailable": 1}


def test_django_over_tls_is_reached_by_its_name_alone(scene: Scene) -> None:
    authority = Authority(scene.house.folder, "shadow")
    certificate = authority.issue("django", "localhost", host="localhost")
    with stub(certificate=certificate) as (port, asked):
        for host, trusted, status in [("localhost", authority.pem, 203), ("127.0.0.1", authority.pem, 502), ("localhost", "", 502)]:
            shadow = scene.shadow(upstream=f"https://{host}:{port}", SSL_CERT_FILE=str(trusted or Path("/dev/null")))
            assert shadow.client().get("/anything").status_code == status, (host, trusted)
            end(shadow)
    assert len(asked) == 1


def test_django_knows_a_client_by_the_name_that_a_trusted_proxy_gave_him(scene: Scene) -> None:
    with stub() as (port, asked):
        shadow = scene.shadow({"TRUSTED_PROXIES": ["127.0.0.1"]}, upstream=port)
        client = shadow.client()
        client.get("/anything", headers={"X-Forwarded-For": "192.0.2.7"})
        client.get("/anything")
        assert [dict(headers)["x-forwarded-for"] for _, _, headers, _ in asked] == ["192.0.2.7", "127.0.0.1"]


def test_a_token_that_comes_twice_at_once_is_not_judged(scene: Scene) -> None:
    [pair] = scene.house.ask("give_pairs", username="anna", count=1)
    with stub(delay=0.5) as (port, _), ThreadPoolExecutor(2) as pool:
        shadow = scene.shadow(upstream=port)
        refreshes = [pool.submit(shadow.client().post, "/api/token/refresh/", {"refresh": pair["refresh"]}) for _ in range(2)]
        assert [refresh.result().status_code for refresh in refreshes] == [203, 203]
        counts = end(shadow)[2]["token_refresh"]
    assert (counts["compared"], counts["without_verdict"]) == (0, {"the_same_token_or_session_at_once": 2})


def test_a_run_that_compared_nothing_is_no_success(scene: Scene) -> None:
    with stub(encoding="br") as (port, _):
        shadow = scene.shadow(upstream=port)
        answer = shadow.client().post("/api/token/", {"username": "anna", "password": "wrong"}, stream=True)
        assert (answer.status_code, answer.raw.read(decode_content=False)) == (203, ANSWER)
        status, lines, summary = end(shadow)
    counts = summary["token_obtain_pair"]
    assert (counts["compared"], counts["without_verdict"]) == (0, {"answer_encoded": 1})
    assert (status, lines) == (1, [])
    assert "No answer was compared" in shadow.log_text()


def test_a_client_that_breaks_off_its_upload_is_not_told_of_as_django(scene: Scene) -> None:
    with stub() as (port, asked):
        shadow = scene.shadow(upstream=port)
        for path in ("/files/a", "/api/token/"):
            with socket.create_connection(("127.0.0.1", shadow.port)) as client:
                head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
                client.sendall(head.encode() + b"{" * 1000)
                client.shutdown(socket.SHUT_WR)
                # It hangs up, or says what was wrong.
                assert client.recv(100).split(b" ")[1:2] in ([], [b"400"]), path
        summary = end(shadow)[2]
    assert summary["token_obtain_pair"]["without_verdict"] == {"body_broken": 1}
    assert not [line for line in shadow.log_text().splitlines() if "WARN" in line and "no answer of Django" in line]


def test_a_session_is_prolonged_wherever_django_prolongs_it(scene: Scene) -> None:
    saving = {"SESSION_SAVE_EVERY_REQUEST": True}
    django = scene.house.django(simple_jwt=ROTATING, **THEIRS, REF_SETTINGS=json.dumps(saving))
    database = scene.house.database
    [pair] = scene.house.ask("give_pairs", username="anna", count=1)
    right, wrong = ({"username": "anna", "password": word} for word in (PASSWORD, "wrong"))
    questions = [
        ("/api/token/", right), ("/api/token/", wrong), ("/api/token/sliding/", right), ("/user/jwt_signin", right), ("/user/session_signin", wrong),
        ("/api/token/verify/", {"token": pair["access"]}), ("/api/token/verify/", {"token": "x"}), ("/api/token/refresh/", {"refresh": pair["refresh"]}),
    ]  # fmt: skip

    def rows() -> list[Any]:
        return sorted(database.rows("select session_key, expire_date from django_session"))

    def ask(server: Server) -> None:
        for path, body in questions:
            tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
            database.execute("update django_session set expire_date = ? where session_key = ?", tomorrow, key)
            before = rows()
            with_cookie(server, key).post(path, body)
            assert (rows() == before) == (server is still), path

    client = django.client()
    assert client.session_signin("anna", PASSWORD).status_code == 200
    key = client.cookies["sessionid"]
    shadow = scene.shadow(saving, upstream=django.port)
    still = None
    ask(shadow)
    # Who makes a key up is given a session by Django.
    with_cookie(shadow, "z" * 32).post("/api/token/", wrong)
    status, lines, summary = end(shadow)
    assert (status, lines) == (0, [])
    assert sum(counts["compared"] for counts in summary.values()) == len(questions) + 1
    assert summary["token_obtain_pair"]["known"] == {"session_of_an_unknown_key": 1}
    # What munjigi would have written is undone here too.
    with stub() as (port, _):
        still = scene.shadow(saving, upstream=port)
        ask(still)
        end(still)


def test_what_it_adds_to_the_time_of_a_request(scene: Scene, figure: Figure, backend: str) -> None:
    shadow = scene.shadow()
    sign_in = ("/api/token/", {"username": "anna", "password": PASSWORD})

    def median(server: Server, ask: Callable[[Client], tuple[str, object]]) -> float:
        client, times = server.client(), []
        for _ in range(10):
            path, body = ask(client)
            started = time.perf_counter()
            assert client.post(path, body).status_code == 200
            times.append(time.perf_counter() - started)
        return statistics.median(times) * 1000

    tokens = iter(scene.house.ask("give_pairs", username="anna", count=20))
    questions: dict[str, Callable[[Client], tuple[str, object]]] = {
        "sign-in": lambda _: sign_in,
        "refresh": lambda _: ("/api/token/refresh/", {"refresh": next(tokens)["refresh"]}),
        "verify": lambda client: ("/api/token/verify/", {"token": access}),
    }
    access = shadow.client().post(*sign_in).json()["access"]
    for name, question in questions.items():
        straight, shadowed = median(scene.django, question), median(shadow, question)
        figure(f"shadow on {backend}: a {name} at Django {straight:.1f} ms, through the shadow {shadowed:.1f} ms")
        assert shadowed < straight + 250
    assert end(shadow)[0] == 0


def test_django_is_stopped_and_comes_back(scene: Scene) -> None:
    shadow = scene.shadow()
    client = shadow.client()
    body = {"username": "anna", "password": PASSWORD}
    assert client.post("/api/token/", body).status_code == 200
    scene.django.stop()
    for path in ("/api/token/", "/anything"):
        answer = client.post(path, body, headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json()) == (502, {"detail": "The service is unavailable for the moment."})
    assert client.post("/api/token/", body).json() == {"detail": "지금은 서비스를 사용할 수 없습니다."}
    with stub(port=scene.django.port):
        assert client.post("/api/token/", body).status_code == 203
    with stub(delay=2) as (port, _):
        slow = scene.shadow(upstream=port, patience=1)
        assert slow.client().post("/api/token/", body).status_code == 504
        assert end(slow)[2]["token_obtain_pair"]["without_verdict"] == {"no_answer_of_djangos": 1}
    status, lines, summary = end(shadow)
    assert [line["what"] for line in lines] == ["status"], "the stub's"
    assert status == 1
    assert summary["token_obtain_pair"]["without_verdict"] == {"no_answer_of_djangos": 2}
