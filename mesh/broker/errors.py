"""The errors of a broker.

BrokerError
├── ConnectionLostError      the connection could not be made, or is lost
│   └── MisconfiguredError   an operator has to change the broker, the account or the settings: no retry succeeds
├── PublishBlockedError      the broker accepts no messages: it lacks memory or disk space
├── PublishRefusedError      the broker did not accept a message: no room in its queue
│   └── UnroutableError      no queue is bound for the message
└── RequestRefusedError      the broker refused a request and closed its channel
"""

import re

from pika.exceptions import ChannelClosed, ConnectionClosed

CLOSED = re.compile(r"ConnectionClosedByBroker: \((?P<code>\d+)\) (?P<quote>['\"])(?P<text>.*)(?P=quote)")
"""The text of pika's errors for a connection that the broker closed during the handshake."""


class BrokerError(Exception):
    """The broker did not carry out a request; the message is for logs and operators."""


class ConnectionLostError(BrokerError):
    """The connection could not be made, or is lost."""


class MisconfiguredError(ConnectionLostError):
    """The connection cannot be used until an operator changes the broker, the account or the settings."""


class PublishBlockedError(BrokerError):
    """The broker accepts no messages: it lacks memory or disk space."""


class PublishRefusedError(BrokerError):
    """The broker did not accept a message: no queue for it, or no room."""


class UnroutableError(PublishRefusedError):
    """No queue is bound for the message."""


class RequestRefusedError(BrokerError):
    """The broker refused a request and closed its channel.

    Args:
        code: the reply code of AMQP.
        text: the broker's reason.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def error_reason(error: BaseException) -> str:
    """Return what the broker or the network reported, without the errors that pika wraps it in."""
    return reply_of(error)[1]


def reply_of(error: BaseException) -> tuple[int, str]:
    """Return AMQP's reply code, which is 0 for an error of the network, and the reason."""
    error = root_error(error)
    if isinstance(error, ChannelClosed | ConnectionClosed):
        return error.reply_code, error.reply_text
    text = str(error) or type(error).__name__
    closed = CLOSED.search(text)
    return (int(closed["code"]), closed["text"]) if closed else (0, text)


def root_error(error: BaseException) -> BaseException:
    """Return the error of the broker or the network that pika wraps in others."""
    while (cause := _wrapped(error)) is not None:
        error = cause
    return error


def _wrapped(error: BaseException) -> BaseException | None:
    candidates = (*getattr(error, "exceptions", ())[-1:], getattr(error, "exception", None), *error.args[:1])
    return next((each for each in candidates if isinstance(each, BaseException)), None)
