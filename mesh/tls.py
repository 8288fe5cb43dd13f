"""Mutual TLS between services: each presents a certificate of the mesh's own authority."""

from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate, load_pem_x509_certificates

from mesh.env import ConfigError

Options = list[tuple[str, str | int]]

AUTHORITY = "ca"
DOMAIN = "mesh"
"""A certificate names `<service>.mesh`, so that a caller verifies which service it reached, at whatever address."""


@dataclass(frozen=True)
class Tls:
    """A folder with `ca.pem`, and with `<name>.pem` and `<name>.key` for each process on this machine.

    Args:
        folder: the path of the folder.
    """

    folder: Path

    def check(self, name: str = "") -> None:
        """Check that the authority's certificate can be read, and the process's certificate and key if it has a name.

        Raises:
            ConfigError: a file is missing, or holds no certificate or key.
        """
        self.load_authorities()
        if name:
            self.load_pair(name)

    def load_authorities(self) -> list[Certificate]:
        """Return the certificates of the mesh's authorities: two while one replaces the other.

        Raises:
            ConfigError: the file is missing, or holds no certificate.
        """
        try:
            return load_pem_x509_certificates(self._read(f"{AUTHORITY}.pem"))
        except ValueError:
            raise self._unreadable() from None

    def load_pair(self, name: str) -> tuple[Certificate, EllipticCurvePrivateKey | RSAPrivateKey]:
        """Return the certificate of a process and its key.

        Raises:
            ConfigError: a file is missing, or holds no certificate or key.
        """
        try:
            certificate = load_pem_x509_certificate(self._read(f"{name}.pem"))
            key = load_pem_private_key(self._read(f"{name}.key"), None)
        except (ValueError, TypeError):
            raise self._unreadable() from None
        if not isinstance(key, EllipticCurvePrivateKey | RSAPrivateKey):
            message = f"MESH_TLS_DIR: the key {self.folder / name}.key must be an RSA or EC key."
            raise ConfigError(message)
        return certificate, key

    def server_credentials(self, name: str) -> grpc.ServerCredentials:
        """Return the credentials of a server that accepts only callers with a certificate of the mesh's authority."""
        authority, key, certificate = self._read_files(name)
        return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)

    def channel_credentials(self, name: str) -> grpc.ChannelCredentials:
        """Return the credentials of a caller."""
        return grpc.ssl_channel_credentials(*self._read_files(name))

    def _read_files(self, name: str) -> tuple[bytes, bytes, bytes]:
        return self._read(f"{AUTHORITY}.pem"), self._read(f"{name}.key"), self._read(f"{name}.pem")

    def _unreadable(self) -> ConfigError:
        return ConfigError(f"MESH_TLS_DIR: the certificates in {self.folder} cannot be read.")

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            message = f"MESH_TLS_DIR: {self.folder / name} cannot be read; `python -m mesh certs` creates such files."
            raise ConfigError(message) from None


def dns_name(name: str) -> str:
    """Return the name of a process in its certificate."""
    return f"{name}.{DOMAIN}"


def server_name_options(name: str) -> Options:
    """Return the options of a channel that accepts only the certificate of the service with this name."""
    return [("grpc.ssl_target_name_override", dns_name(name))]
