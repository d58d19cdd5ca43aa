"""Keys: every algorithm between munjigi and the real simplejwt, our published keys as PyJWT and jose read them, and keys
that change while both read."""
from __future__ import annotations

import functools
import json
import subprocess
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from clients import Client
from conftest import Figure
from servers import BARE_ENVIRONMENT, HERE, MUNJIGI_BIN, SECRET_KEY, House, Server, Settings, free_port, wait_until

SYMMETRIC = ("HS256", "HS384", "HS512")
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
CHEAP = {"pbkdf2_sha256": {"iterations": 1000}}
NODE = HERE / "node"

pytestmark = pytest.mark.munjigi_only("about munjigi's own keys")


@pytest.fixture
def backend() -> str:
    """Keys know no database: one kind of it is enough."""
    return "sqlite"


@pytest.fixture(scope="module", autouse=True)
def jose_is_installed() -> None:
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def ring(folder: Path) -> Path:
    return folder / "keys.json"


@functools.cache
def made_once(algorithm: str) -> bytes:
    """A ring as `munjigi keys generate` makes it. RSA takes a second, and one key of a kind does for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        ring = Path(folder, "keys.json")
        command = [MUNJIGI_BIN, "keys", "generate", "--algorithm", algorithm, "--file", ring]
        subprocess.run(command, env=BARE_ENVIRONMENT, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)
        return ring.read_bytes()


def generate(ring: Path, algorithm: str) -> dict[str, Any]:
    """The private key of a ring in this file."""
    ring.touch(0o600)
    ring.write_bytes(made_once(algorithm))
    [key] = json.loads(ring.read_text())["keys"]
    assert key["alg"] == algorithm
    return key


def with_ring(ring: Path, **simple_jwt: Any) -> Settings:
    return {"SIMPLE_JWT": {"KEY_RING": str(ring), **simple_jwt}, "hashers": CHEAP}


def signed_in(server: Server) -> tuple[Client, dict[str, str]]:
    """mseo, signed up and in."""
    client = server.client()
    answer = client.post("/user/jwt_signup", {"username": "mseo", "password": "1234", "email": "mseo@naver.com"})
    assert answer.status_code == 201, answer.text
    return client, answer.json()


def tokens(server: Server) -> dict[str, str]:
    answer = server.client().jwt_signin("mseo")
    assert answer.status_code == 200, answer.text
    return answer.json()


def jwks_url(server: Server) -> str:
    return f"{server.base}/.well-known/jwks.json"


def status_of(server: Server, access: str) -> int:
    return server.client(bearer=access).me().status_code


class Jose:
    """A service in Node: `node/verify.mjs`."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            ["node", NODE / "verify.mjs", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Jose:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=20)

    def __call__(self, token: str) -> dict[str, Any]:
        self.process.stdin.write(token + "\n")
        return json.loads(self.process.stdout.readline())


def pyjwt(client: jwt.PyJWKClient, token: str) -> dict[str, Any]:
    key = client.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=[key.algorithm_name])


# ---- every algorithm ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_simplejwt_and_munjigi_take_each_others_tokens_under_a_secret(house: House, algorithm: str) -> None:
    secret = "a-secret-of-64-bytes-and-more-0123456789-abcdefghijklmnopqrstuvwxyz"
    settings = {"ALGORITHM": algorithm, "SIGNING_KEY": secret}
    server = house.munjigi({"SIMPLE_JWT": settings, "hashers": CHEAP})
    both_ways(house, server, settings, {"alg": algorithm, "typ": "JWT"})
    assert server.client().get("/.well-known/jwks.json").json() == {"keys": []}


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_simplejwt_and_munjigi_take_each_others_tokens_under_a_pair_of_keys(
    house: House, ring: Path, algorithm: str
) -> None:
    private = jwt.PyJWK(generate(ring, algorithm)).key
    settings = {
        "ALGORITHM": algorithm,
        "SIGNING_KEY": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "VERIFYING_KEY": private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }
    server = house.munjigi({"SIMPLE_JWT": settings, "hashers": CHEAP})
    # Without a ring a token bears no `kid`, as simplejwt's own.
    both_ways(house, server, settings, {"alg": algorithm, "typ": "JWT"})


def both_ways(house: House, server: Server, simple_jwt: Settings, header: dict[str, str]) -> None:
    client, ours = signed_in(server)
    for token in (ours["access_token"], ours["refresh_token"]):
        assert jwt.get_unverified_header(token) == header
    shown = [ours["access_token"], forged(ours["access_token"]), ours["refresh_token"]]
    asked = house.ask("take_and_give_tokens", simple_jwt=simple_jwt, tokens=shown, username="mseo")
    assert asked["guard"] == ["mseo", "Token is invalid", "잘못된 토큰 타입입니다"]
    theirs = asked["given"]
    assert jwt.get_unverified_header(theirs["access"]) == header
    assert status_of(server, theirs["access"]) == 200
    assert client.post("/api/token/refresh/", {"refresh": theirs["refresh"]}).status_code == 200
    assert status_of(server, forged(theirs["access"])) == 401


def forged(token: str) -> str:
    """The same with a signature that nobody made."""
    return token[:-8] + "AAAAAAAA"


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_pyjwt_jose_and_simplejwt_verify_through_the_published_keys(house: House, ring: Path, algorithm: str) -> None:
    key = generate(ring, algorithm)
    server = house.munjigi(with_ring(ring))
    _, ours = signed_in(server)
    access = ours["access_token"]
    assert jwt.get_unverified_header(access) == {"alg": algorithm, "typ": "JWT", "kid": key["kid"]}

    answer = server.client().get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Content-Type"] == "application/json"
    [published] = answer.json()["keys"]
    assert published == {name: value for name, value in key.items() if name not in PRIVATE_MEMBERS | {"iat", "nbf", "exp"}}

    claims = jwt.decode(access, options={"verify_signature": False})
    assert pyjwt(jwt.PyJWKClient(jwks_url(server)), access) == claims
    with Jose(jwks_url(server)) as jose:
        assert jose(access)["payload"] == claims
        assert jose(forged(access))["error"] == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    by_url = {"ALGORITHM": algorithm, "JWK_URL": jwks_url(server), "SIGNING_KEY": ""}
    assert house.ask("guard", simple_jwt=by_url, tokens=[access, forged(access)]) == ["mseo", "Token is invalid"]


# ---- keys that change -----------------------------------------------------------------------------------------------


def test_keys_change_while_pyjwt_jose_and_two_servers_read(house: House, ring: Path, figure: Figure) -> None:
    first = generate(ring, "ES256")["kid"]
    servers = [house.munjigi(with_ring(ring)) for _ in range(2)]
    signed_in(servers[0])
    python = jwt.PyJWKClient(jwks_url(servers[1]), cooldown_duration=0)
    with Jose(jwks_url(servers[1])) as jose:

        def verified(server: Server) -> str:
            """A new token of this server, which everybody takes; gives the key that signed it."""
            access = tokens(server)["access_token"]
            assert all(status_of(other, access) == 200 for other in servers)
            assert pyjwt(python, access) == jose(access)["payload"]
            return jwt.get_unverified_header(access)["kid"]

        before = [tokens(server)["access_token"] for server in servers]
        assert verified(servers[0]) == verified(servers[1]) == first

        # The next key is published before it signs, so that whoever asks in time never meets an unknown one.
        house.munjigi_command("keys", "rotate", "--file", str(ring), "--algorithm", "EdDSA", "--activate-after", "4s")
        started = time.monotonic()
        second = json.loads(ring.read_text())["keys"][-1]["kid"]
        for server in servers:
            wait_until("the next key to be published", lambda: second in server.client().get("/.well-known/jwks.json").text)
        assert {key.key_id for key in python.get_jwk_set(refresh=True).keys} >= {first, second}

        rounds = 0
        signers: set[str] = set()
        while signers != {second}:
            assert time.monotonic() - started < 20, "the second key does not sign"
            signers = {verified(server) for server in servers}
            rounds += 1
        figure(f"rotation: {rounds * 2} tokens of two servers taken by both, PyJWT and jose while the key changed")
        for access in before:
            assert all(status_of(server, access) == 200 for server in servers)
            assert pyjwt(python, access) == jose(access)["payload"]

        # Its time over, a key is good for nothing.
        house.munjigi_command("keys", "rotate", "--file", str(ring), "--activate-after", "0", "--keep", "0")
        for server in servers:
            wait_until("the old keys to end", lambda: status_of(server, before[0]) == 401)
        assert "error" in jose_of(servers[0], before[0])


def jose_of(server: Server, token: str) -> dict[str, Any]:
    with Jose(jwks_url(server)) as jose:
        return jose(token)


def test_moving_from_a_secret_to_a_ring_signs_nobody_out(house: House, ring: Path) -> None:
    server = house.munjigi({"hashers": CHEAP})
    _, old = signed_in(server)
    assert server.stop() == 0
    made = house.munjigi_command("keys", "generate", "--file", str(ring))
    # What it prints is what is to be written.
    printed = tomllib.loads(made.stdout[made.stdout.index("[SIMPLE_JWT]"):])["SIMPLE_JWT"]
    assert printed.keys() == {"KEY_RING", "KEY_RING_KIDLESS_UNTIL"}
    until = printed["KEY_RING_KIDLESS_UNTIL"].isoformat()
    server = house.munjigi(with_ring(Path(printed["KEY_RING"]), KEY_RING_KIDLESS_UNTIL=until))
    client = server.client()
    assert status_of(server, old["access_token"]) == 200
    renewed = client.post("/user/jwt_refresh", {"refresh_token": old["refresh_token"]}).json()["access_token"]
    assert jwt.get_unverified_header(renewed)["alg"] == "EdDSA"
    assert status_of(server, renewed) == 200


def test_a_rotation_that_is_killed_before_it_is_done_changes_nothing(house: House, ring: Path) -> None:
    generate(ring, "EdDSA")
    before = ring.read_bytes()
    rotate = [str(MUNJIGI_BIN), "keys", "rotate", "--file", str(ring)]
    trace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:signal=KILL"]
    killed = subprocess.run([*trace, *rotate], env=house.munjigi_environment(), cwd=house.folder, timeout=60)
    assert killed.returncode != 0
    assert ring.read_bytes() == before
    house.munjigi_command("keys", "rotate", "--file", str(ring))
    assert len(json.loads(ring.read_text())["keys"]) == 2
    assert [file.name for file in ring.parent.iterdir() if "keys.json" in file.name] == ["keys.json"]


# ---- the keys of another issuer -------------------------------------------------------------------------------------


class Issuer:
    """Somebody else's published keys, on a port that can be closed and opened again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.document: dict[str, Any] = {"keys": []}
        self.fetches = 0
        self.server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jwks.json"

    def open(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                body = json.dumps(issuer.document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer(free_port())
    yield issuer
    issuer.close()


def with_issuer(issuer: Issuer, algorithm: str) -> Settings:
    making = ("jwt_signup", "jwt_signin", "jwt_refresh", "token_obtain_pair", "token_refresh")
    sliding = ("token_obtain_sliding", "token_refresh_sliding")
    return {
        "SIMPLE_JWT": {"ALGORITHM": algorithm, "JWK_URL": issuer.url},
        "ROUTES": dict.fromkeys(making + sliding, False),
        "hashers": CHEAP,
    }


def token_of(key: jwt.PyJWK, kid: str) -> str:
    """An access token for the user 1 by somebody else's key."""
    now = int(time.time())
    claims = {"token_type": "access", "exp": now + 300, "iat": now, "jti": uuid4().hex, "user_id": "1"}
    return jwt.encode(claims, key.key, algorithm=key.algorithm_name, headers={"kid": kid})


def public(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"keys": [{name: value for name, value in key.items() if name not in PRIVATE_MEMBERS} for key in keys]}


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_the_tokens_of_another_issuer_are_taken_by_its_published_keys(
    house: House, folder: Path, issuer: Issuer, algorithm: str
) -> None:
    published = generate(folder / "known.json", algorithm)
    house.munjigi_command("keys", "generate", "--algorithm", algorithm, "--file", str(folder / "unknown.json"))
    known = jwt.PyJWK(published)
    unknown = jwt.PyJWK(json.loads((folder / "unknown.json").read_text())["keys"][0])
    kid = published["kid"]
    issuer.document = public(published)
    # The issuer is down when the server starts: it starts all the same, and takes nothing yet.
    server = house.munjigi(with_issuer(issuer, algorithm))
    assert server.client().sign_up("mseo").status_code == 201
    good = token_of(known, kid)
    assert status_of(server, good) == 401
    issuer.open()
    wait_until("the issuer's keys to be taken", lambda: status_of(server, good) == 200)

    assert status_of(server, forged(good)) == 401
    assert status_of(server, token_of(unknown, kid)) == 401
    by_the_secret = jwt.encode(jwt.decode(good, options={"verify_signature": False}), SECRET_KEY)
    assert status_of(server, by_the_secret) == 401
    # Whoever sends however many unknown keys: the issuer is asked once a minute at most.
    before = issuer.fetches
    strangers = [token_of(unknown, f"unknown-{number}") for number in range(20)]
    assert {status_of(server, stranger) for stranger in strangers} == {401}
    assert issuer.fetches - before <= 1
    # An outage takes nothing away.
    issuer.close()
    assert status_of(server, good) == 200
    assert server.answers("/readyz", 200)
