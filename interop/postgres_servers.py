"""A PostgreSQL with TLS, certificates made for the occasion, and a PgBouncer in front of the tests' server."""
from __future__ import annotations

import contextlib
import datetime as dt
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from databases import PostgresDatabase
from servers import free_port, wait_until


def as_user(name: str) -> list[str]:
    """PostgreSQL and PgBouncer refuse to run as root."""
    return ["runuser", "-u", name, "--"] if os.geteuid() == 0 else []


class Authority:
    """One that signs certificates, in PEM files."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.pem = folder / f"{name}.pem"
        self._write(self.pem, self._certificate(name, self._key, is_authority=True))

    def issue(self, file: str, subject: str, *, host: str | None = None, days: int = 2) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, key_file = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        self._write(certificate, self._certificate(subject, key, host=host, days=days))
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key_file.write_bytes(key.private_bytes(*encoding))
        key_file.chmod(0o600)
        return certificate, key_file

    def _certificate(
        self, subject: str, key: ec.EllipticCurvePrivateKey, *, host: str | None = None, days: int = 2, is_authority: bool = False
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        named = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])  # noqa: E731
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject)).issuer_name(named(self.name))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=10)).not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )  # fmt: skip
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    @staticmethod
    def _write(file: Path, certificate: x509.Certificate) -> None:
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@dataclass
class Cluster:
    """A server of its own, which takes TLS and sockets of its machine. Its roles are `munjigi`, by password, and
    `by_certificate`, by nothing else."""

    folder: Path
    authority: Authority
    port: int
    programs: Path

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[Cluster]:
        # PgBouncer and PostgreSQL run as somebody who may not look into a folder of root's.
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
        folder.mkdir(mode=0o755)
        cluster = cls(folder, Authority(folder, "authority"), free_port(), programs)
        cluster._initialise()
        try:
            yield cluster
        finally:
            cluster._pg_ctl("-m", "immediate", "stop")
            shutil.rmtree(folder)

    def _initialise(self) -> None:
        (self.folder / "password").write_text("secret")
        if os.geteuid() == 0:
            postgres = pwd.getpwnam("postgres")
            for path in [self.folder, *self.folder.iterdir()]:
                os.chown(path, postgres.pw_uid, postgres.pw_gid)
        words = ["-U", "munjigi", "-A", "scram-sha-256", "--pwfile", self.folder / "password", "--no-sync"]
        self._run(self.programs / "initdb", "-D", self.data, "--locale", "C.UTF-8", *words)
        (self.data / "pg_hba.conf").write_text(
            "local all all scram-sha-256\n"
            "hostssl all by_certificate 127.0.0.1/32 cert\n"
            "hostssl all all 127.0.0.1/32 scram-sha-256\n"
        )
        self.present(*self.authority.issue("good", "server", host="localhost"), reload=False)
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off -c ssl=on -c ssl_ca_file={self.authority.pem}"
        self._pg_ctl("-l", str(self.folder / "log"), "-w", "-o", options, "start")
        with psycopg.connect(self.url("localhost", "sslmode=require"), autocommit=True) as connection:
            connection.execute("create role by_certificate superuser login")

    def present(self, certificate: Path, key: Path, *, reload: bool = True) -> None:
        """Has the server show this certificate from now on."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            target = self.data / name
            shutil.copyfile(source, target)
            if os.geteuid() == 0:
                shutil.chown(target, "postgres", "postgres")
            target.chmod(0o600)
        if reload:
            self._pg_ctl("reload")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, host: str, query: str, *, user: str = "munjigi:secret") -> str:
        return f"postgres://{user}@{host}:{self.port}/postgres?{query}"

    def _pg_ctl(self, *words: str) -> None:
        self._run(self.programs / "pg_ctl", "-D", self.data, *words)

    def _run(self, *command: object) -> None:
        words = [*as_user("postgres"), *map(str, command)]
        subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60)


@dataclass
class PgBouncer:
    """Lends connections by the transaction, and few of them."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    @contextmanager
    def before(cls, database: PostgresDatabase, folder: Path, *, settings: str = "") -> Iterator[PgBouncer]:
        """While it lasts the database is reached through it."""
        url = database.server_url
        parts = urlsplit(url)
        bouncer = cls(folder / "pgbouncer", free_port())
        bouncer.folder.mkdir()
        (bouncer.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username} password={parts.password}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {bouncer.port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = 4\nserver_login_retry = 1\n{settings}"
        )
        bouncer.start()
        database.server_url = urlunsplit(parts._replace(netloc=f"app@127.0.0.1:{bouncer.port}", query="sslmode=disable"))
        try:
            yield bouncer
        finally:
            database.server_url = url
            bouncer.kill()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            # It reads its settings before it gives root up.
            user = ["-u", "nobody"] if os.geteuid() == 0 else []
            command = [shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", *user, str(self.folder / "pgbouncer.ini")]
            self._process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        wait_until("PgBouncer to listen", self._listens)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False
