"""`examples/axum-service` started beside munjigi: whose tokens it takes, and how soon it hears of a sign-out."""
from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import nginx
from clients import Answer
from conftest import Figure
from servers import MUNJIGI_BIN, SECRET_KEY, House, Server, free_port, wait_until

pytestmark = [
    pytest.mark.munjigi_only("the service stands beside munjigi"),
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]

BINARY = Path(os.environ.get("AXUM_SERVICE_BIN", MUNJIGI_BIN.with_name("axum-service")))
ROUTES = {"ended": "/.well-known/munjigi/ended"}
NOBODY = {"detail": "Authentication credentials were not provided."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
UNAVAILABLE = {"detail": "The service is unavailable for the moment."}


def start(house: House, issuer: str, **environment: str) -> Server:
    port = free_port()
    environment |= {"ISSUER": issuer, "BIND": f"127.0.0.1:{port}"}
    variables = [f"{name}={value}" for name, value in environment.items()]
    service = house.start("axum-service", port, ["env", *variables, str(BINARY)])
    service.wait_ready("/", 200)
    return service


def ask(service: Server, token: str, *, method: str = "GET", path: str = "/me") -> Answer:
    return service.client(bearer=token).request(method, path)


def refused(answer: Answer, message: str) -> bool:
    """Whether a token was refused as simplejwt refuses it."""
    return (answer.status_code, answer.headers.get("WWW-Authenticate"), answer.json()) == (
        401,
        'Bearer realm="api"',
        {
            "detail": "Given token not valid for any token type",
            "code": "token_not_valid",
            "messages": [{"token_class": "AccessToken", "token_type": "access", "message": message}],
        },
    )


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def check_tokens(munjigi: Server, service: Server, resign: Callable[..., str]) -> float:
    """Puts good tokens and bad ones to the service. `resign` signs claims, by munjigi's key unless told another. Gives
    the seconds from a sign-out at munjigi to its tokens' end at the service."""
    client = munjigi.client()
    assert client.sign_up("mseo").status_code == 201
    pair = client.jwt_signin("mseo").json()
    access, refresh = pair["access_token"], pair["refresh_token"]
    claims = jwt.decode(access, options={"verify_signature": False})

    anonymous = service.client().get("/me")
    assert (anonymous.status_code, anonymous.json()) == (401, NOBODY)
    wait_until("the list of ended sign-ins", lambda: ask(service, access).status_code == 200)
    assert ask(service, access).json()["id"] == claims["user_id"]
    assert ask(service, access, path="/").text == f"Hello, {claims['user_id']}!"

    now = int(time.time())
    header, payload, signature = access.split(".")
    assert refused(ask(service, resign(claims | {"exp": now - 1})), "Token is expired")
    assert refused(ask(service, f"{header}.{segment(claims | {'user_id': '2'})}.{signature}"), "Token is invalid")
    assert refused(ask(service, f"{segment({'alg': 'none'})}.{payload}."), "Token is invalid")
    assert refused(ask(service, resign(claims, foreign=True)), "Token is invalid")
    assert refused(ask(service, refresh), "Token has wrong type")
    assert ask(service, "abc", path="/").text == "Hello, stranger!"

    assert ask(service, access, method="POST", path="/posts").status_code == 403
    assert ask(service, access, method="POST", path="/posts").json() == FORBIDDEN
    author = resign(claims | {"permissions": ["blog.add_post"]})
    assert ask(service, author, method="POST", path="/posts").text == f"Published by {claims['user_id']}."

    assert client.post("/user/jwt_signout", {"refresh_token": refresh}).status_code == 200
    signed_out = time.monotonic()
    wait_until("the sign-out to be heard of", lambda: ask(service, access).status_code == 401, seconds=5)
    seconds = time.monotonic() - signed_out
    assert refused(ask(service, access), "Token is blacklisted")
    again = client.jwt_signin("mseo").json()["access_token"]
    assert ask(service, again).status_code == 200
    return seconds


def test_a_service_with_the_shared_secret(house: House, figure: Figure) -> None:
    def resign(claims: dict, *, foreign: bool = False) -> str:
        return jwt.encode(claims, SECRET_KEY[::-1] if foreign else SECRET_KEY, algorithm="HS256")

    munjigi = house.munjigi({"ROUTES": ROUTES})
    seconds = check_tokens(munjigi, start(house, munjigi.base, SECRET_KEY=SECRET_KEY), resign)
    figure(f"a service in another process hears of a sign-out after {seconds:.2f} s")


def test_a_service_with_munjigis_public_keys(house: House) -> None:
    ring = house.folder / "keys.json"
    house.munjigi_command("keys", "generate", "--algorithm", "EdDSA", "--file", str(ring))
    [key] = json.loads(ring.read_text())["keys"]
    keys = {False: jwt.PyJWK(key).key, True: Ed25519PrivateKey.generate()}

    def resign(claims: dict, *, foreign: bool = False) -> str:
        return jwt.encode(claims, keys[foreign], algorithm="EdDSA", headers={"kid": key["kid"]})

    munjigi = house.munjigi({"ROUTES": ROUTES, "SIMPLE_JWT": {"KEY_RING": str(ring)}})
    service = start(house, munjigi.base)
    check_tokens(munjigi, service, resign)
    shared = jwt.encode({"token_type": "access", "jti": "1", "user_id": "1", "exp": 2**32}, SECRET_KEY, algorithm="HS256")
    assert refused(ask(service, shared), "Token is invalid")


NGINX = """
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{ proxy_pass http://127.0.0.1:{munjigi}; }}
  }}
"""


def test_over_tls_a_service_trusts_whom_its_machine_trusts(house: House) -> None:
    munjigi = house.munjigi({"ROUTES": ROUTES})
    nginx.write_certificate(house.folder)
    port = free_port()
    nginx.start(house, port, NGINX, munjigi=munjigi.port)
    munjigi.client().sign_up("mseo")
    access = munjigi.client().jwt_signin("mseo").json()["access_token"]

    issuer, certificate = f"https://127.0.0.1:{port}", str(house.folder / "certificate.pem")
    trusting = start(house, issuer, SECRET_KEY=SECRET_KEY, SSL_CERT_FILE=certificate)
    wait_until("the list of ended sign-ins", lambda: ask(trusting, access).status_code == 200)
    distrusting = start(house, issuer, SECRET_KEY=SECRET_KEY)
    wait_until("the certificate to be refused", lambda: "invalid peer certificate" in distrusting.log_text())
    assert ask(distrusting, access).status_code == 503


def test_a_service_that_cannot_hear_of_sign_outs_takes_no_token_that_may_have_ended(house: House) -> None:
    munjigi = house.munjigi({"ROUTES": ROUTES})
    service = start(house, f"http://127.0.0.1:{free_port()}", SECRET_KEY=SECRET_KEY)
    munjigi.client().sign_up("mseo")
    access = munjigi.client().jwt_signin("mseo").json()["access_token"]
    answer = ask(service, access)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, UNAVAILABLE, "1")
    # Django's simplejwt knows no sign-ins; its tokens name none, and hold by themselves.
    claims = jwt.decode(access, options={"verify_signature": False})
    del claims["sid"]
    assert ask(service, jwt.encode(claims, SECRET_KEY, algorithm="HS256")).status_code == 200
