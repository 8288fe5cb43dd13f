"""Prints dead letters, wherever they are kept."""

import json
from collections.abc import Sequence
from typing import Protocol

COLUMNS = "{:<36}  {:>10}  {:<25}  {}"


class Letter(Protocol):
    """A dead letter."""

    @property
    def letter_id(self) -> str: ...  # noqa: D102 - as in the list
    @property
    def order_id(self) -> str: ...  # noqa: D102
    @property
    def dead_since(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102

    def as_dict(self) -> dict[str, object]:
        """Return everything that is known about the letter."""


def print_list(letters: Sequence[Letter]) -> None:
    """Print one line per letter."""
    if not letters:
        print("There are no dead letters.")
        return
    print(COLUMNS.format("ID", "ORDER", "SET ASIDE", "REASON"))
    for letter in letters:
        cells = letter.letter_id, letter.order_id, letter.dead_since, letter.reason
        print(COLUMNS.format(*map(printable, cells)))


def print_details(letters: Sequence[Letter]) -> None:
    """Print everything about each letter as JSON."""
    for letter in letters:
        print(json.dumps(letter.as_dict(), indent=2, default=str, skipkeys=True))


def printable(text: str) -> str:
    """Return the text without control characters: a message may contain terminal escape sequences."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
