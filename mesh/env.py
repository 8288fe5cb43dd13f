"""Reads settings from the environment; an error names the invalid setting in one sentence."""

import io
import ipaddress
import os
import re
import socket
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from dotenv import dotenv_values

MIN_SECRET_BYTES = 32
"""RFC 7518, section 3.2: an HS256 key has at least the size of the hash."""
MIN_DISTINCT_CHARACTERS = 6
"""A random key of 32 hex digits practically never has fewer distinct ones."""
PLACEHOLDER_PATTERN = re.compile(
    r"(please[-_ ]?)?(change|replace)[-_ ]?(me|this|it)"
    r"|(your|insert|enter|set|put)[-_ ].*(secret|key)|placeholder",
    re.IGNORECASE,
)
"""The beginnings of example keys, which get copied and left unchanged."""


KUBERNETES_PORT_PATTERN = re.compile(r"(tcp|udp|sctp)://\S+")
"""What Kubernetes sets `BOOKS_PORT` to in the containers of a namespace that has a Service named `books`."""
MAX_PORT = 65535
FILE = ".env"


class ConfigError(Exception):
    """A setting is missing or invalid; the message names it and never contains a secret."""


def read_environment() -> dict[str, str]:
    """Return the settings of this process: the environment, then the `.env` file of the working directory.

    Raises:
        ConfigError: there is a `.env`, and it cannot be read.
    """
    return {**_read_file(Path(FILE)), **os.environ}  # noqa: TID251 - the one place that reads it


def text(env: Mapping[str, str], name: str, default: str | None = None) -> str:
    """Return a setting without surrounding whitespace; an empty one counts as not set.

    Raises:
        ConfigError: it is not set and has no default.
    """
    value = env.get(name, "").strip() or default
    if value is None:
        message = f"{name} is not set."
        raise ConfigError(message)
    return value


def integer(env: Mapping[str, str], name: str, default: int, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """Return a setting that is a whole number from `minimum` to `maximum`.

    Raises:
        ConfigError: it is not such a number.
    """
    value = text(env, name, str(default))
    try:
        number = int(value)
    except ValueError:
        number = minimum - 1
    if not minimum <= number <= maximum:
        message = f"{name} must be a whole number from {minimum} to {maximum}, not {value!r}."
        raise ConfigError(message)
    return number


def port(env: Mapping[str, str], name: str, default: int, *, minimum: int = 1) -> int:
    """Return a setting that is a port number; the address that Kubernetes may set the variable to counts as not set.

    Raises:
        ConfigError: it is not such a number.
    """
    value = env.get(name, "").strip()
    if not value or KUBERNETES_PORT_PATTERN.fullmatch(value):
        return default
    return integer(env, name, default, minimum=minimum, maximum=MAX_PORT)


def host(env: Mapping[str, str], name: str, default: str) -> str:
    """Return a setting that is the IP address of an interface, or a name such as `localhost`, as an IP address.

    Raises:
        ConfigError: it is neither, or the name has no address.
    """
    value = text(env, name, default)
    try:
        return str(ipaddress.ip_address(value.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(value, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        message = f"{name} must be the IP address or the name of an interface of this machine, not {value!r}."
        raise ConfigError(message) from None
    return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])  # IPv4 first, as without the setting


def seconds(env: Mapping[str, str], name: str, default: float, *, minimum: float = 0, maximum: float = 86400) -> float:
    """Return a setting that is a duration in seconds, from `minimum` to `maximum`.

    Raises:
        ConfigError: it is not such a number.
    """
    value = text(env, name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not minimum <= number <= maximum:
        message = f"{name} must be a number of seconds from {minimum:g} to {maximum:g}, not {value!r}."
        raise ConfigError(message)
    return number


def flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    """Return a setting that is `true` or `false` (also `1`, `0`, `yes`, `no`, `on`, `off`), in any case.

    Raises:
        ConfigError: it is another text.
    """
    value = text(env, name, str(default)).lower()
    if value in {"true", "1", "yes", "on"}:
        return True
    if value in {"false", "0", "no", "off"}:
        return False
    message = f"{name} must be true or false, not {value!r}."
    raise ConfigError(message)


def names(env: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    """Return the parts of a setting that is a comma-separated list."""
    return tuple(part.strip() for part in text(env, name, default).split(",") if part.strip())


def secret(env: Mapping[str, str], name: str, default: str | None = None) -> str:
    """Return a setting that is a key of at least 32 bytes, and not easy to guess.

    Raises:
        ConfigError: it is not set, too short, or easy to guess.
    """
    value = text(env, name, default)
    if len(value.encode()) < MIN_SECRET_BYTES:
        message = f"{name} must have at least {MIN_SECRET_BYTES} bytes, such as the output of `openssl rand -hex 32`."
        raise ConfigError(message)
    if len(set(value)) < MIN_DISTINCT_CHARACTERS or PLACEHOLDER_PATTERN.match(value):
        message = f"{name} is easy to guess; use a random one, such as the output of `openssl rand -hex 32`."
        raise ConfigError(message)
    return value


def choice(env: Mapping[str, str], name: str, default: str, choices: Sequence[str]) -> str:
    """Return a setting that is one of a few words, in lower case.

    Raises:
        ConfigError: it is another word.
    """
    value = text(env, name, default).lower()
    if value not in choices:
        message = f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, not {value!r}."
        raise ConfigError(message)
    return value


def _read_file(file: Path) -> dict[str, str]:
    """Return the settings in a file, none if there is no file."""
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISCHR(mode):  # such as /dev/null
            message = f"{file} must be a file with lines such as NAME=value: rename what has its name."
            raise ConfigError(message)
        content = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"{file} cannot be read ({error.strerror}): change its owner or its mode, or move it away."
        raise ConfigError(message) from None
    except UnicodeDecodeError:
        content = "\0"
    if "\0" in content:  # UTF-16
        message = f"{file} is not encoded in UTF-8: save it in this encoding."
        raise ConfigError(message)
    values = dotenv_values(stream=io.StringIO(content))
    return {name: value for name, value in values.items() if value is not None}
