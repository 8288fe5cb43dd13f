"""The errors of a broker.

BrokerError
├── ConnectionLostError    the connection could not be made, or is lost
├── PublishBlockedError    the broker accepts no messages: it lacks memory or disk space
└── PublishRefusedError    the broker did not accept a message: no queue for it, or no room
"""


class BrokerError(Exception):
    """The broker did not carry out a request; the message is for logs and operators."""


class ConnectionLostError(BrokerError):
    """The connection could not be made, or is lost."""


class PublishBlockedError(BrokerError):
    """The broker accepts no messages: it lacks memory or disk space."""


class PublishRefusedError(BrokerError):
    """The broker did not accept a message: no queue for it, or no room."""
