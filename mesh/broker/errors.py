"""What goes wrong with a broker.

BrokerError
├── LostError       the connection could not be made, or is gone
└── RefusedError    the broker did not take a message: no queue for it, or no room
"""


class BrokerError(Exception):
    """The broker did not do what it was asked for; the message is for logs and operators."""


class LostError(BrokerError):
    """The connection could not be made, or is gone."""


class RefusedError(BrokerError):
    """The broker did not take a message: no queue for it, or no room."""
