"""Reads the keys that processes share, and where their certificates are."""

from collections.abc import Mapping
from pathlib import Path

from mesh import env
from mesh.credentials import Credentials
from mesh.identity import derive_secret
from mesh.keys import Keyring
from mesh.tls import Tls


def keyring(environ: Mapping[str, str], name: str) -> Keyring:
    """The key of that name, and the one that `<name>_PREVIOUS` holds while keys are being changed.

    Raises:
        ConfigError: when the first is not set, or either is weak.
    """
    return Keyring(env.secret(environ, name), _previous(environ, name))


def mesh_secret(environ: Mapping[str, str], name: str = "") -> Credentials:
    """`MESH_SECRET` or a key derived from `JWT_SECRET_KEY`, their `_PREVIOUS`, and the certificates in `MESH_TLS_DIR`.

    Args:
        environ: the settings.
        name: the process, whose certificate has to be there; without one, only the authority's has.

    Raises:
        ConfigError: when no key is set, one is weak, or a certificate cannot be read.
    """
    folder = environ.get("MESH_TLS_DIR", "").strip()
    tls = Tls(Path(folder)) if folder else None
    if tls:
        tls.check(name)
    if environ.get("MESH_SECRET", "").strip():
        return Credentials(env.secret(environ, "MESH_SECRET"), _previous(environ, "MESH_SECRET"), tls)
    previous = _previous(environ, "JWT_SECRET_KEY")
    derived = derive_secret(previous) if previous else None
    return Credentials(derive_secret(env.secret(environ, "JWT_SECRET_KEY")), derived, tls)


def _previous(environ: Mapping[str, str], name: str) -> str | None:
    other = f"{name}_PREVIOUS"
    return env.secret(environ, other) if environ.get(other, "").strip() else None
