"""Reads the keys that processes share, and where their certificates are."""

from collections.abc import Mapping
from pathlib import Path

from mesh import env
from mesh.credentials import Credentials
from mesh.identity import derive_secret
from mesh.keys import Keyring
from mesh.tls import Tls


def read_keyring(environ: Mapping[str, str], name: str) -> Keyring:
    """Return the key in the setting `name`, with the one in `<name>_PREVIOUS` while keys are rotated.

    Raises:
        ConfigError: the first is not set, or one of them is weak.
    """
    return Keyring(env.secret(environ, name), _read_previous(environ, name))


def read_credentials(environ: Mapping[str, str], name: str = "") -> Credentials:
    """Return the credentials of a process.

    The key is `MESH_SECRET`, or derived from `JWT_SECRET_KEY` without one; each may have a `_PREVIOUS`. The
    certificates are in the folder `MESH_TLS_DIR`, if that is set.

    Args:
        environ: the settings.
        name: the process, whose certificate must exist; without a name only the authority's must.

    Raises:
        ConfigError: no key is set, one is weak, or a certificate cannot be read.
    """
    folder = environ.get("MESH_TLS_DIR", "").strip()
    tls = Tls(Path(folder)) if folder else None
    if tls:
        tls.check(name)
    if environ.get("MESH_SECRET", "").strip():
        return Credentials(env.secret(environ, "MESH_SECRET"), _read_previous(environ, "MESH_SECRET"), tls)
    if not environ.get("JWT_SECRET_KEY", "").strip():
        message = "JWT_SECRET_KEY is not set, and neither is MESH_SECRET."
        raise env.ConfigError(message)
    previous = _read_previous(environ, "JWT_SECRET_KEY")
    derived = derive_secret(previous) if previous else None
    return Credentials(derive_secret(env.secret(environ, "JWT_SECRET_KEY")), derived, tls)


def _read_previous(environ: Mapping[str, str], name: str) -> str | None:
    previous_name = f"{name}_PREVIOUS"
    return env.secret(environ, previous_name) if environ.get(previous_name, "").strip() else None
