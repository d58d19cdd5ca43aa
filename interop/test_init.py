"""`munjigi init`: the settings for working beside a Django project come from the project's own Python.

Each project is asked in both ways, by its manage.py and by the script that is piped into its shell. With exactly the files
that were written munjigi migrates and serves, and a user of the project is signed in at either and known to the other.
"""
from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clients import Client
from conftest import HOUSE, new_database
from servers import BARE_ENVIRONMENT, DJANGO_PYTHON, HERE, MUNJIGI_BIN, REFERENCE, SECRET_KEY, House, Server, free_port, gunicorn

PROJECTS = HERE / "projects"
PASSWORD = "correct horse battery"
# What no file of variables can hold alike for all its readers.
AWKWARD_KEY = "it's $HOME \"x\" `y` \\n #; ends\n" + SECRET_KEY + "\n"


@dataclass(frozen=True)
class Project:
    """A Django project, with the words in which its user is made and signs in."""

    name: str
    folder: Path
    backend: str
    make_user: str
    credentials: dict[str, str]
    token_path: str = "/api/token/"
    me_path: str = "/user/me"
    session_cookie: str = "sessionid"
    environment: Mapping[str, str] = field(default_factory=dict)

    def variables(self, house: House) -> dict[str, str]:
        own = {"DJANGO_SETTINGS_MODULE": "settings", "REF_DB": house.database.django_url, "REF_SECRET_KEY": SECRET_KEY}
        if self.name == "from_environment":
            key = house.folder / "jwt.key"
            key.write_text("a signing key of its own, in a file that ends with its line\n")
            own = {
                "SHOP_SECRET_KEY": AWKWARD_KEY,
                "SHOP_OLD_KEYS": "an older key of thirty-two bytes or more",
                "SHOP_JWT_KEY_FILE": str(key),
                "SHOP_DATABASE": house.database.django_url.replace("sqlite:", "sqlite://"),
                "SHOP_GREETS": "on",
            }
        return BARE_ENVIRONMENT | own | dict(self.environment)


NAMED = "create_user(username='mina', email='mina@naver.com', password={password!r})"
ALL = [
    Project(
        "reference", REFERENCE, "postgres", NAMED, {"username": "mina"}, environment={"REF_USER_MODEL": "user.User"}
    ),
    Project(
        "from_environment", PROJECTS / "from_environment", "sqlite", NAMED, {"username": "mina"},
        token_path="/v1/auth/login/", session_cookie="shop_session",
    ),
    Project(
        "uuid_email", PROJECTS / "uuid_email", "postgres", "create_user(email='mina@naver.com', password={password!r})",
        {"email": "mina@naver.com"},
    ),
    Project(
        "renamed", PROJECTS / "renamed", "sqlite",
        "create_user(login='mina', contact='mina@naver.com', department='shop', password={password!r})", {"login": "mina"},
    ),
]  # fmt: skip


@pytest.fixture(params=ALL, ids=lambda project: f"{project.name}-{project.backend}")
def project(request: pytest.FixtureRequest) -> Project:
    if request.param.backend == "postgres" and not os.environ.get("MUNJIGI_TEST_POSTGRES"):
        pytest.skip("MUNJIGI_TEST_POSTGRES names no server")
    return request.param


@pytest.fixture
def site(project: Project, request: pytest.FixtureRequest, folder: Path) -> Iterator[House]:
    """The project's own database, with its one user."""
    house = House(new_database(project.backend, folder), folder)
    request.node.stash[HOUSE] = house
    manage(project, house, "migrate", "--verbosity", "0")
    user = project.make_user.format(password=PASSWORD)
    manage(project, house, "shell", "-c", f"from django.contrib.auth import get_user_model as m; m().objects.{user}")
    yield house
    house.close()


def manage(project: Project, house: House, *words: str, stdin: str = "") -> str:
    done = subprocess.run(
        [DJANGO_PYTHON, "manage.py", *words], cwd=project.folder, env=project.variables(house), input=stdin,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def init(*words: str | Path, env: Mapping[str, str] = BARE_ENVIRONMENT, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MUNJIGI_BIN, "init", *words], env=dict(env), cwd=cwd, input=stdin, capture_output=True, text=True, timeout=60
    )


def as_docker_reads(file: Path) -> dict[str, str]:
    """All that stands behind the sign of equality, as it stands."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def as_a_shell_reads(file: Path) -> dict[str, str]:
    """What `set -a; . file` gives to a program."""
    tell = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('MUNJIGI_')}))"
    command = ["bash", "-euc", 'set -a; . "$0"; exec "$1" -c "$2"', str(file), sys.executable, tell]
    return json.loads(subprocess.run(command, env=BARE_ENVIRONMENT, capture_output=True, check=True, timeout=20).stdout)


def serve(house: House, toml: Path, secrets: Path) -> Server:
    """munjigi with the written files and nothing else, first as a shell would start it, then as docker would."""
    done = subprocess.run(
        [MUNJIGI_BIN, "migrate", "--config", toml], env=BARE_ENVIRONMENT | as_a_shell_reads(secrets), cwd=house.folder,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    port = free_port()
    variables = [f"{name}={value}" for name, value in as_docker_reads(secrets).items()]
    command = [str(MUNJIGI_BIN), "serve", "--config", str(toml), "--bind", f"127.0.0.1:{port}"]
    server = house.start("munjigi", port, ["env", *variables, *command])
    server.wait_ready("/readyz", 200)
    return server


def django(project: Project, house: House) -> Server:
    port = free_port()
    variables = [f"{name}={value}" for name, value in project.variables(house).items()]
    server = house.start("django", port, ["env", "-C", str(project.folder), *variables, *gunicorn(port)])
    server.wait_ready(project.me_path, 401)
    return server


def test_a_projects_users_sign_in_with_exactly_what_was_written(project: Project, site: House) -> None:
    variables = project.variables(site)
    asked = init("--from-django", project.folder / "manage.py", "--python", DJANGO_PYTHON, env=variables, cwd=site.folder)
    assert asked.returncode == 0, asked.stderr
    toml, secrets = site.folder / "munjigi.toml", site.folder / "munjigi.env"

    script = init("--django-script", cwd=site.folder).stdout
    printed = manage(project, site, "shell", stdin=script)
    (site.folder / "dj.json").write_text(printed)
    piped = site.folder / "piped"
    piped.mkdir()
    read = init("--from-django", "../dj.json", cwd=piped)
    assert read.returncode == 0, read.stderr
    assert (piped / "munjigi.toml").read_text() == toml.read_text()
    assert (piped / "munjigi.env").read_text().replace("/piped/", "/") == secrets.read_text()

    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert SECRET_KEY not in toml.read_text() and "a signing key" not in toml.read_text()
    server, neighbour = serve(site, toml, secrets), django(project, site)
    for home, other in [(server, neighbour), (neighbour, server)]:
        client = home.client()
        assert client.post("/user/session_signin", project.credentials | {"password": PASSWORD}).status_code == 200
        visitor = other.client()
        visitor.set_cookie(project.session_cookie, client.cookies[project.session_cookie])
        assert visitor.get(project.me_path).status_code == 200

        tokens = home.client().post(project.token_path, project.credentials | {"password": PASSWORD})
        assert tokens.status_code == 200, tokens.text
        assert other.client(bearer=tokens.json()["access"]).get(project.me_path).status_code == 200
        refresh = project.token_path.replace("login", "refresh") if "login" in project.token_path else "/api/token/refresh/"
        assert other.client().post(refresh, {"refresh": tokens.json()["refresh"]}).status_code == 200


def test_what_no_longer_runs_is_told_by_name(folder: Path) -> None:
    project, house = ALL[1], House(new_database("sqlite", folder), folder)
    done = init("--from-django", project.folder, "--python", DJANGO_PYTHON, env=project.variables(house), cwd=folder)
    assert done.returncode == 0, done.stderr
    toml = (folder / "munjigi.toml").read_text()
    for said in [
        "Signal user_logged_in: shop.receivers.greet is not called.",
        "Signal post_save of users: shop.receivers.index",
        "AUTHENTICATION_BACKENDS: shop.backends.Directory is not asked",
        "Middleware shop.middleware.counted",
        "SIMPLE_JWT.USER_AUTHENTICATION_RULE is settings.may_have_tokens",
        "serializer shop.views.WithName (get_token)",
        "throttle rest_framework.throttling.AnonRateThrottle",
        "TokenVerifyView at a path that begins with a pattern (<slug:tenant>/auth/verify/)",
        "rest_framework.authentication.BasicAuthentication is not asked",
    ]:
        assert said in done.stdout and said in toml, said
    assert "location = /v1/auth/login/ { proxy_pass http://127.0.0.1:8000; }" in done.stdout
    for line in [
        'ACCESS_TOKEN_LIFETIME = "7m"', 'ISSUER = "shop"', 'LEEWAY = "3s"', "TOKEN_BLACKLIST_APP = false",
        "SESSION_COOKIE_AGE = 259200", "iterations = 20000", 'token_refresh = "/v1/auth/refresh/"', "token_verify = false",
    ]:  # fmt: skip
        assert f"\n{line}\n" in toml, line


FAILING = {
    "raises": ("raise RuntimeError('no such shop')", "no such shop"),
    "is no Python": ("def", "SyntaxError"),
    "hangs": ("import time; time.sleep(600)", "did not answer within 1 s"),
    "hangs in a child": ("import subprocess; subprocess.run(['sleep', '20'])", "did not answer within 1 s"),
    "prints and ends": ("print('hello')", "There is no report in it."),
    "prints without end": ("while True: print('x' * 65536)", ""),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_project_whose_python_fails_is_told_and_nothing_is_written(what: str, folder: Path) -> None:
    source, said = FAILING[what]
    (folder / "manage.py").write_text(source)
    done = init("--from-django", "manage.py", "--python", sys.executable, "--timeout", "1s", cwd=folder)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert not list(folder.glob("munjigi*"))


def test_a_python_that_is_not_there_is_told(folder: Path) -> None:
    (folder / "manage.py").write_text("")
    done = init("--from-django", "manage.py", "--python", "./nowhere/python", cwd=folder)
    assert done.returncode == 1 and "nowhere/python cannot be started" in done.stderr
    done = init("--from-django", "elsewhere/manage.py", cwd=folder)
    assert done.returncode == 1 and "Name the manage.py of the project." in done.stderr


def test_a_python_beside_manage_py_is_the_projects(folder: Path) -> None:
    (folder / "manage.py").write_text("import sys; sys.exit('asked by ' + sys.executable)")
    environment = folder / ".venv/bin"
    environment.mkdir(parents=True)
    (environment / "python").symlink_to(sys.executable)
    done = init("--from-django", ".", cwd=folder)
    assert f"asked by {environment / 'python'}" in done.stderr, done.stderr


def test_mysql_is_not_supported(folder: Path) -> None:
    (folder / "in_name").mkdir()
    (folder / "in_name/base.py").write_text(
        "from django.db.backends.sqlite3 import base\n"
        "class DatabaseWrapper(base.DatabaseWrapper):\n    vendor = 'mysql'\n"
    )
    (folder / "settings.py").write_text(
        textwrap.dedent("""
        SECRET_KEY = "k" * 50
        INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
        DATABASES = {"default": {"ENGINE": "in_name", "NAME": "x"}}
        ROOT_URLCONF = "settings"
        urlpatterns = []
        """)
    )
    (folder / "manage.py").write_text((PROJECTS / "renamed/manage.py").read_text())
    done = init("--from-django", "manage.py", "--python", sys.executable, cwd=folder)
    assert done.returncode == 1 and "MySQL or MariaDB, which is not supported" in done.stderr, done.stderr
    assert not list(folder.glob("munjigi*"))


def test_a_file_that_is_there_is_not_written_over(folder: Path) -> None:
    report = HERE.parent / "fixtures/dj.json"
    (folder / "munjigi.env").write_text("mine")
    done = init("--from-django", report, cwd=folder)
    assert done.returncode == 1 and "munjigi.env is there already" in done.stderr
    assert (folder / "munjigi.env").read_text() == "mine" and not (folder / "munjigi.toml").exists()
    done = init("--from-django", "-", "--force", cwd=folder, stdin=report.read_text())
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((folder / "munjigi.env").stat().st_mode) == 0o600
    # The reference project's key is known to everybody.
    assert "`munjigi serve` does not start with this yet. SECRET_KEY" in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["munjigi.env", "munjigi.toml"]
