"""Settings that are the same in every project, and what makes those that a test varies."""
import json
import os
from datetime import timedelta
from urllib.parse import urlparse

import django

ALLOWED_HOSTS = ["*"]

APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "shared.urls"
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
LANGUAGE_CODE = "en-us"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"


def secret_key(project):
    """REF_SECRET_KEY, or one of this project."""
    return os.environ.get("REF_SECRET_KEY", f"{project}-secret-key-of-more-than-32-bytes")


def databases(folder):
    """DATABASES of REF_DB: "sqlite:PATH" (by default a file in the project's folder) or "postgres://user:pass@host:port/name"."""
    url = os.environ.get("REF_DB", f"sqlite:{folder / folder.name}.sqlite3")
    if url.startswith("sqlite:"):
        return {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": url.removeprefix("sqlite:"),
                "OPTIONS": {"timeout": 20, **({"transaction_mode": "IMMEDIATE"} if django.VERSION >= (5, 1) else {})},
            }
        }
    parts = urlparse(url)
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": parts.username or "",
            "PASSWORD": parts.password or "",
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 60,
        }
    }


def simple_jwt(**own):
    """SIMPLE_JWT of a project, and REF_SIMPLE_JWT laid over it: a JSON object, *_LIFETIME in seconds."""
    values = {"ACCESS_TOKEN_LIFETIME": 300, "REFRESH_TOKEN_LIFETIME": 86400, **own}
    values |= json.loads(os.environ.get("REF_SIMPLE_JWT", "{}"))
    return {name: timedelta(seconds=value) if name.endswith("_LIFETIME") else value for name, value in values.items()}
