"""Mutual TLS between services: each shows a certificate of the mesh's own authority."""

from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from mesh.env import ConfigError

Options = list[tuple[str, str | int]]

AUTHORITY = "ca"
DOMAIN = "mesh"
"""A service's certificate names `<service>.mesh`; so a caller finds out whom it reached, wherever that listens."""


@dataclass(frozen=True)
class Tls:
    """A folder with `ca.pem`, and `<name>.pem` and `<name>.key` of the processes that run on this machine.

    Args:
        folder: where they are.
    """

    folder: Path

    def check(self, name: str = "") -> None:
        """Looks whether the process can use the folder.

        Raises:
            ConfigError: when a file is missing or is no certificate or key.
        """
        try:
            load_pem_x509_certificate(self._read(f"{AUTHORITY}.pem"))
            if name:
                load_pem_x509_certificate(self._read(f"{name}.pem"))
                load_pem_private_key(self._read(f"{name}.key"), None)
        except (ValueError, TypeError):
            message = f"MESH_TLS_DIR: the certificates in {self.folder} cannot be read."
            raise ConfigError(message) from None

    def server(self, name: str) -> grpc.ServerCredentials:
        """For a server: nobody gets in without a certificate of our authority."""
        authority, key, certificate = self._own(name)
        return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)

    def channel(self, name: str) -> grpc.ChannelCredentials:
        """For a caller."""
        return grpc.ssl_channel_credentials(*self._own(name))

    def _own(self, name: str) -> tuple[bytes, bytes, bytes]:
        return self._read(f"{AUTHORITY}.pem"), self._read(f"{name}.key"), self._read(f"{name}.pem")

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            message = f"MESH_TLS_DIR: {self.folder / name} cannot be read; `python -m mesh certs` makes such files."
            raise ConfigError(message) from None


def expecting(name: str) -> Options:
    """Options of a channel that wants to reach the service of that name, and no other with a certificate."""
    return [("grpc.ssl_target_name_override", f"{name}.{DOMAIN}")]
