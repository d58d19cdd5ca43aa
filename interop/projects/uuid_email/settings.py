"""Settings of a project whose users have a UUID for a key and no name but their e-mail address. What a test varies comes from the environment:

REF_SECRET_KEY     signing secret
REF_DB             "sqlite:PATH" (default sqlite:uuid_email.sqlite3) or "postgres://user:pass@host:port/name"
REF_SIMPLE_JWT     JSON object laid over SIMPLE_JWT below; *_LIFETIME in seconds
"""
import json
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlparse

import django

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = os.environ.get("REF_SECRET_KEY", "uuid_email-secret-key-of-more-than-32-bytes")
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "accounts",
]
AUTH_USER_MODEL = "accounts.Member"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

_db = os.environ.get("REF_DB", f"sqlite:{BASE_DIR / 'uuid_email.sqlite3'}")
if _db.startswith("sqlite:"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _db.removeprefix("sqlite:"),
            "OPTIONS": {"timeout": 20, **({"transaction_mode": "IMMEDIATE"} if django.VERSION >= (5, 1) else {})},
        }
    }
else:
    _u = urlparse(_db)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _u.path.lstrip("/"),
            "USER": _u.username or "",
            "PASSWORD": _u.password or "",
            "HOST": _u.hostname or "",
            "PORT": _u.port or "",
            "CONN_MAX_AGE": 60,
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers." + name
    for name in (
        "PBKDF2PasswordHasher",
        "PBKDF2SHA1PasswordHasher",
        "Argon2PasswordHasher",
        "BCryptSHA256PasswordHasher",
        "BCryptPasswordHasher",
        "ScryptPasswordHasher",
    )
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": (
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ),
}
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": 300, "REFRESH_TOKEN_LIFETIME": 86400, "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True} | json.loads(os.environ.get("REF_SIMPLE_JWT", "{}"))
for _name, _value in list(SIMPLE_JWT.items()):
    if _name.endswith("_LIFETIME"):
        SIMPLE_JWT[_name] = timedelta(seconds=_value)

LANGUAGE_CODE = "en-us"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
