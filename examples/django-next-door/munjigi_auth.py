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
a savepoint stands around it. Tokens without `sid`, Django's own, are taken as simplejwt takes them, and all are where munjigi
has no table here: before `munjigi migrate` and after `munjigi remove`.

There is no model and no migration. Python 3.9, Django 4.2, simplejwt 5.3 and later; SQLite and PostgreSQL.
"""
from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any, Optional

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

__all__ = ["JWTAuthentication", "JWTStatelessUserAuthentication"]

TABLE = "munjigi_session"
RECORD = f"SELECT user_id, auth_hash, idle_end, absolute_end, ended_at FROM {TABLE} WHERE sid = %s"

# For how long, in seconds, a table that was not there is not looked for again.
ABSENCE = 60.0
_absent_until: dict[str, float] = {}


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
    if _absent_until.get(alias, 0.0) > time.monotonic():
        return True
    try:
        record = _record(alias, sid)
    except DatabaseError:
        if TABLE in connections[alias].introspection.table_names():
            raise
        _absent_until[alias] = time.monotonic() + ABSENCE
        return True
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
