"""Settings of which hardly one stands here: SHOP_* of the environment has them, and what is not text is made of them.

SHOP_SECRET_KEY, SHOP_JWT_KEY_FILE   the secrets, one of them a file
SHOP_OLD_KEYS                        former secrets, separated by commas
SHOP_DATABASE                        sqlite:///PATH or postgres://user:password@host:port/name?sslmode=…
SHOP_HOSTS, SHOP_ACCESS_MINUTES      ALLOWED_HOSTS, the lifetime of an access token
SHOP_GREETS                          "on" to print something whenever the project starts
"""
import sys
from datetime import timedelta
from pathlib import Path

import environment as env
from django.utils.translation import gettext_lazy as _

if env.flag("GREETS"):
    print("shop {is starting}\n{")

BASE_DIR = Path(__file__).resolve().parent
sys.path.append(str(BASE_DIR.parent))

from shared.settings import APPS, MIDDLEWARE, STATIC_URL, TEMPLATES, USE_TZ  # noqa: E402, F401

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.several("OLD_KEYS")
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.several("HOSTS", "127.0.0.1")

INSTALLED_APPS = [*APPS, "shop.apps.Shop"]
MIDDLEWARE = [*MIDDLEWARE, "shop.middleware.counted"]
ROOT_URLCONF = "urls"
TEMPLATES = [TEMPLATES[0] | {"DIRS": [BASE_DIR / "templates"]}]
DATABASES = {"default": env.database("DATABASE")}

PASSWORD_HASHERS = ["shop.hashers.Cheap", "django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "shop.backends.Directory"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "1000/min"},
}


def may_have_tokens(user):
    return user is not None and user.is_active


SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=int(env.text("ACCESS_MINUTES", "7"))),
    "SIGNING_KEY": Path(env.text("JWT_KEY_FILE")).read_text(),
    "ISSUER": "shop",
    "LEEWAY": timedelta(seconds=3),
    "USER_AUTHENTICATION_RULE": may_have_tokens,
}

SESSION_COOKIE_AGE = timedelta(days=3).total_seconds()
SESSION_COOKIE_NAME = "shop_session"
DEFAULT_FROM_EMAIL = _("shop@example.com")
LANGUAGE_CODE = "en-us"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
