"""Clients: one that keeps cookies as a browser does, and one that writes bytes to a socket."""
from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from typing import Any, Mapping

import requests

# The notes' own request, and their one answer to every failed sign-in.
B = {"username": "mseo", "password": 1234, "email": "mseo@naver.com", "age": 24}
E = {"error": "이메일 또는 비밀번호가 올바르지 않습니다"}
SIGNED_UP = "회원가입 성공"
SIGNED_IN = "로그인 성공"
SIGNED_OUT = "로그아웃 성공"

Answer = requests.Response


class Client:
    """Keeps its cookies between requests and, unlike a browser, sends nothing that it was not told to."""

    def __init__(self, base: str, *, bearer: str | None = None) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False
        self.bearer = bearer

    @property
    def cookies(self) -> dict[str, str]:
        return self._session.cookies.get_dict()

    def set_cookie(self, name: str, value: str) -> None:
        self._session.cookies.set(name, value)

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> Answer:
        """Posts `body` as JSON. `data=` and `files=` send a form instead, as in requests."""
        if body is not None:
            options["json"] = body
        return self.request("POST", path, **options)

    def request(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        headers = dict(headers or {})
        if self.bearer is not None:
            headers.setdefault("Authorization", f"Bearer {self.bearer}")
        return self._session.request(method, self.base + path, headers=headers, timeout=30, **options)

    # ---- what people do ----

    def sign_up(self, username: str, password: object = "1234", **more: object) -> Answer:
        body = {"username": username, "password": password, "email": f"{username}@naver.com", **more}
        return self.post("/user/session_signup", body)

    def session_signin(self, username: str, password: object = "1234") -> Answer:
        return self.post("/user/session_signin", {"username": username, "password": password})

    def jwt_signin(self, username: str, password: object = "1234") -> Answer:
        return self.post("/user/jwt_signin", {"username": username, "password": password})

    def session_signout(self) -> Answer:
        return self.post("/user/session_signout", headers={"X-CSRFToken": self.cookies.get("csrftoken", "")})

    def me(self) -> Answer:
        return self.get("/user/me")


def cookies_set(answer: Answer) -> dict[str, Morsel[str]]:
    """The cookies that this one answer sets or deletes, with their attributes."""
    jar: dict[str, Morsel[str]] = {}
    for line in answer.raw.headers.getlist("Set-Cookie"):
        jar.update(SimpleCookie(line))
    return jar


@dataclass(frozen=True)
class RawAnswer:
    """What came back over a bare socket. `status` is None where no status line came: then `body` is what did."""

    status: int | None
    head: str
    body: bytes


class RawConnection:
    """A TCP connection that writes exactly the bytes it is given and reads one answer at a time."""

    def __init__(self, address: tuple[str, int], *, seconds: float = 15) -> None:
        self.socket = socket.create_connection(address, timeout=seconds)
        self._buffer = b""

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """Whether all of it was taken: a server may answer and close before it has read everything."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def post_json(self, path: str, body: bytes) -> RawAnswer:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self.send(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self.answer()

    def answer(self) -> RawAnswer:
        while b"\r\n\r\n" not in self._buffer and self._read():
            pass
        status_line = re.match(rb"HTTP/1\.[01] (\d{3}) ", self._buffer)
        if not status_line:
            return RawAnswer(None, "", self._buffer)
        head_bytes, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        head = head_bytes.decode("latin-1")
        length = int(found[1]) if (found := re.search(r"(?im)^content-length: (\d+)", head)) else 0
        while len(self._buffer) < length and self._read():
            pass
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return RawAnswer(int(status_line[1]), head, body)

    def closed(self) -> bool:
        """Waits for the server to close; False where the time limit came first."""
        try:
            while self._read():
                pass
        except TimeoutError:
            return False
        return True

    def _read(self) -> bool:
        try:
            chunk = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self._buffer += chunk
        return bool(chunk)
