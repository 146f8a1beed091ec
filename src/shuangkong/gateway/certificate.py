"""A self-made certificate for the intake, where none is set: enough for one machine and for trying out, not for the internet."""

from __future__ import annotations

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shuangkong.series.files import write_atomically

_LIFE_DAYS = 365
_RENEW_DAYS = 30


def ensure_certificate(root: Path, now_ms: int) -> tuple[Path, Path]:
    """The certificate and key files of a store, made anew when they are missing or about to end."""
    certificate_file, key_file = root / "certificate" / "certificate.pem", root / "certificate" / "key.pem"
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    if key_file.exists() and certificate_file.exists():
        known = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        if known.not_valid_after_utc > now + timedelta(days=_RENEW_DAYS):
            return certificate_file, key_file
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_LIFE_DAYS))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    previous = os.umask(0o077)
    try:
        write_atomically(
            key_file,
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
    finally:
        os.umask(previous)
    write_atomically(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate_file, key_file
