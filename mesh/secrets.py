"""The key that the services of one mesh share."""

from collections.abc import Mapping

from mesh import env
from mesh.identity import derive_secret


def mesh_secret(environ: Mapping[str, str]) -> str:
    """`MESH_SECRET`, or a key derived from `JWT_SECRET_KEY`.

    Raises:
        ConfigError: when neither is set, or the one that is has fewer than 32 bytes.
    """
    if environ.get("MESH_SECRET", "").strip():
        return env.secret(environ, "MESH_SECRET")
    return derive_secret(env.secret(environ, "JWT_SECRET_KEY"))
