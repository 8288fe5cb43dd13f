"""What a process proves itself with in the mesh, and by what it knows the others."""

from dataclasses import dataclass, field

from mesh.keys import Keyring
from mesh.tls import Tls


@dataclass(frozen=True)
class Credentials:
    """The keys of the mesh's tokens, and the certificates when calls are encrypted.

    Args:
        secret: the key that signs tokens.
        previous: another key that still verifies them.
        tls: the certificates; without them calls are in the clear.
    """

    secret: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    tls: Tls | None = None

    @classmethod
    def of(cls, given: "str | Credentials") -> "Credentials":
        """Credentials as they are, or of a bare key."""
        return cls(given) if isinstance(given, str) else given

    def keyring(self) -> Keyring:
        """The keys of the tokens."""
        return Keyring(self.secret, self.previous)
