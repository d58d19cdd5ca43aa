"""Questions to the real Django, on the database and with the SECRET_KEY of the environment.

Runs as a program of its own (`House.ask` starts it), because a Django process has one set of settings for life:
reads `{"question": NAME, "arguments": {…}}`, prints the answer as JSON.
"""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, os.environ.get("INTEROP_PROJECT", str(Path(__file__).parent / "reference")))


def check_password(username: str, password: str) -> bool:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(username=username).check_password(password)


def make_user(username: str, password: str, hasher: str = "default", **columns: Any) -> str:
    """Makes a user as Django does, with any of its hashers, and gives back the stored hash."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    encoded = make_password(password, hasher=hasher)
    user = get_user_model().objects.create(username=username, password=encoded, **columns)
    return user.password


def hash_password(password: str) -> str:
    from django.contrib.auth.hashers import make_password

    return make_password(password)


def log_in(username: str) -> str:
    """Opens a session for a user without asking for a password, and gives back its key."""
    from django.conf import settings
    from django.contrib.auth import get_user_model, login
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    login(request, get_user_model().objects.get(username=username), "django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return request.session.session_key


def make_people(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Makes users with these stored hashes, each with a session that Django opened for him an hour ago without asking for a
    password. Gives back each one's session key, and whether Django would store the password anew at its next sign-in."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import get_hasher, identify_hasher
    from django.db import transaction

    def must_update(encoded: str) -> bool:
        try:
            is_preferred = identify_hasher(encoded).algorithm == get_hasher().algorithm
        except ValueError:
            return True
        return not is_preferred or get_hasher().must_update(encoded)

    people = []
    with transaction.atomic():
        for row in rows:
            get_user_model().objects.create(email=f"{row['username']}@naver.com", **row)
            people.append({"session": log_in(row["username"]), "must_update": must_update(row["password"])})
    let_an_hour_pass()
    return people


def let_an_hour_pass() -> None:
    """Nobody has signed in for an hour."""
    from datetime import timedelta

    from django.contrib.auth import get_user_model
    from django.utils import timezone

    get_user_model().objects.update(last_login=timezone.now() - timedelta(hours=1))


def encode(rows: list[dict[str, Any]]) -> list[str]:
    """What Django's hashers make of passwords: `hasher` is the name of a class, `salt` may be missing, and the rest is its cost."""
    from django.contrib.auth import hashers

    encoded = []
    for row in rows:
        cost = {name: value for name, value in row.items() if name not in ("hasher", "password", "salt")}
        hasher = type(row["hasher"], (getattr(hashers, row["hasher"]),), cost)()
        encoded.append(hasher.encode(row["password"], row.get("salt") or hasher.salt()))
    return encoded


def set_password(username: str, password: str) -> None:
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.get(username=username)
    user.set_password(password)
    user.save()


def set_active(username: str, active: bool) -> None:
    from django.contrib.auth import get_user_model

    get_user_model().objects.filter(username=username).update(is_active=active)


def delete_user(username: str) -> None:
    from django.contrib.auth import get_user_model

    get_user_model().objects.get(username=username).delete()


def settle(groups: dict[str, list[str]], people: list[dict[str, Any]]) -> list[str]:
    """Makes the tables, groups, and users of any model: fields, and `password`, `hasher`, `groups` and `permissions`. Gives
    their keys back."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import Group

    migrate()
    make_groups(groups)
    keys = []
    for fields in people:
        given, may = fields.pop("groups", []), fields.pop("permissions", [])
        encoded = make_password(fields.pop("password"), hasher=fields.pop("hasher", "default"))
        user = get_user_model().objects.create(**fields, password=encoded)
        user.groups.set(Group.objects.filter(name__in=given))
        user.user_permissions.set(_permissions(may))
        keys.append(str(user.pk))
    return keys


def people_of(names: list[str]) -> dict[str, dict[str, Any]]:
    """Users by what signs them in, once Django's own validation has found their rows whole."""
    from django.contrib.auth import get_user_model

    found = {}
    for name in names:
        user = get_user_model().objects.get_by_natural_key(name)
        user.full_clean(exclude=["password"])
        found[name] = {
            "key": str(user.pk),
            "algorithm": user.password.split("$")[0],
            "permissions": sorted(user.get_all_permissions()),
        }
    return found


def look_and_delete(names: list[str], leaver: str) -> dict[str, dict[str, Any]]:
    """Fails where a migration is to be made or to be applied. Tells of users, and deletes one."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    call_command("migrate", check_unapplied=True, verbosity=0)
    found = people_of(names)
    get_user_model().objects.get_by_natural_key(leaver).delete()
    return found


def make_groups(groups: dict[str, list[str]]) -> None:
    """Makes groups with permissions such as `auth.view_group`."""
    from django.contrib.auth.models import Group

    for name, permissions in groups.items():
        Group.objects.create(name=name).permissions.set(_permissions(permissions))


def make_member(
    username: str, password: str, groups: tuple[str, ...] = (), permissions: tuple[str, ...] = (), **columns: Any
) -> None:
    """Makes a user who is in groups, and may do more by himself."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    user = get_user_model().objects.create_user(username, f"{username}@naver.com", password, **columns)
    user.groups.set(Group.objects.filter(name__in=groups))
    user.user_permissions.set(_permissions(permissions))


def _permissions(names: list[str] | tuple[str, ...]) -> list[Any]:
    from django.contrib.auth.models import Permission

    pairs = (name.split(".") for name in names)
    return [Permission.objects.filter(content_type__app_label=app, codename=codename).get() for app, codename in pairs]


def all_permissions(username: str) -> list[str]:
    from django.contrib.auth import get_user_model

    return sorted(get_user_model().objects.get(username=username).get_all_permissions())


def custom_claims(username: str) -> dict[str, Any]:
    """What a serializer of the project's own, as simplejwt's documentation shows it, adds to a token."""
    from django.contrib.auth import get_user_model
    from rest_framework_simplejwt.serializers import TokenObtainPairSerializer

    class Custom(TokenObtainPairSerializer):
        @classmethod
        def get_token(cls, user: Any) -> Any:
            token = super().get_token(user)
            token["name"] = user.get_full_name()
            token["since"] = user.date_joined.isoformat()
            token["staff"] = user.is_staff
            token["root"] = user.is_superuser
            token["age"] = user.age
            token["roles"] = sorted(user.groups.values_list("name", flat=True))
            token["may"] = sorted(user.get_all_permissions())
            return token

    claims = Custom.get_token(get_user_model().objects.get(username=username)).payload
    return {name: claims[name] for name in ("name", "since", "staff", "root", "age", "roles", "may")}


def session(session_key: str) -> dict[str, Any]:
    """The session's data, and who Django takes its bearer for (None: nobody)."""
    from django.conf import settings
    from django.contrib.auth import get_user

    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(SimpleNamespace(session=store))
    return {"data": dict(store.items()), "user": user.get_username() or None}


def cycle_key(session_key: str) -> str:
    """Gives a session a new key, as `update_session_auth_hash` does."""
    from django.conf import settings

    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    store.cycle_key()
    store.save()
    return store.session_key


def migrate_plan() -> list[str]:
    """The apps that `migrate` would still touch, once for each migration."""
    from django.core.management import call_command

    out = StringIO()
    call_command("migrate", plan=True, stdout=out, no_color=True)
    steps = (line.split(".") for line in out.getvalue().splitlines() if not line.startswith((" ", "Planned")))
    return [app for app, *name in steps if name]


def changed_models() -> list[str]:
    """What `makemigrations` would write."""
    from django.core.management import call_command

    out = StringIO()
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, stdout=out, no_color=True)
    except SystemExit:
        return out.getvalue().splitlines()
    return []


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def unfit_columns() -> list[str]:
    """Tables and columns of Django's models that the database lacks."""
    from django.apps import apps
    from django.db import connection

    missing = []
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table in tables:
                columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
                missing += [f"{table}.{field.column}" for field in model._meta.local_fields if field.column not in columns]
            elif model._meta.app_label != "admin":
                missing.append(table)
    return missing


def guard(tokens: list[str]) -> list[str]:
    """What simplejwt's guard says to each access token: the user's name, or why it is refused."""
    from rest_framework_simplejwt.authentication import JWTAuthentication

    return _guarded(JWTAuthentication(), tokens, lambda user: user.get_username())


def _guarded(guard: Any, tokens: list[str], told: Callable[[Any], str]) -> list[str]:
    from rest_framework_simplejwt.exceptions import InvalidToken

    answers = []
    for token in tokens:
        try:
            answers.append(told(guard.get_user(guard.get_validated_token(token.encode()))))
        except InvalidToken as refusal:
            answers.append(str(refusal.detail["messages"][0]["message"]))
    return answers


def stateless_guard(tokens: list[str]) -> list[str]:
    """What munjigi_auth's guard without a user's row says to each access token: the user's id, or why it is refused."""
    return _guarded(import_module("munjigi_auth").JWTStatelessUserAuthentication(), tokens, lambda user: str(user.id))


def checked_by_munjigi_auth() -> list[str]:
    """What `manage.py check --database default` says of munjigi's rows, in a project that imports munjigi_auth."""
    from django.core import checks

    import_module("munjigi_auth")
    found = [message for message in checks.run_checks(databases=["default"]) if message.id.startswith("munjigi_auth.")]
    return [f"{message.id}: {message.msg}" for message in found]


def queries_of_guards(token: str, times: int) -> dict[str, Any]:
    """The statements that simplejwt's guard runs for an access token, those that munjigi_auth's runs, alone and in a
    transaction, and the microseconds of each."""
    import time

    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext
    from rest_framework_simplejwt.authentication import JWTAuthentication

    def asked(guard: Any) -> dict[str, Any]:
        def ask() -> None:
            guard.get_user(guard.get_validated_token(token.encode()))

        ask()
        with CaptureQueriesContext(connection) as alone:
            ask()
        with transaction.atomic(), CaptureQueriesContext(connection) as inside:
            ask()
        began = time.perf_counter()
        for _ in range(times):
            ask()
        seconds = time.perf_counter() - began
        return {"alone": [query["sql"] for query in alone], "inside": len(inside), "micros": seconds / times * 1e6}

    return {"simplejwt": asked(JWTAuthentication()), "munjigi_auth": asked(import_module("munjigi_auth").JWTAuthentication())}


def give_tokens(username: str) -> dict[str, str]:
    """A pair of simplejwt's own tokens."""
    from django.contrib.auth import get_user_model
    from rest_framework_simplejwt.tokens import RefreshToken

    refresh = RefreshToken.for_user(get_user_model().objects.get(username=username))
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def give_pairs(username: str, count: int) -> list[dict[str, str]]:
    """As many sign-ins of one user."""
    return [give_tokens(username) for _ in range(count)]


def take_and_give_tokens(tokens: list[str], username: str) -> dict[str, object]:
    """Both at once: a start of Django takes most of the time."""
    return {"guard": guard(tokens), "given": give_tokens(username)}


QUESTIONS = {
    question.__name__: question
    for question in (
        check_password, make_user, make_people, settle, people_of, look_and_delete, encode, log_in, let_an_hour_pass,
        make_groups, make_member, hash_password, set_password, set_active, delete_user,
        all_permissions, custom_claims, queries_of_guards, stateless_guard, checked_by_munjigi_auth,
        session, cycle_key, migrate_plan, changed_models, migrate, unfit_columns, guard, give_tokens, give_pairs, take_and_give_tokens,
    )
}  # fmt: skip

if __name__ == "__main__":
    import django

    asked = json.load(sys.stdin)
    django.setup()
    print(json.dumps(QUESTIONS[asked["question"]](**asked["arguments"])))
