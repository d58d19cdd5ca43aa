"""A setting from the environment, as a dozen packages and most projects of some age have it."""
import os
from urllib.parse import parse_qsl, unquote, urlsplit


def text(name, default=None):
    value = os.environ.get(f"SHOP_{name}", default)
    if value is None:
        raise RuntimeError(f"SHOP_{name} is not set")
    return value


def flag(name, default="off"):
    return text(name, default).lower() in ("1", "on", "true", "yes")


def several(name, default=""):
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def database(name):
    url = urlsplit(text(name))
    if url.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": unquote(url.path), "OPTIONS": {"timeout": 20}}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path[1:]),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or "",
        "OPTIONS": dict(parse_qsl(url.query)),
    }
