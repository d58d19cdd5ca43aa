"""Settings of a project whose users have a UUID for a key and no name but their e-mail address.

What a test varies comes from the environment: REF_SECRET_KEY, REF_DB and REF_SIMPLE_JWT as `shared.settings` reads them.
"""
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
sys.path.append(str(BASE_DIR.parent))

from shared.settings import *  # noqa: E402, F403
from shared.settings import APPS, databases, secret_key, simple_jwt  # noqa: E402

SECRET_KEY = secret_key(BASE_DIR.name)
INSTALLED_APPS = [*APPS, "rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist", "accounts"]
AUTH_USER_MODEL = "accounts.Member"
DATABASES = databases(BASE_DIR)
SIMPLE_JWT = simple_jwt(ROTATE_REFRESH_TOKENS=True, BLACKLIST_AFTER_ROTATION=True)
