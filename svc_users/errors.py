"""Errors that more than one module of the users service raises."""

from mesh.errors import AlreadyExists, NotFound, ResourceExhausted, Unauthenticated


def email_taken(email: str) -> AlreadyExists:
    """Return the error for the second account with an email."""
    return AlreadyExists("Email is already registered.", "EMAIL_TAKEN", metadata={"email": email})


def user_not_found() -> NotFound:
    """Return the error for an id without an account."""
    return NotFound("User was not found.", "USER_NOT_FOUND")


def invalid_refresh_token() -> Unauthenticated:
    """Return the error for a refresh token that is forged, malformed, withdrawn or already used."""
    return Unauthenticated("Invalid refresh token.", "REFRESH_INVALID")


def unknown_device() -> ResourceExhausted:
    """Return the error for a log-in from an unknown device that the caller allows for known devices only."""
    return ResourceExhausted("Too many requests. Please try again later.", "DEVICE_UNKNOWN")
