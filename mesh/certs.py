"""Creates a certificate authority and certificates, for a mesh on one machine or for development."""

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

from mesh.tls import AUTHORITY, dns_name

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""Certificates are valid from this time before their creation, because the clocks of two machines differ."""
LOCAL_NAMES = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)
"""Names in every certificate, so that grpcurl on the same machine needs no option for the name."""


class FilesExistError(Exception):
    """A file would be overwritten; the message names it."""


@dataclass(frozen=True)
class CertifiedKey:
    """A private key and the certificate of its public key.

    Args:
        key: the private key.
        certificate: the certificate.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def create_authority(lifetime: timedelta, now: datetime) -> CertifiedKey:
    """Create a self-signed authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _common_name("bookstore development authority")
    certificate = (
        _builder(subject, subject, key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, SHA256())
    )
    return CertifiedKey(key, certificate)


def create_certificate(authority: CertifiedKey, name: str, lifetime: timedelta, now: datetime) -> CertifiedKey:
    """Create a key and a certificate for one process, which it uses as a server and as a caller."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(dns_name(name)), *LOCAL_NAMES]
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(_common_name(name), authority.certificate.subject, key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority.key, SHA256())
    )
    return CertifiedKey(key, certificate)


def write_certificates(folder: Path, names: Sequence[str], days: int) -> list[Path]:
    """Write `ca.pem`, `ca.key`, and a pair of files for each name; only the owner may read the keys.

    Raises:
        FilesExistError: one of the files exists; then none is written.
    """
    files = [folder / f"{name}.{suffix}" for name in (AUTHORITY, *names) for suffix in ("pem", "key")]
    existing = [file for file in files if file.exists()]
    if existing:
        message = f"{existing[0]} already exists; no file was written."
        raise FilesExistError(message)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now, lifetime = datetime.now(UTC), timedelta(days=days)
    authority = create_authority(lifetime, now)
    write(folder, AUTHORITY, authority)
    for name in names:
        write(folder, name, create_certificate(authority, name, lifetime, now))
    return files


def write(folder: Path, name: str, pair: CertifiedKey) -> None:
    """Write a certificate and its key.

    Raises:
        FileExistsError: one of the two files exists.
    """
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
        .not_valid_before(now - MAX_CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
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
