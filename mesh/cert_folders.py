"""Keeps a folder of certificates for each process, so that each can be given its own only, and renews them in time."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from mesh.certs import CertifiedKey, create_authority, create_certificate
from mesh.tls import AUTHORITY, dns_name

AUTHORITY_FOLDER = "authority"
AUTHORITY_LIFETIME = timedelta(days=3650)
REMAINING_SHARE = 1 / 3
"""A certificate is renewed in the last third of its lifetime."""


def renew_certificates(folder: Path, names: Sequence[str], days: int, now: datetime | None = None) -> Iterator[str]:
    """Create what is missing, renew what expires soon or does not fit together, and yield a sentence for each process.

    `folder/authority` gets the authority, whose key only this function needs, and `folder/<name>` all that one process
    needs. A renewed authority is trusted together with the one that it replaces. Interrupted, it can run again.
    """
    now, lifetime = now or datetime.now(UTC), timedelta(days=days)
    authority_folder = folder / AUTHORITY_FOLDER
    authority = _read(authority_folder, AUTHORITY)
    trusted = _read_text(authority_folder / f"{AUTHORITY}.pem")
    if authority is None or authority.certificate.not_valid_after_utc - now < lifetime:
        authority = create_authority(AUTHORITY_LIFETIME, now)
        trusted = _pem(authority.certificate) + _first(trusted)
        _write_pair(authority_folder, AUTHORITY, authority, trusted)
    for name in names:
        pair = _read(folder / name, name)
        renewed = pair is None or not _is_usable(pair, authority, name, now)
        if pair is None or renewed:
            pair = create_certificate(authority, name, lifetime, now)
            _write_pair(folder / name, name, pair, _pem(pair.certificate))
        _replace(folder / name / f"{AUTHORITY}.pem", trusted, 0o644)
        expires = pair.certificate.not_valid_after_utc
        yield f"{name}: {'a new' if renewed else 'the'} certificate is valid until {expires:%Y-%m-%d}."


def _is_usable(pair: CertifiedKey, authority: CertifiedKey, name: str, now: datetime) -> bool:
    certificate = pair.certificate
    try:
        certificate.verify_directly_issued_by(authority.certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    starts, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    lasts = starts <= now and expires - now > (expires - starts) * REMAINING_SHARE
    return lasts and dns_name(name) in names.get_values_for_type(x509.DNSName)


def _read(folder: Path, name: str) -> CertifiedKey | None:
    """Return a certificate and its key; None if they are missing, cannot be parsed, or do not belong together."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        key = load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return CertifiedKey(key, certificate)


def _read_text(file: Path) -> str:
    return file.read_text("ascii") if file.exists() else ""


def _first(certificates: str) -> str:
    """Return the first of the certificates in a file; nothing if there is none."""
    try:
        return _pem(x509.load_pem_x509_certificate(certificates.encode()))
    except ValueError:
        return ""


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _write_pair(folder: Path, name: str, pair: CertifiedKey, certificates: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    _replace(folder / f"{name}.key", key, 0o600)
    _replace(folder / f"{name}.pem", certificates, 0o644)


def _replace(file: Path, content: str, mode: int) -> None:
    """Write a file as a whole: a process that starts now reads either the old or the new one."""
    if _read_text(file) == content:
        return
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as opened:
        opened.write(content)
    new.replace(file)
