# What munjigi asks of a Django project: its settings as they hold, its user model, who listens to its signals.
#
#     munjigi init --django-script | python manage.py shell > dj.json
#
# Nothing is written and no query is made: the database is not even connected to. THE OUTPUT HOLDS SECRETS (SECRET_KEY,
# the password of the database): treat dj.json as you treat those, and remove it when `munjigi init --from-django dj.json`
# has read it.
#
# The whole of it is one string and one call, so that it also runs where a shell reads it line by line. Django 4.2 to 5.2,
# Python 3.8 and later.
_munjigi_report = r'''
import datetime
import decimal
import importlib
import inspect
import json
import os
import pathlib
import platform
import re
import sys
import weakref

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections, router, models
from django.utils.functional import Promise

FORMAT = 1

# Settings that hold no secret, by their names. Those of the dicts, the database and the caches are told apart below.
SETTINGS = """
ALLOWED_HOSTS AUTHENTICATION_BACKENDS
CSRF_COOKIE_AGE CSRF_COOKIE_DOMAIN CSRF_COOKIE_HTTPONLY CSRF_COOKIE_NAME CSRF_COOKIE_PATH CSRF_COOKIE_SAMESITE
CSRF_COOKIE_SECURE CSRF_FAILURE_VIEW CSRF_HEADER_NAME CSRF_TRUSTED_ORIGINS CSRF_USE_SESSIONS
DATA_UPLOAD_MAX_MEMORY_SIZE DATA_UPLOAD_MAX_NUMBER_FIELDS DEBUG DEFAULT_FROM_EMAIL
EMAIL_BACKEND EMAIL_HOST EMAIL_HOST_USER EMAIL_PORT EMAIL_SSL_CERTFILE EMAIL_TIMEOUT EMAIL_USE_SSL EMAIL_USE_TLS
FORCE_SCRIPT_NAME LANGUAGE_CODE MIDDLEWARE PASSWORD_RESET_TIMEOUT
SECURE_CONTENT_TYPE_NOSNIFF SECURE_CROSS_ORIGIN_OPENER_POLICY SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD
SECURE_HSTS_SECONDS SECURE_PROXY_SSL_HEADER SECURE_REFERRER_POLICY SECURE_SSL_REDIRECT
SESSION_CACHE_ALIAS SESSION_COOKIE_AGE SESSION_COOKIE_DOMAIN SESSION_COOKIE_HTTPONLY SESSION_COOKIE_NAME
SESSION_COOKIE_PATH SESSION_COOKIE_SAMESITE SESSION_COOKIE_SECURE SESSION_ENGINE SESSION_EXPIRE_AT_BROWSER_CLOSE
SESSION_SAVE_EVERY_REQUEST SESSION_SERIALIZER
TIME_ZONE USE_I18N USE_TZ USE_X_FORWARDED_HOST USE_X_FORWARDED_PORT X_FRAME_OPTIONS
""".split()

CORS = """
CORS_ALLOWED_ORIGINS CORS_ALLOWED_ORIGIN_REGEXES CORS_ALLOW_ALL_ORIGINS CORS_ALLOW_CREDENTIALS CORS_ALLOW_HEADERS
CORS_ALLOW_METHODS CORS_ALLOW_PRIVATE_NETWORK CORS_EXPOSE_HEADERS CORS_PREFLIGHT_MAX_AGE CORS_URLS_REGEX
""".split()

# Keys of SIMPLE_JWT and JWT_AUTH that are, or may be, secrets.
SIMPLE_JWT_SECRETS = ("SIGNING_KEY", "VERIFYING_KEY")
JWT_AUTH_SECRETS = ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY")  # the first alone is told

# What OPTIONS of a database says of how it is reached. Anything else in it is the driver's, and is told by name alone.
DATABASE_OPTIONS = """
sslmode sslrootcert sslcert sslkey channel_binding options service passfile target_session_attrs connect_timeout application_name
keepalives keepalives_idle keepalives_interval keepalives_retries tcp_user_timeout hostaddr gssencmode
init_command transaction_mode timeout pool server_side_binding isolation_level assume_role
""".split()

# The views that a sign-in goes through, by the classes that they are made of.
VIEWS = {
    "rest_framework_simplejwt.views": (
        "TokenObtainPairView TokenRefreshView TokenVerifyView TokenBlacklistView TokenObtainSlidingView"
        " TokenRefreshSlidingView"
    ),
    "rest_framework_jwt.views": (
        "ObtainJSONWebTokenView RefreshJSONWebTokenView VerifyJSONWebTokenView"
        " ObtainJSONWebToken RefreshJSONWebToken VerifyJSONWebToken"
    ),
    "rest_framework.authtoken.views": "ObtainAuthToken",
    "django.contrib.auth.views": (
        "LoginView LogoutView PasswordChangeView PasswordResetView PasswordResetConfirmView"
    ),
    "dj_rest_auth.views": "LoginView LogoutView UserDetailsView PasswordChangeView PasswordResetView PasswordResetConfirmView",
    "dj_rest_auth.registration.views": "RegisterView SocialLoginView",
    "djoser.views": "UserViewSet TokenCreateView TokenDestroyView",
    "allauth.account.views": "LoginView LogoutView SignupView PasswordResetView PasswordResetFromKeyView",
}
KINDS = {module + "." + name for module, names in VIEWS.items() for name in names.split()}

# What a hasher of Django's costs.
COSTS = ("iterations", "rounds", "time_cost", "memory_cost", "parallelism", "work_factor", "block_size")

# Methods of a user that munjigi has in its own way: one of the project's own is not run there.
USER_METHODS = """
check_password set_password has_usable_password get_session_auth_hash get_session_auth_fallback_hash get_username
normalize_username save delete is_active get_all_permissions has_perm
""".split()

problems = []


def dotted(thing):
    """Where a class or a function stands: "shop.rules.may_sign_in"."""
    thing = getattr(thing, "func", thing)
    if not hasattr(thing, "__qualname__"):
        thing = type(thing)
    return "%s.%s" % (getattr(thing, "__module__", "?"), thing.__qualname__)


def plain(value, depth=0):
    """The value as JSON has it. What JSON has not is a dict of one key that begins with "$"."""
    if isinstance(value, Promise):
        value = str(value)
    if value is None or isinstance(value, (bool, str)):
        # A text that is of a class of its own is a text.
        return value if value is None or isinstance(value, bool) else str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else {"$unknown": repr(value)}
    if isinstance(value, datetime.timedelta):
        return {"$seconds": value.total_seconds()}
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"$unknown": "bytes that are no text"}
    if isinstance(value, (pathlib.PurePath, decimal.Decimal, datetime.date, datetime.time)):
        return str(value)
    if isinstance(value, re.Pattern):
        return {"$pattern": value.pattern if isinstance(value.pattern, str) else repr(value.pattern)}
    if depth > 8:
        return {"$unknown": "something nested too deeply"}
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(plain(key, depth + 1)): plain(item, depth + 1) for key, item in value.items()}
    if inspect.isclass(value) or inspect.isroutine(value) or hasattr(value, "__qualname__"):
        return {"$python": dotted(value)}
    return {"$unknown": "an object of " + dotted(type(value))}


def is_there(module):
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def part(name, make, otherwise):
    """A part that a project can do without: where it cannot be told, the report says why."""
    try:
        return make()
    except Exception as error:
        problems.append("%s: %s: %s" % (name, type(error).__name__, error))
        return otherwise


def own_differences(cls, base, but=()):
    """What the project's classes between `cls` and the library's have of their own."""
    names = set()
    for step in cls.__mro__:
        if step is base or step in base.__mro__:
            break
        names.update(name for name in vars(step) if not name.startswith("__"))
    return sorted(
        name for name in names - set(but) if getattr(cls, name, None) is not getattr(base, name, None)
    )


def base_within(cls, modules):
    """The first class of the line that stands in one of these modules."""
    return next((step for step in cls.__mro__ if step.__module__ in modules), None)


def versions():
    from importlib import metadata

    def version(package):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None

    import django

    found = {"python": platform.python_version(), "django": django.get_version()}
    for package in ("djangorestframework", "djangorestframework-simplejwt", "drf-jwt"):
        found[package] = version(package)
    return found


def effective(names, source=settings):
    return {name: plain(getattr(source, name)) for name in names if hasattr(source, name)}


def all_settings():
    found = effective(SETTINGS)
    # Codes alone: the names beside them are for people who choose.
    found["LANGUAGES"] = [plain(code) for code, _ in settings.LANGUAGES]
    if apps.is_installed("corsheaders") and is_there("corsheaders.conf"):
        from corsheaders.conf import conf

        found.update(effective(CORS, conf))
    return found


def database():
    User = get_user_model()
    alias = router.db_for_write(User)
    connection = connections[alias]
    found = connection.settings_dict
    options = dict(found.get("OPTIONS") or {})
    name = plain(found.get("NAME"))
    if connection.vendor == "sqlite" and isinstance(name, str) and name and not name.startswith((":memory:", "file:")):
        name = os.path.abspath(name)
    if apps.is_installed("django.contrib.sessions"):
        sessions = router.db_for_write(apps.get_model("sessions", "Session"))
        if sessions != alias:
            problems.append("DATABASE_ROUTERS: users are in %r and sessions in %r" % (alias, sessions))
    return {
        "vendor": connection.vendor,
        "name": name,
        "user": plain(found.get("USER")),
        "host": plain(found.get("HOST")),
        "port": plain(found.get("PORT")),
        "options": {key: plain(options[key]) for key in options if key in DATABASE_OPTIONS},
        "other_options": sorted(str(key) for key in options if key not in DATABASE_OPTIONS),
    }


def default_of(field):
    if field.default is models.NOT_PROVIDED:
        return None
    if callable(field.default):
        return {"$python": dotted(field.default)}
    return plain(field.default)


def field_of(field):
    try:
        internal = field.get_internal_type()
    except Exception:
        internal = None
    related = field.remote_field.model if field.remote_field else None
    return {
        "name": field.name,
        "column": field.column,
        "table": field.model._meta.db_table,
        "class": dotted(type(field)),
        "type": internal,
        "null": bool(field.null),
        "max_length": field.max_length if isinstance(field.max_length, int) else None,
        "has_db_default": bool(getattr(field, "has_db_default", lambda: False)()),
        "default": default_of(field),
        "auto_now": bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)),
        "primary_key": bool(field.primary_key),
        "relation": getattr(getattr(related, "_meta", None), "label", None) if related is not None else None,
    }


def user_model():
    User = get_user_model()
    meta = User._meta
    parents = tuple(step for step in User.__mro__ if step.__module__.startswith("django."))
    methods = []
    for name in USER_METHODS:
        own = next((step for step in User.__mro__ if name in vars(step)), None)
        is_field = any(field.name == name for field in meta.concrete_fields)
        if own is not None and own not in parents and not is_field:
            methods.append(name)
    manager = User._default_manager
    lookup = getattr(type(manager), "get_by_natural_key", None)
    if getattr(lookup, "__module__", "").split(".")[0] != "django":
        methods.append("objects.get_by_natural_key")
    return {
        "label": meta.label,
        "table": meta.db_table,
        "USERNAME_FIELD": User.USERNAME_FIELD,
        "EMAIL_FIELD": plain(User.get_email_field_name()),
        "fields": [field_of(field) for field in meta.concrete_fields],
        "own_methods": methods,
    }


def hasher_of(hasher, path):
    cls = type(hasher)
    base = base_within(cls, ("django.contrib.auth.hashers",))
    return {
        "path": path,
        "base": dotted(base) if base else None,
        "algorithm": plain(getattr(hasher, "algorithm", None)),
        "costs": {
            name: int(getattr(hasher, name))
            for name in COSTS
            if isinstance(getattr(hasher, name, None), int) and not isinstance(getattr(hasher, name), bool)
        },
        "differences": own_differences(cls, base, COSTS) if base else [],
    }


def hashers():
    from django.contrib.auth.hashers import get_hashers

    # As many, and in the same order: get_hashers() makes one for each path.
    return [hasher_of(hasher, path) for hasher, path in zip(get_hashers(), settings.PASSWORD_HASHERS)]


def validators():
    from django.utils.module_loading import import_string

    found = []
    for entry in settings.AUTH_PASSWORD_VALIDATORS:
        cls = import_string(entry["NAME"])
        base = base_within(cls, ("django.contrib.auth.password_validation",))
        found.append({
            "path": entry["NAME"],
            "base": dotted(base) if base else None,
            "options": plain(entry.get("OPTIONS") or {}),
            "differences": own_differences(cls, base) if base else [],
        })
    return found


def caches():
    """The cache that sessions are kept in. A password may stand in its LOCATION."""
    alias = settings.SESSION_CACHE_ALIAS
    cache = settings.CACHES.get(alias)
    if cache is None:
        return None
    return {
        "backend": plain(cache.get("BACKEND")),
        "location": plain(cache.get("LOCATION")),
        "key_prefix": plain(cache.get("KEY_PREFIX", "")),
        "version": plain(cache.get("VERSION", 1)),
        "key_function": plain(cache.get("KEY_FUNCTION")),
        "options": sorted(str(key) for key in (cache.get("OPTIONS") or {})),
    }


def simple_jwt():
    """simplejwt's settings as they hold: those of the dict, and its defaults for the others."""
    if not is_there("rest_framework_simplejwt"):
        return None
    from rest_framework_simplejwt.settings import DEFAULTS

    written = getattr(settings, "SIMPLE_JWT", None) or {}
    found = dict(DEFAULTS)
    found.update(written)
    return {
        "values": {key: plain(value) for key, value in found.items() if key not in SIMPLE_JWT_SECRETS},
        "unknown": sorted(str(key) for key in written if key not in DEFAULTS),
    }


def jwt_auth():
    if not is_there("rest_framework_jwt.settings"):
        return None
    from rest_framework_jwt.settings import DEFAULTS

    written = getattr(settings, "JWT_AUTH", None) or {}
    found = dict(DEFAULTS)
    found.update(written)
    return {
        "values": {key: plain(value) for key, value in found.items() if key not in JWT_AUTH_SECRETS},
        "unknown": sorted(str(key) for key in written if key not in DEFAULTS),
    }


def rest_framework():
    if not is_there("rest_framework"):
        return None
    from rest_framework.settings import DEFAULTS

    found = dict(DEFAULTS)
    found.update(getattr(settings, "REST_FRAMEWORK", None) or {})
    names = (
        "DEFAULT_AUTHENTICATION_CLASSES DEFAULT_RENDERER_CLASSES DEFAULT_PARSER_CLASSES EXCEPTION_HANDLER"
        " NON_FIELD_ERRORS_KEY"
    )
    return {name: plain(found[name]) for name in names.split() if name in found}


def secret(value):
    """A secret as text, or nothing where there is none or where it is no text."""
    value = plain(value)
    return value if isinstance(value, str) and value else None


def secrets():
    found = {
        "SECRET_KEY": secret(settings.SECRET_KEY),
        "SECRET_KEY_FALLBACKS": [secret(key) for key in getattr(settings, "SECRET_KEY_FALLBACKS", ()) if secret(key)],
        "DATABASE_PASSWORD": secret(connections[router.db_for_write(get_user_model())].settings_dict.get("PASSWORD")),
        "EMAIL_HOST_PASSWORD": secret(settings.EMAIL_HOST_PASSWORD),
    }
    simple = getattr(settings, "SIMPLE_JWT", None) or {}
    for key in SIMPLE_JWT_SECRETS:
        found["SIMPLE_JWT." + key] = secret(simple.get(key))
    auth = getattr(settings, "JWT_AUTH", None) or {}
    found["JWT_AUTH.JWT_SECRET_KEY"] = secret(auth.get("JWT_SECRET_KEY"))
    return found


def plain_path(text):
    """The path that a pattern matches and nothing else does, or None: "^api/token/$" and "api/token/" are one."""
    if isinstance(text, str) and not re.search(r"[^A-Za-z0-9_~/.-]", text):
        return text
    return None


def step_of(pattern):
    """The part of a path that one pattern stands for, and whether nothing may follow it."""
    from django.urls.resolvers import LocalePrefixPattern, RegexPattern, RoutePattern

    if isinstance(pattern, RoutePattern):
        return plain_path(str(pattern._route))
    if isinstance(pattern, RegexPattern):
        text = str(pattern._regex)
        text = text[1:] if text.startswith("^") else None
        if text is None:
            return None
        for end in (r"\Z", "$"):
            text = text[: -len(end)] if text.endswith(end) else text
        # "/?" takes both spellings, as munjigi does.
        text = text[:-1] if text.endswith("/?") else text
        text = text.replace(r"\-", "-").replace(r"\/", "/")
        return plain_path(text) if "." not in text else None
    return None


def own_serializer(cls, initkwargs):
    """The serializer of a view, where it has one."""
    from django.utils.module_loading import import_string

    serializer = initkwargs.get("serializer_class") or getattr(cls, "serializer_class", None)
    if not serializer:
        path = getattr(cls, "_serializer_class", None)
        if not path:
            return None
        serializer = import_string(path)
    if not inspect.isclass(serializer):
        return None
    libraries = ("rest_framework_simplejwt.serializers", "rest_framework_jwt.serializers", "dj_rest_auth.serializers")
    base = base_within(serializer, libraries)
    return {
        "class": dotted(serializer),
        "base": dotted(base) if base else None,
        "differences": own_differences(serializer, base, ("_declared_fields",)) if base else [],
    }


def route_of(callback, pattern, path, is_admin):
    cls = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    name = getattr(pattern, "name", None)
    entry = {"path": path, "serializer": None, "throttles": [], "differences": []}
    if is_admin and name in ("login", "logout", "password_change"):
        return dict(entry, kind="django.contrib.admin.sites.AdminSite." + name, view=dotted(callback))
    if not inspect.isclass(cls):
        return None
    base = next((step for step in cls.__mro__ if dotted(step) in KINDS), None)
    if base is None:
        return None
    initkwargs = getattr(callback, "initkwargs", None) or getattr(callback, "view_initkwargs", None) or {}
    throttles = initkwargs.get("throttle_classes", getattr(cls, "throttle_classes", None)) or ()
    return dict(
        entry,
        kind=dotted(base),
        view=dotted(cls),
        serializer=part("the serializer of " + dotted(cls), lambda: own_serializer(cls, initkwargs), None),
        throttles=[dotted(throttle) for throttle in throttles],
        differences=own_differences(cls, base, ("serializer_class", "_serializer_class", "throttle_classes")),
    )


def routes():
    from django.urls import get_resolver

    found = []
    # Bounded: a project's patterns may be many.
    left = [50000]

    def walk(resolver, before, is_admin, depth):
        if depth > 20:
            return
        for pattern in resolver.url_patterns:
            left[0] -= 1
            if left[0] < 0:
                return
            step = step_of(pattern.pattern)
            path = before + step if before is not None and step is not None else None
            if hasattr(pattern, "url_patterns"):
                below = is_admin or getattr(pattern, "app_name", None) == "admin"
                part("urls " + str(pattern.pattern), lambda: walk(pattern, path, below, depth + 1), None)
            else:
                entry = route_of(pattern.callback, pattern, path, is_admin)
                if entry is not None:
                    entry["pattern"] = str(pattern.pattern)
                    found.append(entry)

    walk(get_resolver(), "/", False, 0)
    return found


def receivers():
    from django.contrib.auth import signals
    from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

    User = get_user_model()
    senders = {id(None), id(User)}
    named = [
        ("user_logged_in", signals.user_logged_in),
        ("user_login_failed", signals.user_login_failed),
        ("user_logged_out", signals.user_logged_out),
        ("pre_save", pre_save),
        ("post_save", post_save),
        ("pre_delete", pre_delete),
        ("post_delete", post_delete),
    ]
    found = []
    for name, signal in named:
        is_of_models = not name.startswith("user_")
        for entry in signal.receivers:
            (_, sender), receiver = entry[0], entry[1]
            if is_of_models and sender not in senders:
                continue
            if isinstance(receiver, weakref.ReferenceType):
                receiver = receiver()
            if receiver is None:
                continue
            where = dotted(receiver)
            if where != "django.contrib.auth.models.update_last_login":
                found.append({"signal": name, "receiver": where})
    return found


def report():
    told = {
        "format": FORMAT,
        "versions": part("versions", versions, {}),
        "settings": all_settings(),
        "database": database(),
        "user": user_model(),
        "hashers": hashers(),
        "validators": validators(),
        "cache": part("CACHES", caches, None),
        "simple_jwt": part("SIMPLE_JWT", simple_jwt, None),
        "jwt_auth": part("JWT_AUTH", jwt_auth, None),
        "rest_framework": part("REST_FRAMEWORK", rest_framework, None),
        "routes": part("ROOT_URLCONF", routes, []),
        "receivers": part("signals", receivers, []),
        "apps": [config.name for config in apps.get_app_configs()],
        "secrets": secrets(),
    }
    told["problems"] = problems
    return told


text = json.dumps(report())
# In two halves: a terminal that shows this text is not taken for the report.
line = "-----%s MUNJIGI " + "REPORT-----"
sys.stdout.write("\n" + line % "BEGIN" + "\n" + text + "\n" + line % "END" + "\n")
sys.stdout.flush()
if not os.environ.get("MUNJIGI_ASKS"):
    sys.stderr.write("This output holds secrets: the SECRET_KEY, the password of the database. Keep it as you keep those.\n")
'''
exec(compile(_munjigi_report, "munjigi_report", "exec"), {"__name__": "munjigi_report"})
