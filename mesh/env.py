"""Reads settings from the environment; an error names the invalid setting in one sentence."""

import os
import re
from collections.abc import Mapping, Sequence

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


class ConfigError(Exception):
    """A setting is missing or invalid; the message names it and never contains a secret."""


def read_environment() -> dict[str, str]:
    """Return the settings of this process: the environment, then the `.env` file of the working directory."""
    file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**file, **os.environ}  # noqa: TID251 - the one place that reads it


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


def seconds(env: Mapping[str, str], name: str, default: float, *, maximum: float = 86400) -> float:
    """Return a setting that is a duration in seconds, from 0 to `maximum`.

    Raises:
        ConfigError: it is not such a number.
    """
    value = text(env, name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= maximum:
        message = f"{name} must be a number of seconds from 0 to {maximum:g}, not {value!r}."
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
