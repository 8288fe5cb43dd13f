"""Makes a certificate authority and certificates for a mesh on one machine, or in development."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mesh.tls import AUTHORITY, DOMAIN

BEFORE = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""
LOCAL = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)
"""So that grpcurl on the same machine needs no option for the name."""


class FilesExistError(Exception):
    """Something would be overwritten; the message names it."""


@dataclass(frozen=True)
class Issuer:
    """An authority that signs certificates.

    Args:
        key: its private key.
        certificate: its own certificate.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def make_authority(lifetime: timedelta, now: datetime) -> Issuer:
    """A new authority, which trusts itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named("bookstore development authority")
    usage = _usage(signs_certificates=True)
    certificate = (
        _builder(subject, subject, key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    return Issuer(key, certificate)


def make_certificate(issuer: Issuer, name: str, lifetime: timedelta, now: datetime) -> Issuer:
    """A key and a certificate for one process, as a server and as a caller."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(f"{name}.{DOMAIN}"), *LOCAL]
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(_named(name), issuer.certificate.subject, key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer.key, SHA256())
    )
    return Issuer(key, certificate)


def write_all(folder: Path, names: Sequence[str], days: int) -> list[Path]:
    """Writes `ca.pem`, `ca.key` and a pair for each name; only the owner may read the keys.

    Raises:
        FilesExistError: when one of the files is there already; then nothing is written.
    """
    files = [folder / f"{name}.{kind}" for name in (AUTHORITY, *names) for kind in ("pem", "key")]
    taken = [file for file in files if file.exists()]
    if taken:
        message = f"{taken[0]} is there already; nothing was written."
        raise FilesExistError(message)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now, lifetime = datetime.now(UTC), timedelta(days=days)
    authority = make_authority(lifetime, now)
    write(folder, AUTHORITY, authority)
    for name in names:
        write(folder, name, make_certificate(authority, name, lifetime, now))
    return files


def write(folder: Path, name: str, pair: Issuer) -> None:
    """Writes one certificate and its key, and never over a file that is there."""
    _create(folder / f"{name}.pem", pair.certificate.public_bytes(Encoding.PEM), 0o644)
    _create(folder / f"{name}.key", pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def _create(file: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
        opened.write(content)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + lifetime)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
