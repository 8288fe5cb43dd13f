"""Where the broker is, and how to sign in to it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import pika

from mesh import env

PORT, TLS_PORT = 5672, 5671
HEARTBEAT = 30
"""Seconds until a broker that went without a word is noticed, at most twice."""
CONNECT_TIMEOUT = 5


@dataclass(frozen=True)
class Settings:
    """A broker that can be connected to.

    Args:
        place: host, port and virtual host, for people.
        parameters: all that pika needs, with the password.
    """

    place: str
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
    """The broker of `RABBIT_URL`, or of `RABBIT_HOST` and its companions; none when neither is set.

    The companions are `RABBIT_PORT`, `RABBIT_USER`, `RABBIT_PW`, `RABBIT_VHOST` and `RABBIT_TLS`; with TLS also
    `RABBIT_TLS_CA`, `RABBIT_TLS_CERT` and `RABBIT_TLS_KEY`, which name files.

    Raises:
        ConfigError: when one is bad.
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
        heartbeat=HEARTBEAT,
        socket_timeout=CONNECT_TIMEOUT,
        stack_timeout=2 * CONNECT_TIMEOUT,
        ssl_options=pika.SSLOptions(_context(environ), address.host) if address.tls else None,
    )
    vhost = "" if address.vhost == "/" else f"/{address.vhost}"
    return Settings(f"{address.host}:{port}{vhost}", parameters)


def _from_parts(environ: Mapping[str, str]) -> _Address:
    set_ = environ.get("RABBIT_PORT", "").strip()
    return _Address(
        host=env.text(environ, "RABBIT_HOST"),
        port=env.integer(environ, "RABBIT_PORT", PORT, least=1, most=65535) if set_ else None,
        user=env.text(environ, "RABBIT_USER", "guest"),
        password=env.text(environ, "RABBIT_PW", "guest"),
        vhost=env.text(environ, "RABBIT_VHOST", "/"),
        tls=env.flag(environ, "RABBIT_TLS", default=False),
    )


def _from_url(environ: Mapping[str, str]) -> _Address:
    try:
        url = urlsplit(env.text(environ, "RABBIT_URL"))
        good = url.scheme in {"amqp", "amqps"} and url.hostname and not (url.query or url.fragment)
        port = url.port
    except ValueError:
        good = False
    if not good:  # without the value: it may hold a password
        raise env.ConfigError("RABBIT_URL must look like amqp://user:password@host:5672/vhost, or amqps:// with TLS.")
    return _Address(
        host=str(url.hostname),
        port=port,
        user=unquote(url.username or env.text(environ, "RABBIT_USER", "guest")),
        password=unquote(url.password or env.text(environ, "RABBIT_PW", "guest")),
        vhost=unquote(url.path[1:]) or "/",
        tls=url.scheme == "amqps",
    )


def _context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Checks the broker's certificate, always: without that, TLS hides nothing from who stands in between."""
    name = "RABBIT_TLS_CA"
    try:
        context = ssl.create_default_context(cafile=environ.get(name, "").strip() or None)
        name = "RABBIT_TLS_CERT"
        if certificate := environ.get(name, "").strip():
            context.load_cert_chain(certificate, environ.get("RABBIT_TLS_KEY", "").strip() or None)
    except OSError as error:
        reason = "it holds no such certificate" if isinstance(error, ssl.SSLError) else error.strerror
        message = f"{name} cannot be used: {reason}."
        raise env.ConfigError(message) from None
    return context
