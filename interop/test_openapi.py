"""`/openapi.json` of a running server: valid, and true of whatever schemathesis sends.

INTEROP_OPENAPI_EXAMPLES sets how many requests it makes up for each operation beside those of its coverage phase.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from clients import B
from conftest import Figure
from servers import BARE_ENVIRONMENT, House, Server

# What is told does not depend on the database.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("INTEROP_OPENAPI_EXAMPLES", "8")
CHEAP = {"hashers": {"pbkdf2_sha256": {"iterations": 1000}}}
EVERYTHING: dict[str, Any] = CHEAP | {
    "SIMPLE_JWT": {"AUTH_COOKIE": "access", "ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True},
    "REST_FRAMEWORK": {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTAuthentication",
            "rest_framework_jwt.authentication.JSONWebTokenAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ]
    },
    "ROUTES": {
        "obtain_jwt_token": "/api-token-auth/",
        "refresh_jwt_token": "/api-token-refresh/",
        "verify_jwt_token": "/api-token-verify/",
        "ended": "/.well-known/munjigi/ended",
        "jwt_signin": "/login",
        "csrf": False,
    },
}


@pytest.fixture(params=["default", "everything"])
def server(request: pytest.FixtureRequest, house: House) -> Server:
    return house.munjigi(CHEAP if request.param == "default" else EVERYTHING)


def test_the_document_is_openapi_3_1(server: Server) -> None:
    answer = server.client().get("/openapi.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    OpenAPIV31SpecValidator(answer.json()).validate()


@pytest.mark.soak
def test_nothing_answers_otherwise_than_it_is_told(server: Server, folder: Path, figure: Figure) -> None:
    token = server.client().post("/user/jwt_signup", B).json()["access_token"]
    command = [
        Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run",
        f"{server.base}/openapi.json", "--checks", "all", "--phases", "examples,coverage,fuzzing",
        "--max-examples", EXAMPLES, "--seed", "1", "--continue-on-failure", "--warnings", "off", "--no-color",
        "--generation-database", "none", "-H", f"Authorization: Bearer {token}",
    ]  # fmt: skip
    done = subprocess.run(command, env=BARE_ENVIRONMENT, cwd=folder, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    asked = re.search(r"(\d+) generated", done.stdout)
    assert asked and int(asked[1]) > 300, done.stdout[-2000:]
    figure(f"schemathesis: {asked[1]} requests, nothing answered otherwise than it is told")
    assert "panic" not in server.log_text()
