"""nginx in front of servers, as in production: each with a configuration of its own, and a certificate where it ends TLS."""
from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path
from socket import create_connection

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from servers import House, Server, wait_until

# All that it writes is in the folder of the house.
FRAME = """
daemon off;
master_process off;
pid {{folder}}/nginx.pid;
events {{{{}}}}
http {{{{
  access_log off;
  client_body_temp_path {{folder}}/nginx-body;
  proxy_temp_path {{folder}}/nginx-proxy;
  fastcgi_temp_path {{folder}}/nginx-fastcgi;
  uwsgi_temp_path {{folder}}/nginx-uwsgi;
  scgi_temp_path {{folder}}/nginx-scgi;
{http}
}}}}
"""


def start(house: House, port: int, http: str, **names: object) -> Server:
    """Starts one that listens on this port. `http` is what stands in its block of that name, with `{port}`, `{folder}` and
    these names in braces."""
    config = house.folder / "nginx.conf"
    config.write_text(FRAME.format(http=http).format(folder=house.folder, port=port, **names))
    nginx = house.start("nginx", port, ["nginx", "-e", "stderr", "-p", str(house.folder), "-c", str(config)])
    wait_until("nginx to listen", lambda: listens(nginx.address))
    return nginx


def listens(address: tuple[str, int]) -> bool:
    """Whether somebody takes connections there."""
    try:
        create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def write_certificate(folder: Path) -> None:
    """A self-signed one for 127.0.0.1, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
