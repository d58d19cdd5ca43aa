"""simplejwt's authentication classes, which also refuse an access token whose sign-in has ended at munjigi.

simplejwt looks an access token up nowhere: after a sign-out it is good until its `exp`. munjigi keeps a row behind each
sign-in, and names it in the claim `sid`. These classes read that row, by its primary key and over Django's own connection, so
that a sign-out at munjigi holds here with the next request. Copy this file into your project, and write

    REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": (
            "munjigi_auth.JWTAuthentication",  # instead of rest_framework_simplejwt.authentication.JWTAuthentication
            "rest_framework.authentication.SessionAuthentication",  # needs nothing: munjigi deletes Django's row
        ),
    }

It costs one statement for each request with a token of munjigi's, and three inside a transaction (`ATOMIC_REQUESTS`), where
a savepoint stands around it. Tokens without `sid`, Django's own, are taken as simplejwt takes them.

Where the rows cannot be read, the log says so once (the logger `munjigi_auth`), and a token of munjigi's is

- taken as simplejwt takes it, where the database has no such table: before `munjigi migrate`, after `munjigi remove`;
- answered with 503, where it has one that Django cannot read: its schema is not in the search_path of Django's role, or the
  role lacks SELECT on it. Nobody could tell that a sign-in has ended.

`MUNJIGI_AUTH_WITHOUT_RECORDS = "closed"` in the settings answers 503 in the first case too, "open" takes the token in the second.
`manage.py check --database default` tells of either where this module is imported by then, as in an app's `ready`:

    class ShopConfig(AppConfig):
        def ready(self):
            import munjigi_auth

There is no model and no migration. Python 3.9, Django 4.2, simplejwt 5.3 and later; SQLite and PostgreSQL.
"""
from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from typing import Any, Optional

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

__all__ = ["JWTAuthentication", "JWTStatelessUserAuthentication", "RecordsUnavailable"]

TABLE = "munjigi_session"
RECORD = f"SELECT user_id, auth_hash, idle_end, absolute_end, ended_at FROM {TABLE} WHERE sid = %s"

# Every relation of that name, whether the search_path leads to it, and whether the role may read it.
POSTGRES_TABLES = """
    SELECT n.nspname, pg_catalog.pg_table_is_visible(c.oid),
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'f')"""

# For how long, in seconds, a table that could not be read is not asked again.
ABSENCE = 60.0
_unreadable: dict[str, tuple[float, _Trouble]] = {}

_log = logging.getLogger("munjigi_auth")


class RecordsUnavailable(APIException):
    """Whether the sign-in has ended cannot be told."""

    status_code = 503
    default_detail = "Service temporarily unavailable, try again later."
    default_code = "service_unavailable"


class _Trouble:
    """Why the rows cannot be read."""

    def __init__(self, *, is_there: bool, reason: str) -> None:
        self.is_there = is_there
        self.reason = reason

    def is_closed(self) -> bool:
        choice = getattr(settings, "MUNJIGI_AUTH_WITHOUT_RECORDS", None)
        if choice not in (None, "open", "closed"):
            raise ImproperlyConfigured('MUNJIGI_AUTH_WITHOUT_RECORDS is "open" or "closed".')
        return self.is_there if choice is None else choice == "closed"

    def told(self) -> str:
        taken = "answered with 503" if self.is_closed() else "taken until they expire, whether or not their sign-ins have ended"
        return f"{self.reason} Access tokens of munjigi are {taken}."


class _AsksForTheRecord:
    """For a class of simplejwt's: whoever it finds must be signed in still."""

    def get_user(self, validated_token: Token) -> Any:
        user = super().get_user(validated_token)  # type: ignore[misc]
        if "sid" in validated_token and not _is_signed_in(validated_token["sid"], user):
            raise InvalidToken(_refusal(validated_token))
        return user


class JWTAuthentication(_AsksForTheRecord, authentication.JWTAuthentication):
    """`rest_framework_simplejwt.authentication.JWTAuthentication`, until the sign-in ends."""


class JWTStatelessUserAuthentication(_AsksForTheRecord, authentication.JWTStatelessUserAuthentication):
    """The same without the user's row: another password shows with the next access token only."""


def _is_signed_in(sid: object, user: Any) -> bool:
    """Whether the sign-in holds, by the rules of munjigi's own (`crates/munjigi/src/accounts/record.rs`)."""
    # A number, or a NUL that PostgreSQL would raise on, was never one of munjigi's.
    if not isinstance(sid, str) or "\0" in sid:
        return False
    alias = router.db_for_read(get_user_model())
    until, trouble = _unreadable.get(alias, (0.0, None))
    if trouble is not None and until > time.monotonic():
        return _without_records(trouble)
    try:
        record = _record(alias, sid)
    except DatabaseError:
        found = _trouble(alias)
        if found is None:
            raise  # the table can be read, and something else is wrong
        if trouble is None or trouble.reason != found.reason:
            _log.error(found.told())
        _unreadable[alias] = (time.monotonic() + ABSENCE, found)
        return _without_records(found)
    if trouble is not None:
        _unreadable.pop(alias, None)
    if record is None:
        return False  # it has ended, and was swept since
    user_id, auth_hash, idle_end, absolute_end, ended_at = record
    now = timezone.now().timestamp() * 1000
    if ended_at is not None or any(end is not None and end <= now for end in (idle_end, absolute_end)):
        return False
    if not isinstance(user, AbstractBaseUser):
        return True  # a TokenUser is his claims
    return user_id == str(user.pk) and _is_of_this_password(auth_hash, user)


def _record(alias: str, sid: str) -> Optional[tuple[Any, ...]]:
    connection = connections[alias]
    # Where the table is not there, PostgreSQL would take the rest of the transaction with it.
    around = transaction.atomic(using=alias) if connection.in_atomic_block else nullcontext()
    with around, connection.cursor() as cursor:
        cursor.execute(RECORD, [sid])
        return cursor.fetchone()


def _without_records(trouble: _Trouble) -> bool:
    if trouble.is_closed():
        raise RecordsUnavailable()
    return True


def _trouble(alias: str) -> Optional[_Trouble]:
    """Why the table cannot be read, if it cannot."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        is_readable, others = TABLE in connection.introspection.table_names(), []
    else:
        with connection.cursor() as cursor:
            cursor.execute(POSTGRES_TABLES, [TABLE])
            tables = cursor.fetchall()
        is_readable = any(is_visible and may_read for _, is_visible, may_read in tables)
        others = [
            f"{schema}.{TABLE} is there and " + ("Django's role may not read it." if not may_read else "not in Django's search_path.")
            for schema, _, may_read in tables
        ]
    if is_readable:
        return None
    if others:
        return _Trouble(is_there=True, reason=" ".join(others))
    return _Trouble(is_there=False, reason=f'The database "{alias}" has no table {TABLE}.')


@checks.register(checks.Tags.database)
def check_records(app_configs: Any = None, databases: Any = None, **options: Any) -> list[checks.CheckMessage]:
    """Whether the rows can be read. Django runs this where it may ask the database: `check --database`, `migrate`."""
    alias = router.db_for_read(get_user_model())
    trouble = _trouble(alias) if alias in (databases or ()) else None
    if trouble is None:
        return []
    if trouble.is_there:
        hint = f"Put its schema into the role's search_path, and grant SELECT on {TABLE}."
        return [checks.Error(trouble.told(), hint=hint, id="munjigi_auth.E001")]
    return [checks.Warning(trouble.told(), hint="Run `munjigi migrate`.", id="munjigi_auth.W001")]


def _is_of_this_password(auth_hash: str, user: AbstractBaseUser) -> bool:
    """As Django asks of a session: the password, or the key of `SECRET_KEY_FALLBACKS`, may be another by now."""
    if constant_time_compare(auth_hash, user.get_session_auth_hash()):
        return True
    return any(constant_time_compare(auth_hash, former) for former in user.get_session_auth_fallback_hash())


def _refusal(validated_token: Token) -> dict[str, Any]:
    """What simplejwt answers where a token was blacklisted: what each of `AUTH_TOKEN_CLASSES` says to it."""
    messages = []
    for token_class in api_settings.AUTH_TOKEN_CLASSES:
        message = _("Token is blacklisted")
        if token_class is not type(validated_token):
            try:
                token_class(validated_token.token)
            except TokenError as error:
                message = error.args[0]
        messages.append({"token_class": token_class.__name__, "token_type": token_class.token_type, "message": message})
    return {"detail": _("Given token not valid for any token type"), "messages": messages}
