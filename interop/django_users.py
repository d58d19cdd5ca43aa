"""A Django project's users, as its own Python makes, dumps and loads them: `django_users.py fill|dump|load|migrate FILE…`.

Runs as a program of its own in the project that `PYTHONPATH` and `DJANGO_SETTINGS_MODULE` name, several steps in one start.
"""
from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

COUNT = 500
"""Of each algorithm, at costs that a test can pay for five hundred times, and at Django's own."""
PASSWORD = "correct horse 1234"


def encodings() -> list[str]:
    from django.contrib.auth import hashers

    cheap: list[Any] = [
        hashers.PBKDF2PasswordHasher(), hashers.PBKDF2SHA1PasswordHasher(), hashers.Argon2PasswordHasher(),
        hashers.ScryptPasswordHasher(), hashers.BCryptPasswordHasher(), hashers.BCryptSHA256PasswordHasher(),
    ]  # fmt: skip
    pbkdf2, pbkdf2_sha1, argon2, scrypt, bcrypt, bcrypt_sha256 = cheap
    pbkdf2.iterations, pbkdf2_sha1.iterations, scrypt.work_factor, bcrypt.rounds, bcrypt_sha256.rounds = 1000, 1000, 16, 4, 4
    argon2.memory_cost, argon2.parallelism = 1024, 1
    return [hasher.encode(PASSWORD, hasher.salt()) for hasher in cheap for _ in range(3)]


def fill() -> None:
    """Five hundred users with hashes of every kind, in groups, and with moments of every precision."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group, Permission

    User = get_user_model()
    names = {field.name for field in User._meta.fields}
    begun = datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC)
    stored, users = encodings(), []
    for at in range(COUNT):
        fields = {
            "username": ["mseo", "민지", "d\u00e9j\u00e0.vu", "a,\"b\"\n@c"][at % 4] + str(at),
            "email": f"User{at}@naver.com",
            "password": stored[at % len(stored)],
            "first_name": "길동" if at % 3 else "",
            "last_name": "O'Neil \\ \"홍\"" if at % 5 == 0 else "",
            "is_staff": at % 7 == 0,
            "is_superuser": at % 100 == 0,
            "is_active": at % 11 != 5,
            # Django's own dump keeps milliseconds.
            "last_login": None if at % 4 == 0 else begun + timedelta(days=at, milliseconds=at),
            "date_joined": begun + timedelta(hours=at),
            "age": at if at % 2 else None,
        }
        users.append(User(**{name: value for name, value in fields.items() if name in names}))
    User.objects.bulk_create(users)
    writers, editors = (Group.objects.create(name=name) for name in ("writers", "편,집\"자"))
    view = Permission.objects.get(codename="view_group", content_type__app_label="auth")
    editors.permissions.add(view)
    for at, user in enumerate(User.objects.order_by("email")):
        if at % 10 == 0:
            user.groups.set([writers, editors] if at % 20 else [editors])
        if at % 50 == 0:
            user.user_permissions.add(view)


def main() -> None:
    import django
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    django.setup()
    label = get_user_model()._meta.label
    steps = iter(sys.argv[1:])
    for step in steps:
        match step:
            case "migrate":
                call_command("migrate", verbosity=0)
            case "fill":
                fill()
            case "dump":
                file = next(steps)
                with_numbers = ["contenttypes.ContentType", "auth.Permission", "auth.Group"]
                natural = file.endswith(".jsonl")
                models = ["auth.Group"] if natural else with_numbers
                form = {"format": "jsonl"} if natural else {"indent": 2}
                call_command("dumpdata", *models, label, output=file, verbosity=0, use_natural_foreign_keys=natural, **form)
            case "load":
                call_command("loaddata", next(steps), verbosity=0)
            case _:
                raise SystemExit(f"no such step: {step}")


if __name__ == "__main__":
    main()
