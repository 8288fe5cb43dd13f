"""Mesh tokens that the key of a certificate signs: they prove the caller even when the gateway passes them on.

A token names its certificate in the header `x5c` (RFC 7515, section 4.1.6).
"""

import base64
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    DNSName,
    ExtendedKeyUsage,
    ExtensionNotFound,
    SubjectAlternativeName,
    load_der_x509_certificate,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from mesh.env import ConfigError
from mesh.keys import MALFORMED_TOKEN_ERRORS
from mesh.tls import Tls

HEADER = "x5c"
P256_BITS = 256
"""Key size of the only curve that ES256 can use."""


def is_certified(token: str) -> bool:
    """Return whether a token names a certificate.

    Raises:
        DecodeError: it is not a JWT.
    """
    return HEADER in jwt.get_unverified_header(token)


def encode(tls: Tls, name: str, claims: dict[str, Any]) -> str:
    """Return a token with these claims, signed with the key of a process.

    Raises:
        ConfigError: the certificate or the key of the process cannot be read.
    """
    certificate, key = tls.load_pair(name)
    header = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    algorithm, _ = _algorithm_and_key(certificate)
    return jwt.encode(claims, key, algorithm, headers={HEADER: [header]})


def decode(
    tls: Tls, token: str, options: jwt.types.Options, now: float, *, audience: str, leeway: float
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the claims of a token, and the DNS names in its certificate, which an authority of the mesh has issued.

    Args:
        tls: the certificates of this process, with the authorities.
        token: the JWT.
        options: which claims PyJWT requires and verifies.
        now: the current time, in seconds since the epoch.
        audience: the expected `aud` claim.
        leeway: tolerance for `iat` and `nbf`, in seconds.

    Raises:
        PyJWTError: the token is malformed, or its certificate is expired, for servers only, or of another authority.
    """
    try:
        (encoded,) = jwt.get_unverified_header(token)[HEADER]
        certificate = load_der_x509_certificate(base64.b64decode(encoded, validate=True))
        _check(certificate, tls.load_authorities(), datetime.fromtimestamp(now, UTC))
        algorithm, key = _algorithm_and_key(certificate)
        claims: dict[str, Any] = jwt.decode(token, key, [algorithm], options, audience=audience, leeway=leeway)
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (*MALFORMED_TOKEN_ERRORS, ExtensionNotFound, ConfigError) as error:
        raise jwt.DecodeError from error
    return claims, frozenset(names.get_values_for_type(DNSName))


def _check(certificate: Certificate, authorities: list[Certificate], now: datetime) -> None:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise jwt.DecodeError
    if ExtendedKeyUsageOID.CLIENT_AUTH not in certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value:
        raise jwt.DecodeError
    if not any(_is_issued_by(certificate, authority) for authority in authorities):
        raise jwt.DecodeError


def _is_issued_by(certificate: Certificate, authority: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _algorithm_and_key(certificate: Certificate) -> tuple[str, RSAPublicKey | EllipticCurvePublicKey]:
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey):
        return "RS256", key
    if isinstance(key, EllipticCurvePublicKey) and key.key_size == P256_BITS:
        return "ES256", key
    message = "The key of a certificate must be an RSA key, or an EC key on the curve P-256."
    raise ConfigError(message)
