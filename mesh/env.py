"""Reads settings from the environment, and says in one sentence which one is wrong."""

import os
import re
from collections.abc import Mapping, Sequence

from dotenv import dotenv_values

SECRET_BYTES = 32
"""RFC 7518, section 3.2: an HS256 key has at least the size of the hash."""
DISTINCT = 6
"""Characters that a key has to have at least; 32 random hex digits with fewer do not come up in this world."""
PLACEHOLDER = re.compile(
    r"(please[-_ ]?)?(change|replace)[-_ ]?(me|this|it)"
    r"|(your|insert|enter|set|put)[-_ ].*(secret|key)|placeholder",
    re.IGNORECASE,
)
"""How examples of keys begin, which get copied and left as they are."""


class ConfigError(Exception):
    """A setting is missing or bad; the message names it and never holds a secret's value."""


def read_environment() -> dict[str, str]:
    """The settings of this process: the environment, over the `.env` file of the working directory."""
    file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**file, **os.environ}  # noqa: TID251 - the one place


def text(env: Mapping[str, str], name: str, default: str | None = None) -> str:
    """A setting as it stands; an empty one counts as not set.

    Raises:
        ConfigError: when it is not set and has no default.
    """
    value = env.get(name, "").strip() or default
    if value is None:
        message = f"{name} is not set."
        raise ConfigError(message)
    return value


def integer(env: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """A setting that is a whole number from `least` to `most`.

    Raises:
        ConfigError: when it is anything else.
    """
    value = text(env, name, str(default))
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        message = f"{name} must be a whole number from {least} to {most}, not {value!r}."
        raise ConfigError(message)
    return number


def seconds(env: Mapping[str, str], name: str, default: float, *, most: float = 86400) -> float:
    """A setting that is a duration in seconds, from 0 to `most`.

    Raises:
        ConfigError: when it is anything else.
    """
    value = text(env, name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        message = f"{name} must be a number of seconds from 0 to {most:g}, not {value!r}."
        raise ConfigError(message)
    return number


def flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A setting that is `true` or `false` (also `1`, `0`, `yes`, `no`, `on`, `off`).

    Raises:
        ConfigError: when it is anything else.
    """
    value = text(env, name, str(default)).lower()
    if value in {"true", "1", "yes", "on"}:
        return True
    if value in {"false", "0", "no", "off"}:
        return False
    message = f"{name} must be true or false, not {value!r}."
    raise ConfigError(message)


def names(env: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    """A setting that is a comma-separated list."""
    return tuple(part.strip() for part in text(env, name, default).split(",") if part.strip())


def secret(env: Mapping[str, str], name: str, default: str | None = None) -> str:
    """A setting that is a key of at least 32 bytes, and not one of those that anybody would guess.

    Raises:
        ConfigError: when it is not set, too short, or obvious.
    """
    value = text(env, name, default)
    if len(value.encode()) < SECRET_BYTES:
        message = f"{name} must have at least {SECRET_BYTES} bytes, such as the output of `openssl rand -hex 32`."
        raise ConfigError(message)
    if len(set(value)) < DISTINCT or PLACEHOLDER.match(value):
        message = f"{name} is easy to guess; use a random one, such as the output of `openssl rand -hex 32`."
        raise ConfigError(message)
    return value


def choice(env: Mapping[str, str], name: str, default: str, choices: Sequence[str]) -> str:
    """A setting that is one of a few words, in any case.

    Raises:
        ConfigError: when it is anything else.
    """
    value = text(env, name, default).lower()
    if value not in choices:
        message = f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, not {value!r}."
        raise ConfigError(message)
    return value
