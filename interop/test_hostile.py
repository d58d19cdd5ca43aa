"""Bodies and framing that mean harm, over bare sockets: never a 5xx, memory flat, the next request answered."""
from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from clients import RawAnswer, RawConnection
from conftest import Figure
from servers import House, Server

pytestmark = [
    pytest.mark.cheap_hashes,
    pytest.mark.alone,
    pytest.mark.munjigi_only("Django answers 500 to some of these"),
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]

SLOW_SOCKETS = int(os.environ.get("INTEROP_SLOW_SOCKETS", "200"))
MIB = 1 << 20
ROUTES = ("/user/session_signup", "/user/jwt_signin", "/user/session_signin", "/user/jwt_refresh", "/api/token/")
GOOD = json.dumps({"username": "mseo", "password": "1234", "email": "mseo@naver.com"}).encode()


@dataclass
class Tally:
    """What the inputs came to, all together."""

    statuses: Counter[int | None] = field(default_factory=Counter)

    def count(self, answer: RawAnswer) -> RawAnswer:
        self.statuses[answer.status] += 1
        return answer


@pytest.fixture(scope="module")
def tally(figure: Figure) -> Iterator[Tally]:
    tally = Tally()
    yield tally
    statuses = (f"{number} × {status or 'closed'}" for status, number in tally.statuses.most_common())
    figure(f"hostile: {tally.statuses.total()} inputs: {', '.join(statuses)}")


@pytest.fixture
def server(house: House) -> Iterator[Server]:
    """Short time limits; and afterwards it must be in its right mind, and no fatter."""
    server = house.munjigi({"HEADER_TIMEOUT": 2, "BODY_TIMEOUT": 2})
    assert server.client().sign_up("usual").status_code == 201
    before = server.resident_bytes()
    yield server
    assert server.client().jwt_signin("usual").status_code == 200
    assert server.resident_bytes() - before < 64 * MIB


def post(path: str, body: bytes, *headers: str, content_type: str = "application/json") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {content_type}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# ---- bodies ---------------------------------------------------------------------------------------------------------

HOSTILE_JSON = {
    "100,000 lists": b"[" * 100_000 + b"]" * 100_000,
    "100,000 lists, unclosed": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep value": b'{"username":' + b"[" * 50_000 + b"]" * 50_000 + b',"password":"x"}',
    "1e999999999": b'{"username":1e999999999,"password":1e999999999,"email":-1e999999999}',
    "1e-999999999": b'{"username":1e-999999999,"password":1e-999999999}',
    "100,000 digits": b'{"username":' + b"9" * 100_000 + b',"password":' + b"9" * 100_000 + b"}",
    "NaN": b'{"username":NaN,"password":Infinity,"email":-Infinity}',
    "NUL": b'{"username":"ms\\u0000eo","password":"\\u0000","email":"a\\u0000@b.kr"}',
    "raw NUL": b'{"username":"ms\x00eo","password":"x"}',
    "lone surrogate": b'{"username":"\\ud800","password":"\\udfff","email":"\\ud800@b.kr"}',
    "not UTF-8": b'{"username":"\xff\xfe","password":"\xc0\x80"}',
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "60,000 keys": b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(60_000)) + b"}",
    "one key 50,000 times": b"{" + b",".join([b'"username":"x"'] * 50_000) + b"}",
    "no object": b'"username"',
    "null": b"null",
    "nothing": b"",
    "spaces": b" " * 500_000,
    "trailing": GOOD + b"}",
    "types": b'{"username":[],"password":{},"email":true,"age":[[]],"refresh_token":{"a":1}}',
    "long password": json.dumps({"username": "mseo", "password": "x" * 900_000}).encode(),
    "long name": json.dumps({"username": "x" * 900_000, "password": "x", "email": "x" * 400_000}).encode(),
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_is_the_clients_fault(server: Server, name: str, tally: Tally) -> None:
    for route in ROUTES:
        with server.raw() as connection:
            answer = tally.count(connection.post_json(route, HOSTILE_JSON[name]))
        assert answer.status is not None and 400 <= answer.status < 500, (route, answer)
        assert answer.head.lower().count("munjigi-error:") == 1, (route, answer.head)


def test_memory_is_flat_however_often_they_come(server: Server, figure: Figure) -> None:
    residents = [server.resident_bytes()]
    for _ in range(6):
        for body in HOSTILE_JSON.values():
            for route in ROUTES:
                with server.raw() as connection:
                    connection.post_json(route, body)
        residents.append(server.resident_bytes())
    figure(f"hostile: resident MiB before and after {len(HOSTILE_JSON) * len(ROUTES)} bodies, and again and again: "
           + " ".join(f"{resident / MIB:.0f}" for resident in residents))  # fmt: skip
    assert residents[-1] - residents[1] < 32 * MIB


@pytest.mark.parametrize("megabytes", [2, 20])
def test_an_oversized_body_is_413_at_once(server: Server, megabytes: int, tally: Tally) -> None:
    body = json.dumps({"username": "mseo", "password": "x" * megabytes * MIB}).encode()
    with server.raw() as connection:
        assert tally.count(connection.post_json("/user/jwt_signin", body)).status in (413, None)
    with server.raw() as connection:  # announced, and not sent
        connection.send(post("/user/jwt_signin", b"", f"Content-Length: {len(body)}"))
        assert tally.count(connection.answer()).status == 413


def test_an_oversized_chunked_body_is_cut_off(server: Server, tally: Tally) -> None:
    """Twenty megabytes in chunks, with no length said before."""
    with server.raw() as connection:
        connection.send(post("/user/jwt_signin", b"", "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        sent = 0
        while sent < 20 * MIB and connection.send(chunk):
            sent += 65536
        assert tally.count(connection.answer()).status in (413, None)


def test_hostile_forms_are_the_clients_fault(server: Server, tally: Tally) -> None:
    urlencoded, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="k%d"\r\n\r\nv\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="username"; filename="x"\r\n\r\nmseo\r\n--b--\r\n'
    bodies = [
        (urlencoded, b"&".join(b"k%d=v" % n for n in range(50_000))),
        (urlencoded, b"%" * 100_000),
        (urlencoded, b"username=%00%ff%fe&password=%ed%a0%80"),
        (multipart, b"".join(part % n for n in range(5_000)) + b"--b--\r\n"),
        (multipart, file),
        (multipart, b"--b\r\n" * 50_000),
        (multipart, b'--b\r\nContent-Disposition: form-data; name="username"\r\n\r\nnever ended'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=" + "b" * 5_000, b"x"),
    ]
    for content_type, body in bodies:
        with server.raw() as connection:
            connection.send(post("/user/jwt_signin", body, f"Content-Length: {len(body)}", content_type=content_type))
            answer = tally.count(connection.answer())
        assert answer.status is not None and 400 <= answer.status < 500, (content_type[:40], body[:40], answer)


# ---- framing --------------------------------------------------------------------------------------------------------

SIGNIN = "/user/jwt_signin"
LENGTH = f"Content-Length: {len(GOOD)}"
SMUGGLED = b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
FRAMING = {
    "CL and TE": post(SIGNIN, b"0\r\n\r\n" + SMUGGLED, LENGTH, "Transfer-Encoding: chunked"),
    "TE and CL": post(SIGNIN, b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: chunked", "Content-Length: 4"),
    "two CL": post(SIGNIN, GOOD, LENGTH, "Content-Length: 3"),
    "CL list": post(SIGNIN, GOOD, f"{LENGTH}, 3"),
    "CL +": post(SIGNIN, GOOD, f"Content-Length: +{len(GOOD)}"),
    "CL -": post(SIGNIN, GOOD, "Content-Length: -1"),
    "CL hex": post(SIGNIN, GOOD, f"Content-Length: {len(GOOD):#x}"),
    "CL huge": post(SIGNIN, GOOD, "Content-Length: 99999999999999999999"),
    "TE unknown": post(SIGNIN, GOOD, "Transfer-Encoding: gzip"),
    "TE twice": post(SIGNIN, b"0\r\n\r\n", "Transfer-Encoding: chunked, chunked"),
    "TE identity": post(SIGNIN, GOOD, "Transfer-Encoding: identity", LENGTH),
    "TE with a tab": post(SIGNIN, b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding:\tchunked", "Content-Length: 4"),
    "TE with a space before the colon": post(SIGNIN, b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding : chunked", LENGTH),
    "chunk size not hex": post(SIGNIN, b"zz\r\nx\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunk size huge": post(SIGNIN, b"ffffffffffffffffff\r\nx\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunk size negative": post(SIGNIN, b"-1\r\nx\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunk longer than said": post(SIGNIN, b"3\r\nxxxxxxxxx\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "chunk extension without end": post(SIGNIN, b"1;" + b"a" * 100_000, "Transfer-Encoding: chunked"),
    "obs-fold": post(SIGNIN, GOOD, "X-Folded: a\r\n b", LENGTH),
    "NUL in a header": post(SIGNIN, GOOD, "X-Null: a\0b", LENGTH),
    "CR in a header": post(SIGNIN, GOOD, "X-Return: a\rb", LENGTH),
    "space in a header name": post(SIGNIN, GOOD, "X Space: a", LENGTH),
    "no header name": post(SIGNIN, GOOD, ": a", LENGTH),
    "bare LF": post(SIGNIN, b"", "Content-Length: 0").replace(b"\r\n", b"\n"),
    "no host": b"GET /user/me HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",
    "evil host": b"GET /user/me HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "odd host": b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1@evil/\r\n\r\n",
    "no version": b"GET /user/me\r\n\r\n",
    "HTTP/9.9": b"GET /user/me HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "no HTTP": b"\0" * 1000,
    "TRACE": b"TRACE /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "CONNECT": b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n",
    "odd method": b"\xff\xff /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "odd path": b"GET /user/\xff\x00%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "long path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "dots": b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "one long header": post(SIGNIN, GOOD, "X-Long: " + "a" * 1_000_000, LENGTH),
    "50,000 headers": post(SIGNIN, GOOD, *["X-Flood: a"] * 50_000, LENGTH),
    "long cookie": b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + b"sessionid=a;" * 4_000 + b"\r\n\r\n",
    "bearer of dots": b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + b"." * 8192 + b"\r\n\r\n",
    "bearer not UTF-8": b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
    "languages": b"GET /user/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: " + b"ko;q=0.1," * 5_000 + b"\r\n\r\n",
}
# RFC 9112 section 2.2 lets a server take a bare LF for the end of a line: then it is the usual answer.
MAY_BE_READ = {"bare LF", "TE identity"}


@pytest.mark.parametrize("name", FRAMING)
def test_hostile_framing_is_refused(server: Server, name: str, tally: Tally) -> None:
    with server.raw(seconds=10) as connection:
        connection.send(FRAMING[name])
        answer = tally.count(connection.answer())
        assert answer.status is None or 400 <= answer.status < 500, answer
        if name not in MAY_BE_READ:
            assert b"HTTP/1.1 200" not in answer.body
        assert not smuggled(connection), "what stood in the body was read as a request of its own"


def smuggled(connection: RawConnection) -> bool:
    """Whether a second answer follows, one to the request that was hidden in the body."""
    second = connection.answer()
    return second.status == 401


# ---- slow and half-open ---------------------------------------------------------------------------------------------

SLOW_STARTS = {
    "silent": b"",
    "half a request line": b"POST /user/jwt",
    "half a head": b"POST /user/jwt_signin HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "half a body": post(SIGNIN, b'{"username":', LENGTH),
    "half a chunk": post(SIGNIN, b"ff\r\nabc", "Transfer-Encoding: chunked"),
}


@pytest.mark.soak
@pytest.mark.parametrize("start", SLOW_STARTS)
def test_slow_sockets_are_closed_and_nobody_waits_for_them(server: Server, start: str) -> None:
    slow = [server.raw(seconds=20) for _ in range(SLOW_SOCKETS)]
    for connection in slow:
        connection.send(SLOW_STARTS[start])
    assert server.client().jwt_signin("usual").status_code == 200, "while they hang"
    assert all(connection.closed() for connection in slow)
    for connection in slow:
        connection.socket.close()


def test_clients_that_leave_without_their_answer_leave_nothing_behind(server: Server) -> None:
    files = len(os.listdir(f"/proc/{server.pid}/fd"))
    for _ in range(1000):
        with server.raw() as connection:
            connection.send(post("/user/me", b"", "Content-Length: 0"))
    assert server.client().me().status_code == 401
    assert len(os.listdir(f"/proc/{server.pid}/fd")) <= files + 50
