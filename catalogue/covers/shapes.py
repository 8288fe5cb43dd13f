"""Shapes in SVG, and what an ornament is drawn with: a palette and the variation of one book."""

from math import cos, sin
from typing import NamedTuple

SIDE = 400
"""Side of the square that an ornament fills, in units of the drawing."""
MIDDLE = 200


class Palette(NamedTuple):
    """The colours of a cover: background and type, then the ornament's background and its two colours."""

    paper: str
    ink: str
    field: str
    first: str
    second: str


class Variation(NamedTuple):
    """Numbers derived from a digest, so that a book always gets the same drawing.

    Args:
        digest: the SHA-256 of the ISBN.
    """

    digest: bytes

    def between(self, index: int, low: float, high: float) -> float:
        """Return the digest's byte at this index, scaled to the range from `low` to `high`."""
        return low + (high - low) * self.digest[index % len(self.digest)] / 255

    def bit(self, index: int) -> bool:
        """Return the digest's bit at this index."""
        return bool(self.digest[index // 8 % len(self.digest)] >> index % 8 & 1)


def disc(x: float, y: float, radius: float, fill: str) -> str:
    """Draw a filled circle."""
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" fill="{fill}"/>'


def ring(x: float, y: float, radius: float, colour: str, stroke: float = 3) -> str:
    """Draw the outline of a circle."""
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" fill="none" stroke="{colour}" stroke-width="{stroke:g}"/>'
    )


def filled(path: str, fill: str, extra: str = "") -> str:
    """Draw a filled path."""
    return f'<path d="{path}" fill="{fill}"{extra}/>'


def stroked(path: str, colour: str, stroke: float, cap: str = "round") -> str:
    """Draw a stroked path."""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{stroke:g}" stroke-linecap="{cap}"/>'


def polar(angle: float, radius: float, x: float = MIDDLE, y: float = MIDDLE) -> tuple[float, float]:
    """Return the point at that angle and distance from a centre."""
    return x + radius * cos(angle), y + radius * sin(angle)
