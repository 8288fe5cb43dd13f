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
        location: hosts, ports and virtual host, for logs and errors.
        parameters: pika's parameters of the first host; they contain the password.
        others: the parameters of the other hosts of a cluster.
    """

    location: str
    parameters: pika.ConnectionParameters = field(repr=False)
    others: tuple[pika.ConnectionParameters, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Address:
    hosts: list[tuple[str, int | None]]
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
    default_port = TLS_PORT if address.tls else PORT
    hosts = [(host, port or default_port) for host, port in address.hosts]
    tls = _ssl_context(environ) if address.tls else None
    first, *others = (
        pika.ConnectionParameters(
            host=host,
            port=port,
            virtual_host=address.vhost,
            credentials=pika.PlainCredentials(address.user, address.password),
            heartbeat=HEARTBEAT_SECONDS,
            socket_timeout=CONNECT_TIMEOUT_SECONDS,
            stack_timeout=2 * CONNECT_TIMEOUT_SECONDS,
            ssl_options=pika.SSLOptions(tls, host) if tls else None,
        )
        for host, port in hosts
    )
    vhost = "" if address.vhost == "/" else f"/{address.vhost}"
    return Settings(",".join(f"{host}:{port}" for host, port in hosts) + vhost, first, tuple(others))


def _from_parts(environ: Mapping[str, str]) -> _Address:
    given = environ.get("RABBIT_PORT", "").strip()
    port = env.integer(environ, "RABBIT_PORT", PORT, minimum=1, maximum=65535) if given else None
    return _Address(
        hosts=[(host.strip(), port) for host in env.text(environ, "RABBIT_HOST").split(",") if host.strip()],
        user=env.text(environ, "RABBIT_USER", "guest"),
        password=env.text(environ, "RABBIT_PW", "guest"),
        vhost=env.text(environ, "RABBIT_VHOST", "/"),
        tls=env.flag(environ, "RABBIT_TLS", default=False),
    )


def _from_url(environ: Mapping[str, str]) -> _Address:
    url = env.text(environ, "RABBIT_URL")
    scheme, _, rest = url.partition("://")
    authority, _, vhost = rest.partition("/")
    account, _, hosts = authority.rpartition("@")
    try:
        # Each host alone: newer versions of Python refuse a list that contains an IPv6 address in brackets.
        parsed = [urlsplit(f"//{host}") for host in hosts.split(",")]
        addresses = [(str(host.hostname or ""), host.port) for host in parsed]
        is_valid = scheme.lower() in {"amqp", "amqps"} and all(host for host, _ in addresses)
        is_valid = is_valid and not {"?", "#"} & set(url)
    except ValueError:
        is_valid = False
    if not is_valid:  # the message omits the value, which may contain a password
        raise env.ConfigError("RABBIT_URL must look like amqp://user:password@host:5672/vhost, or amqps:// with TLS.")
    user, _, password = account.partition(":")
    return _Address(
        hosts=addresses,
        user=unquote(user or env.text(environ, "RABBIT_USER", "guest")),
        password=unquote(password or env.text(environ, "RABBIT_PW", "guest")),
        vhost=unquote(vhost) or "/",
        tls=scheme.lower() == "amqps",
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
