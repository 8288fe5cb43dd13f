"""Errors that more than one module of the users service raises."""

from mesh.errors import AlreadyExists, NotFound, ResourceExhausted, Unauthenticated

ADDRESS_RETRY_AFTER_SECONDS = "60"
"""The window in which the gateway counts failures of an address is a minute by default."""
HASHING_RETRY_AFTER_SECONDS = "1"


def email_taken(email: str) -> AlreadyExists:
    """Return the error for the second account with an email."""
    return AlreadyExists("Email is already registered.", "EMAIL_TAKEN", metadata={"email": email})


def user_not_found() -> NotFound:
    """Return the error for an id without an account."""
    return NotFound("User was not found.", "USER_NOT_FOUND")


def invalid_refresh_token() -> Unauthenticated:
    """Return the error for a refresh token that is forged, malformed, withdrawn or already used."""
    return Unauthenticated("Invalid refresh token.", "REFRESH_INVALID")


def address_throttled() -> ResourceExhausted:
    """Return the error for a log-in that is excluded because too many from its address have failed."""
    message = "Too many requests. Please try again later."
    return ResourceExhausted(message, "ADDRESS_THROTTLED", metadata={"retry_after": ADDRESS_RETRY_AFTER_SECONDS})


def hashing_busy() -> ResourceExhausted:
    """Return the error for a password that cannot be hashed soon."""
    message = "Too many people are logging in at once. Please try again."
    return ResourceExhausted(message, "HASHING_BUSY", metadata={"retry_after": HASHING_RETRY_AFTER_SECONDS})
