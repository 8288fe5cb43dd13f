"""Breaks a line of type into lines that fit a box, whichever of the usual fonts is there."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

SERIF = "Georgia,'Times New Roman','Liberation Serif',serif"
SANS = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif"
LEADING = 1.1
NARROW, SLIM, BROAD, WIDE, CAPITAL = 0.38, 0.54, 0.66, 1.0, 0.8

# The widths are those of bold Georgia, the widest face in either list; a narrower one only leaves air.
ADVANCES = (
    dict.fromkeys("ijl.,:;'!|()-I ", NARROW)
    | dict.fromkeys("cfrstz", SLIM)
    | dict.fromkeys("mwMW&", WIDE)
    | {" ": 0.3, "J": 0.6}
)
LEANING = {"a", "an", "and", "in", "of", "on", "the", "to", "no."}


class Setting(NamedTuple):
    """Lines of type and the size they are set in."""

    size: int
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        """Return the height of the lines from the first cap to the last baseline."""
        return self.size * (0.74 + LEADING * (len(self.lines) - 1))


def width(text: str) -> float:
    """Return a cautious width of bold text, in ems."""
    return sum(ADVANCES.get(letter, CAPITAL if letter.isupper() else BROAD) for letter in text)


def wrap(text: str, ems: float) -> tuple[str, ...]:
    """Break text at its spaces, greedily, into lines of at most so many ems where words allow."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer) <= ems:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(line for line in lines if line)


def raggedness(lines: Sequence[str], ems: float) -> float:
    """Return how uneven lines are, minding those that end in a word which belongs with the next."""
    slack = sum((max(map(width, lines)) - width(line)) ** 2 for line in lines)
    dangling = sum(line.split()[-1].lower() in LEANING for line in lines[:-1])
    overfull = sum(width(line) > ems for line in lines)
    return slack + 4 * dangling + 1000 * overfull


def balance(text: str, ems: float) -> tuple[str, ...]:
    """Break text into as few lines as fit, as even as can be."""
    words, count = text.split(), len(wrap(text, ems))
    choices = (
        tuple(" ".join(words[start:end]) for start, end in pairwise((0, *breaks, len(words))))
        for breaks in combinations(range(1, len(words)), count - 1)
    )
    return min(choices, key=lambda lines: raggedness(lines, ems))


def fit(text: str, box: tuple[float, float], largest: int, smallest: int) -> Setting:
    """Set text as large as its box allows."""
    for size in range(largest, smallest, -1):
        setting = Setting(size, balance(text, box[0] / size))
        if setting.height <= box[1] and max(map(width, setting.lines)) * size <= box[0]:
            return setting
    return Setting(smallest, balance(text, box[0] / smallest))
