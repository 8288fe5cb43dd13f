"""The keys and certificates that a process proves its identity with, and verifies others by."""

from dataclasses import dataclass, field

from mesh.keys import Keyring
from mesh.tls import Tls


@dataclass(frozen=True)
class Credentials:
    """The keys of the mesh's tokens, and the certificates if calls are encrypted.

    Args:
        secret: the key that signs tokens.
        previous: a second key that still verifies tokens.
        tls: the certificates; calls are not encrypted without them.
    """

    secret: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    tls: Tls | None = None

    @classmethod
    def of(cls, given: "str | Credentials") -> "Credentials":
        """Return the credentials themselves, or those of a single key."""
        return cls(given) if isinstance(given, str) else given

    def keyring(self) -> Keyring:
        """Return the keys that sign and verify tokens."""
        return Keyring(self.secret, self.previous)
