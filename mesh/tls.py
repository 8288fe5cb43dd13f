"""Mutual TLS between services: each presents a certificate of the mesh's own authority."""

from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

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
        try:
            load_pem_x509_certificate(self._read(f"{AUTHORITY}.pem"))
            if name:
                load_pem_x509_certificate(self._read(f"{name}.pem"))
                load_pem_private_key(self._read(f"{name}.key"), None)
        except (ValueError, TypeError):
            message = f"MESH_TLS_DIR: the certificates in {self.folder} cannot be read."
            raise ConfigError(message) from None

    def server_credentials(self, name: str) -> grpc.ServerCredentials:
        """Return the credentials of a server that accepts only callers with a certificate of the mesh's authority."""
        authority, key, certificate = self._read_files(name)
        return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)

    def channel_credentials(self, name: str) -> grpc.ChannelCredentials:
        """Return the credentials of a caller."""
        return grpc.ssl_channel_credentials(*self._read_files(name))

    def _read_files(self, name: str) -> tuple[bytes, bytes, bytes]:
        return self._read(f"{AUTHORITY}.pem"), self._read(f"{name}.key"), self._read(f"{name}.pem")

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            message = f"MESH_TLS_DIR: {self.folder / name} cannot be read; `python -m mesh certs` creates such files."
            raise ConfigError(message) from None


def server_name_options(name: str) -> Options:
    """Return the options of a channel that accepts only the certificate of the service with this name."""
    return [("grpc.ssl_target_name_override", f"{name}.{DOMAIN}")]
