"""`munjigi check --django` with the report of the real reference project: silent where both fit, and each fault that is
planted in the project found by its id."""
from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from databases import SqliteFile
from servers import BARE_ENVIRONMENT, DJANGO_PYTHON, MUNJIGI_BIN, REFERENCE, SECRET_KEY, House, toml

pytestmark = pytest.mark.munjigi_only("about munjigi's own command")

OTHER_KEY = "another-secret-key-of-more-than-fifty-characters-4Rt9wKs2Qm"
HASHERS = ["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher", "BCryptSHA256PasswordHasher"]
HASHERS += ["BCryptPasswordHasher", "ScryptPasswordHasher"]

# What fits to the reference project with Secure cookies.
OURS = {
    "ALLOWED_HOSTS": ["auth.example"],
    "AUTH_USER_MODEL": "user.User",
    "AUTH_PASSWORD_VALIDATORS": [],
    "TRIM_PASSWORDS": True,
    "PASSWORD_HASHERS": [f"django.contrib.auth.hashers.{name}" for name in HASHERS],
}

FAULTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "another key": ({"REF_SECRET_KEY": OTHER_KEY}, ["neighbour.E001"]),
    "cookies over plain HTTP": ({"REF_COOKIE_SECURE": "0"}, ["neighbour.W013", "neighbour.W023"]),
    "another first hasher": ({"REF_HASHERS": ",".join([HASHERS[2], *HASHERS[:2], *HASHERS[3:]])}, ["neighbour.W060"]),
    "a hasher less": ({"REF_HASHERS": ",".join(HASHERS[1:])}, ["neighbour.E061"]),
    "another user model": ({"REF_USER_MODEL": "auth.User"}, ["neighbour.E070"]),
    "no blacklist": ({"REF_BLACKLIST": "0"}, ["neighbour.W052"]),
    "validators": ({"REF_VALIDATORS": "1"}, ["neighbour.W066"]),
    "debug": ({"REF_DEBUG": "1"}, ["neighbour.W100"]),
    "language": ({"REF_LANGUAGE": "en-us"}, ["neighbour.I104"]),
    "tokens": (
        {
            "REF_SIMPLE_JWT": json.dumps(
                {
                    "ALGORITHM": "HS512",
                    "AUDIENCE": "shop",
                    "ACCESS_TOKEN_LIFETIME": 3600,
                    "ROTATE_REFRESH_TOKENS": True,
                    "CHECK_REVOKE_TOKEN": True,
                    "USER_ID_CLAIM": "sub",
                    "AUTH_TOKEN_CLASSES": [f"rest_framework_simplejwt.tokens.{name}Token" for name in ("Access", "Refresh")],
                }
            )
        },
        [f"neighbour.{id}" for id in ("E030", "E031", "E034", "E039", "W041", "W043", "W055")],
    ),
    "csrf": (
        {"REF_SETTINGS": json.dumps({"CSRF_COOKIE_AGE": 3600, "CSRF_TRUSTED_ORIGINS": ["https://shop.example"]})},
        ["neighbour.W026", "neighbour.W029"],
    ),
    "a signing key of its own": ({"REF_SIMPLE_JWT": json.dumps({"SIGNING_KEY": OTHER_KEY})}, ["neighbour.E004"]),
}  # fmt: skip

REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://:secret@cache.example:6379/1"}
CACHED = {"SESSION_ENGINE": "django.contrib.sessions.backends.cached_db"}
DIALECT = {"JWT_AUTH": {"JWT_AUTH_HEADER_PREFIX": "Bearer"}, "ROUTES": {"obtain_jwt_token": "/api-token-auth/"}}

# Faults that need something on our side too.
OF_BOTH: dict[str, tuple[dict[str, object], dict[str, str], list[str]]] = {
    "the other dialect": (DIALECT, {"REF_JWT_AUTH": "{}"}, []),
    "its keys": (
        DIALECT,
        {"REF_JWT_AUTH": json.dumps({"JWT_ALGORITHM": "HS512", "JWT_ISSUER": "shop", "JWT_SECRET_KEY": OTHER_KEY})},
        ["neighbour.E110", "neighbour.E112", "neighbour.E121"],
    ),
    "another cache": (
        CACHED | {"CACHES": {"default": REDIS | {"LOCATION": "redis://cache.example:6379/2"}}},
        {"REF_SETTINGS": json.dumps(CACHED | {"CACHES": {"default": REDIS}})},
        ["neighbour.W085"],
    ),
    "the same cache": (
        CACHED | {"CACHES": {"default": REDIS}},
        {"REF_SETTINGS": json.dumps(CACHED | {"CACHES": {"default": REDIS}})},
        [],
    ),
    "a field that is not there": ({"user": {"fields": {"phone": {"type": "TextField"}}}}, {}, ["neighbour.E075"]),
}  # fmt: skip


class Comparison:
    """The reference project and munjigi, neither of them running."""

    def __init__(self, folder: Path, more: dict[str, object] | None = None) -> None:
        self.folder = folder
        self.house = House(SqliteFile(folder / "munjigi.sqlite3"), folder)
        (folder / "munjigi.toml").write_text(toml(OURS | (more or {})))
        self.script = self.munjigi("init", "--django-script").stdout

    def munjigi(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = self.house.munjigi_environment() | {"MUNJIGI_DATABASE_URL": self.house.database.django_url}
        return subprocess.run([MUNJIGI_BIN, *words], env=environment, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def report(self, name: str, environment: dict[str, str]) -> Path:
        environment = self.house.django_environment() | {"REF_COOKIE_SECURE": "1"} | environment
        done = subprocess.run(
            [DJANGO_PYTHON, "manage.py", "shell"], env=environment, cwd=REFERENCE, input=self.script,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        path = self.folder / f"{name.replace(' ', '-')}.json"
        path.write_text(done.stdout)
        return path

    def ids(self, name: str, environment: dict[str, str]) -> tuple[int, list[str]]:
        """The exit status, and what was found."""
        done = self.munjigi("check", "--django", str(self.report(name, environment)), "--format", "json")
        assert done.stdout, done.stderr
        findings = json.loads(done.stdout)
        for secret in (SECRET_KEY, OTHER_KEY):
            assert secret not in done.stdout + done.stderr
        assert all(finding["hint"] for finding in findings)
        return done.returncode, [finding["id"] for finding in findings]


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return Comparison(tmp_path_factory.mktemp("check"))


def test_nothing_is_found_where_both_sides_fit(comparison: Comparison) -> None:
    report = comparison.report("sound", {})
    done = comparison.munjigi("check", "--django", str(report), "--fail-level", "info")
    assert done.returncode == 0, done.stderr
    # What hashes here, and then this.
    assert done.stdout.splitlines()[1:] == ["The settings are good."], done.stdout


def test_each_planted_fault_is_found_and_nothing_else(comparison: Comparison) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = {name: pool.submit(comparison.ids, name, environment) for name, (environment, _) in FAULTS.items()}
    for name, (_, expected) in FAULTS.items():
        status, found = runs[name].result()
        assert sorted(found) == sorted(expected), name
        fails = any(".I" not in id for id in expected)
        assert status == (1 if fails else 0), name


def test_faults_of_both_sides_together_are_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    for name, (more, environment, expected) in OF_BOTH.items():
        comparison = Comparison(tmp_path_factory.mktemp("both"), more)
        _, found = comparison.ids(name, environment)
        assert sorted(found) == sorted(expected), name


def test_what_is_no_report_is_told_and_fails(comparison: Comparison) -> None:
    for text in ("", "ModuleNotFoundError: No module named 'shop'\n", '{"id": 1}'):
        path = comparison.folder / "no-report.json"
        path.write_text(text)
        done = comparison.munjigi("check", "--django", str(path))
        assert (done.returncode, "There is no report in it" in done.stderr) == (1, True), done.stderr
