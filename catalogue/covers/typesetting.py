"""Breaks text into lines that fit a box with any of the usual fonts."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

SERIF = "Georgia,'Times New Roman','Liberation Serif',serif"
SANS = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"
LINE_HEIGHT_EM = 1.1
NARROW, SLIM, BROAD, WIDE, CAPITAL = 0.38, 0.54, 0.66, 1.0, 0.8

# The widths of bold Georgia, the widest font of both lists: with a narrower one the text is only smaller than its box.
LETTER_WIDTHS_EM = (
    dict.fromkeys("ijl.,:;'!|()-I ", NARROW)
    | dict.fromkeys("cfrstz", SLIM)
    | dict.fromkeys("mwMW&", WIDE)
    | {" ": 0.3, "J": 0.6}
)
JOINED_TO_NEXT = {"a", "an", "and", "in", "of", "on", "the", "to", "no."}
"""Words that should not end a line."""


class TypesetText(NamedTuple):
    """Lines of text and their font size."""

    size: int
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        """Return the height from the top of the first capital to the last baseline."""
        return self.size * (0.74 + LINE_HEIGHT_EM * (len(self.lines) - 1))


def width(text: str) -> float:
    """Return an upper estimate of the width of bold text, in ems."""
    return sum(LETTER_WIDTHS_EM.get(letter, CAPITAL if letter.isupper() else BROAD) for letter in text)


def wrap(text: str, ems: float) -> tuple[str, ...]:
    """Break text at its spaces into lines of at most `ems` ems; a longer word gets a line of its own."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer) <= ems:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(line for line in lines if line)


def raggedness(lines: Sequence[str], ems: float) -> float:
    """Return how uneven the lines are; a line that is too long or ends in one of `JOINED_TO_NEXT` adds a penalty."""
    slack = sum((max(map(width, lines)) - width(line)) ** 2 for line in lines)
    dangling = sum(line.split()[-1].lower() in JOINED_TO_NEXT for line in lines[:-1])
    overfull = sum(width(line) > ems for line in lines)
    return slack + 4 * dangling + 1000 * overfull


def balance(text: str, ems: float) -> tuple[str, ...]:
    """Break text into the smallest number of lines, as even as possible."""
    words, count = text.split(), len(wrap(text, ems))
    choices = (
        tuple(" ".join(words[start:end]) for start, end in pairwise((0, *breaks, len(words))))
        for breaks in combinations(range(1, len(words)), count - 1)
    )
    return min(choices, key=lambda lines: raggedness(lines, ems))


def fit(text: str, box: tuple[float, float], largest: int, smallest: int) -> TypesetText:
    """Return the text in the largest size between the two that fits the box (width, height), else in the smallest."""
    for size in range(largest, smallest, -1):
        typeset = TypesetText(size, balance(text, box[0] / size))
        if typeset.height <= box[1] and max(map(width, typeset.lines)) * size <= box[0]:
            return typeset
    return TypesetText(smallest, balance(text, box[0] / smallest))
