"""`munjigi import` and `munjigi export` against Django's own `loaddata` and `dumpdata`: users, hashes and groups go from one
kind of database to the other either way, the rows are the same, and everybody still signs in."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import Figure, new_database
from django_users import COUNT, PASSWORD
from servers import BARE_ENVIRONMENT, HERE, SECRET_KEY, House, Settings

pytestmark = pytest.mark.munjigi_only("the commands are munjigi's")

CHEAP: Settings = {"pbkdf2_sha256": {"iterations": 1000}}
HASHERS = [
    f"{name}PasswordHasher" for name in ("PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt")
]


@dataclass(frozen=True)
class Project:
    """A Django project, its users, and how munjigi is told of them."""

    folder: Path
    table: str
    settings: Settings
    username: str
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        return self.settings["AUTH_USER_MODEL"].lower()


PROJECTS = {
    "auth.User": Project(
        HERE / "reference", "auth_user", {"AUTH_USER_MODEL": "auth.User"}, "username",
        (("REF_USER_MODEL", "auth.User"),),
    ),
    "user.User": Project(
        HERE / "reference", "user_user", {"AUTH_USER_MODEL": "user.User"}, "username",
        (("REF_USER_MODEL", "user.User"),),
    ),
    "accounts.Member": Project(
        HERE / "projects/uuid_email", "accounts_member",
        {
            "AUTH_USER_MODEL": "accounts.Member",
            "user": {
                "primary_key": "UUIDField", "USERNAME_FIELD": "email",
                "columns": {"username": "", "first_name": "", "last_name": "", "date_joined": ""},
            },
        },
        "email",
    ),
}  # fmt: skip


class Place(House):
    """A house whose Django is one of the projects."""

    project: Project

    def steps(self, *steps: str) -> None:
        """Runs steps of `django_users.py` in the project."""
        environment = BARE_ENVIRONMENT | dict(self.project.variables) | {
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(self.project.folder),
            "REF_DB": self.database.django_url,
            "REF_SECRET_KEY": SECRET_KEY,
        }
        done = subprocess.run(
            [sys.executable, HERE / "django_users.py", *steps],
            env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    @property
    def settings(self) -> Settings:
        here = {"DATABASE_URL": self.database.django_url, "PASSWORD_HASHERS": HASHERS, "hashers": CHEAP}
        return {**here, **self.project.settings}

    def command(self, *words: str) -> str:
        return self.munjigi_command(*words, settings=self.settings).stdout

    def rows(self) -> list[tuple[Any, ...]]:
        """Every column of every user, and the names of his groups and permissions."""
        table = self.project.table
        user = f"{table.split('_')[1]}_id"
        columns = [name for name in self.columns() if name != "id"]
        users = self.database.rows(f"select id, {', '.join(columns)} from {table} order by id")
        groups = self.database.rows(
            f"select u.{user}, g.name from {table}_groups u join auth_group g on g.id = u.group_id order by 1, 2"
        )
        own = self.database.rows(
            f"select u.{user}, p.codename from {table}_user_permissions u "
            "join auth_permission p on p.id = u.permission_id order by 1, 2"
        )
        of_groups = self.database.rows(
            "select g.name, p.codename from auth_group g join auth_group_permissions x on x.group_id = g.id "
            "join auth_permission p on p.id = x.permission_id order by 1, 2"
        )
        return [*users, *groups, *own, *of_groups]

    def columns(self) -> list[str]:
        known = ["password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff",
                 "is_active", "date_joined", "age"]  # fmt: skip
        if self.project.label == "accounts.member":
            return [name for name in known if name not in ("username", "first_name", "last_name", "date_joined", "age")]
        return known if self.project.label == "user.user" else known[:-1]


@pytest.fixture
def places(request: pytest.FixtureRequest, folder: Path) -> Iterator[list[Place]]:
    """The project with its users on one kind of database, and twice without on the other."""
    model, backend = request.param
    other = "postgres" if backend == "sqlite" else "sqlite"
    places = []
    for name, kind in (("theirs", backend), ("loaded", other), ("imported", other)):
        (folder / name).mkdir()
        place = Place(new_database(kind, folder / name), folder / name)
        place.project = PROJECTS[model]
        places.append(place)
    yield places
    for place in places:
        place.close()


WAYS = [("auth.User", "sqlite"), ("user.User", "postgres"), ("accounts.Member", "sqlite")]


@pytest.mark.parametrize("places", WAYS, indirect=True, ids=["-to-".join(way) for way in WAYS])
def test_users_move_to_the_other_kind_of_database_by_either_and_sign_in(places: list[Place], figure: Figure) -> None:
    theirs, loaded, imported = places
    numbers, natural, ours = (theirs.folder / name for name in ("numbers.json", "natural.jsonl", "ours.json"))
    theirs.steps("migrate", "fill", "dump", str(numbers), "dump", str(natural))
    theirs.command("migrate")
    theirs.command("export", str(ours))
    assert ours.stat().st_mode & 0o777 == 0o600

    # Django takes what munjigi wrote, and munjigi what Django wrote, by numbers and by natural keys.
    loaded.steps("migrate", "load", str(ours))
    imported.steps("migrate")
    imported.command("migrate")
    assert f"Imported: {COUNT} users\n" in imported.command("import", str(numbers))
    assert len(loaded.rows()) > COUNT
    assert loaded.rows() == imported.rows()
    again = imported.command("import", str(natural), "--on-conflict", "skip")
    assert f"Skipped, since they are there: {COUNT} users\n" in again
    before = imported.rows()
    assert f"Updated: {COUNT} users\n" in imported.command("import", str(natural), "--on-conflict", "update")
    assert imported.rows() == before

    # What munjigi writes there is what it wrote here.
    copy = imported.folder / "copy.json"
    imported.command("export", str(copy))
    assert json.loads(copy.read_text()) == json.loads(ours.read_text())

    server = imported.munjigi(imported.settings)
    client = server.client()
    signed_in = 0
    for name, is_active in imported.database.rows(
        f"select {imported.project.username}, is_active from {imported.project.table}"
    ):
        field = "username" if imported.project.username == "username" else "email"
        answer = client.post("/user/jwt_signin", {field: name, "password": PASSWORD})
        assert answer.status_code == (200 if is_active else 400), (name, answer.text)
        signed_in += bool(is_active)
    figure(f"{imported.project.label}: {COUNT} users moved, {signed_in} active ones signed in")


def test_very_many_users_come_in_and_out(folder: Path, backend: str, figure: Figure) -> None:
    count = int(os.environ.get("INTEROP_IMPORTED_USERS", "10000"))
    place = House(new_database(backend, folder), folder)
    try:
        settings = {"DATABASE_URL": place.database.django_url}
        place.munjigi_command("migrate", settings=settings)
        users = folder / "users.ndjson"
        encoded = "pbkdf2_sha256$1000000$seasalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        with users.open("w") as out:
            for at in range(1, count + 1):
                user = {"id": at, "username": f"user{at}", "email": f"user{at}@naver.com", "password": encoded, "age": at % 99}
                out.write(json.dumps(user) + "\n")
        begun = time.monotonic()
        done = place.munjigi_command("import", str(users), settings=settings, seconds=600)
        took = time.monotonic() - begun
        assert done.stdout == f"Imported: {count} users\n"
        assert place.database.rows("select count(*), max(id) from user_user") == [(count, count)]
        begun = time.monotonic()
        place.munjigi_command("export", str(folder / "users.json"), settings=settings, seconds=600)
        figure(f"{backend}: {count:,} users in within {took:.1f} s, out within {time.monotonic() - begun:.1f} s")
    finally:
        place.close()
