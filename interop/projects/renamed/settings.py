"""Settings of a project whose user model has other names for table, key and columns than Django, and columns of its own.

What a test varies comes from the environment: REF_SECRET_KEY, REF_DB and REF_SIMPLE_JWT as `shared.settings` reads them, and
REF_TEXT_KEY ("1" makes the primary key a text that whoever makes the user chooses).
"""
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
sys.path.append(str(BASE_DIR.parent))

from shared.settings import *  # noqa: E402, F403
from shared.settings import APPS, databases, secret_key, simple_jwt  # noqa: E402

SECRET_KEY = secret_key(BASE_DIR.name)
INSTALLED_APPS = [*APPS, "rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist", "people"]
AUTH_USER_MODEL = "people.Person"
DATABASES = databases(BASE_DIR)
SIMPLE_JWT = simple_jwt(USER_ID_FIELD="number")
TIME_ZONE = "Asia/Seoul"
