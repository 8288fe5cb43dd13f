"""How long a transaction may take: no longer than the call that it works for."""

from mesh.context import current_call

MAX_TRANSACTION_SECONDS = 10.0
"""Time limit of a transaction with all its retries, outside of a call or in a call that may take longer."""


def remaining_seconds() -> float:
    """Return the seconds that a transaction of the current call may take."""
    call = current_call.get()
    remaining = call.remaining_seconds() if call else None
    return MAX_TRANSACTION_SECONDS if remaining is None else min(remaining, MAX_TRANSACTION_SECONDS)
