"""The settings of the broker: its address, its account and its TLS files."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import pika

from mesh import env

PORT, TLS_PORT = 5672, 5671
HEARTBEAT_SECONDS = 10
"""A broker that stops responding is noticed after at most twice this time."""
CONNECT_TIMEOUT_SECONDS = 5
"""Time limit for a TCP connection to one address. The handshakes, and later each request, may take twice this time."""


@dataclass(frozen=True)
class Settings:
    """The settings of a broker.

    Args:
        location: host, port and virtual host, for logs and errors.
        parameters: pika's parameters; they contain the password.
    """

    location: str
    parameters: pika.ConnectionParameters = field(repr=False)


@dataclass(frozen=True)
class _Address:
    host: str
    port: int | None
    user: str
    password: str = field(repr=False)
    vhost: str
    tls: bool


def broker_settings(environ: Mapping[str, str]) -> Settings | None:
    """Return the broker of `RABBIT_URL`, or of `RABBIT_HOST` and the other settings; None when neither is set.

    The other settings are `RABBIT_PORT`, `RABBIT_USER`, `RABBIT_PW`, `RABBIT_VHOST` and `RABBIT_TLS`; with TLS also
    `RABBIT_TLS_CA`, `RABBIT_TLS_CERT` and `RABBIT_TLS_KEY`, which name files.

    Raises:
        ConfigError: a setting is invalid.
    """
    if environ.get("RABBIT_URL", "").strip():
        address = _from_url(environ)
    elif environ.get("RABBIT_HOST", "").strip():
        address = _from_parts(environ)
    else:
        return None
    port = address.port or (TLS_PORT if address.tls else PORT)
    parameters = pika.ConnectionParameters(
        host=address.host,
        port=port,
        virtual_host=address.vhost,
        credentials=pika.PlainCredentials(address.user, address.password),
        heartbeat=HEARTBEAT_SECONDS,
        socket_timeout=CONNECT_TIMEOUT_SECONDS,
        stack_timeout=2 * CONNECT_TIMEOUT_SECONDS,
        ssl_options=pika.SSLOptions(_ssl_context(environ), address.host) if address.tls else None,
    )
    vhost = "" if address.vhost == "/" else f"/{address.vhost}"
    return Settings(f"{address.host}:{port}{vhost}", parameters)


def _from_parts(environ: Mapping[str, str]) -> _Address:
    return _Address(
        host=env.text(environ, "RABBIT_HOST"),
        port=env.port(environ, "RABBIT_PORT", 0) or None,
        user=env.text(environ, "RABBIT_USER", "guest"),
        password=env.text(environ, "RABBIT_PW", "guest"),
        vhost=env.text(environ, "RABBIT_VHOST", "/"),
        tls=env.flag(environ, "RABBIT_TLS", default=False),
    )


def _from_url(environ: Mapping[str, str]) -> _Address:
    try:
        url = urlsplit(env.text(environ, "RABBIT_URL"))
        is_valid = url.scheme in {"amqp", "amqps"} and url.hostname and not (url.query or url.fragment)
        port = url.port
    except ValueError:
        is_valid = False
    if not is_valid:  # the message omits the value, which may contain a password
        raise env.ConfigError("RABBIT_URL must look like amqp://user:password@host:5672/vhost, or amqps:// with TLS.")
    return _Address(
        host=str(url.hostname),
        port=port,
        user=unquote(url.username or env.text(environ, "RABBIT_USER", "guest")),
        password=unquote(url.password or env.text(environ, "RABBIT_PW", "guest")),
        vhost=unquote(url.path[1:]) or "/",
        tls=url.scheme == "amqps",
    )


def _ssl_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return a context that always verifies the broker's certificate; TLS protects from nothing without that."""
    name = "RABBIT_TLS_CA"
    try:
        context = ssl.create_default_context(cafile=environ.get(name, "").strip() or None)
        name = "RABBIT_TLS_CERT"
        if certificate := environ.get(name, "").strip():
            context.load_cert_chain(certificate, environ.get("RABBIT_TLS_KEY", "").strip() or None)
    except OSError as error:
        reason = "the file does not contain a valid certificate" if isinstance(error, ssl.SSLError) else error.strerror
        message = f"{name} cannot be used: {reason}."
        raise env.ConfigError(message) from None
    return context
