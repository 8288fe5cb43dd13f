"""The error of this package."""


class NewServiceError(Exception):
    """The service cannot be created; the message is one sentence that says why, and the checkout is unchanged."""
