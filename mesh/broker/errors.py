"""What goes wrong with a broker.

BrokerError
├── ConnectionLostError       the connection could not be made, or is gone
└── PublishRefusedError    the broker did not take a message: no queue for it, or no room
"""


class BrokerError(Exception):
    """The broker did not do what it was asked for; the message is for logs and operators."""


class ConnectionLostError(BrokerError):
    """The connection could not be made, or is gone."""


class PublishRefusedError(BrokerError):
    """The broker did not take a message: no queue for it, or no room."""
