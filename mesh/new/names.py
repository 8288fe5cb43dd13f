"""The names of a service and of its resource, in every spelling that a template needs."""

import keyword
import re
from collections.abc import Collection

from mesh.new.errors import NewServiceError

NAME_PATTERN = re.compile(r"[a-z]{3,20}")
PLURAL_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("ss", None), ("s", ""))
"""Endings of plurals and of their singulars; the first match decides, and None means that the word is no plural."""


def spellings(service: str, resource: str | None, reserved: Collection[str]) -> dict[str, str]:
    """Return the names by their placeholders.

    Args:
        service: the name of the service, a plural such as `reviews`.
        resource: the name of one resource, such as `review`; by default the singular of the service's name.
        reserved: names that other processes have.

    Raises:
        NewServiceError: a name is invalid or reserved, or the resource has to be named.
    """
    resource = resource or singular(service)
    for name in (service, resource):
        _check(name, reserved)
    resources = service if singular_or_none(service) == resource else plural(resource)
    names = {"service": service, "resource": resource, "resources": resources}
    titles = {name.title(): text.title() for name, text in names.items()}
    return {**names, **titles, **{name.upper(): text.upper() for name, text in names.items()}}


def plural(word: str) -> str:
    """Return the plural of a word."""
    if word.endswith(("ay", "ey", "oy", "uy")):
        return f"{word}s"
    for ending, replacement in PLURAL_ENDINGS:
        if replacement and word.endswith(replacement):
            return word.removesuffix(replacement) + ending
    return f"{word}s"


def singular(word: str) -> str:
    """Return the singular of a plural.

    Raises:
        NewServiceError: the word does not look like a plural.
    """
    result = singular_or_none(word)
    if result is None:
        message = f"{word!r} is not a plural: name its resource with --resource, such as `--resource parcel`."
        raise NewServiceError(message)
    return result


def singular_or_none(word: str) -> str | None:
    """Return the singular of a plural, or None when the word does not look like a plural."""
    for ending, replacement in PLURAL_ENDINGS:
        if word.endswith(ending):
            return None if replacement is None else word.removesuffix(ending) + replacement
    return None


def _check(name: str, reserved: Collection[str]) -> None:
    if not NAME_PATTERN.fullmatch(name):
        message = f"{name!r} is not a valid name: use 3 to 20 lower-case letters, such as `reviews`."
        raise NewServiceError(message)
    if name in reserved or keyword.iskeyword(name):
        message = f"{name!r} is a reserved name: choose another one."
        raise NewServiceError(message)
