"""Inserts texts into existing files."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template as Text

from mesh.new.errors import NewServiceError
from mesh.new.template import Insertion


def insert_all(root: Path, insertions: Iterable[Insertion], values: Mapping[str, str]) -> dict[str, str]:
    """Return the new texts of the files by their paths; the files stay unchanged.

    Raises:
        NewServiceError: a file does not exist or has no place for its text.
    """
    texts: dict[str, str] = {}
    for insertion in insertions:
        try:
            text = texts.get(insertion.file) or (root / insertion.file).read_text("utf-8")
        except FileNotFoundError:
            message = f"{insertion.file} does not exist."
            raise NewServiceError(message) from None
        texts[insertion.file] = insert(text, insertion, values)
    return texts


def insert(text: str, insertion: Insertion, values: Mapping[str, str]) -> str:
    """Return the text with the insertion at each of its places that does not have it yet.

    Raises:
        NewServiceError: the text has no such place.
    """
    pattern = insertion.after or insertion.before
    matches = list(re.finditer(pattern, text, re.MULTILINE))
    if not matches:
        message = f"{insertion.file} has no place for the new service: nothing matches {pattern!r}."
        raise NewServiceError(message)
    addition = Text(insertion.text).substitute(values)
    for match in reversed(matches if insertion.every else matches[-1:]):
        place = match.end() if insertion.after else match.start()
        if not text[:place].endswith(addition) and not text[place:].startswith(addition):
            text = text[:place] + addition + text[place:]
    return text
