"""The ornaments of the covers: each fills a square of 400 units with a drawing in three colours."""

from collections.abc import Callable
from math import cos, pi, sin
from typing import NamedTuple

SIDE = 400
MIDDLE = 200


class Palette(NamedTuple):
    """The colours of a cover: what the type stands on, the type, and the ornament's three."""

    paper: str
    ink: str
    field: str
    first: str
    second: str


class Chance(NamedTuple):
    """A source of variation that gives one book the same answers for ever."""

    digest: bytes

    def between(self, turn: int, low: float, high: float) -> float:
        """Return the answer of that turn, scaled between two bounds."""
        return low + (high - low) * self.digest[turn % len(self.digest)] / 255

    def bit(self, turn: int) -> bool:
        """Return one bit of the digest."""
        return bool(self.digest[turn // 8 % len(self.digest)] >> turn % 8 & 1)


Ornament = Callable[[Palette, Chance], str]


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


def orbits(colours: Palette, chance: Chance) -> str:
    """Draw planets on their rings about a star."""
    x, y = chance.between(0, 150, 250), chance.between(1, 170, 230)
    parts = [disc(x, y, chance.between(2, 44, 62), colours.first)]
    for turn, radius in enumerate(range(92, 330, 46)):
        parts.append(ring(x, y, radius, colours.second, 2.5))
        at = polar(chance.between(3 + turn, -pi, pi), radius, x, y)
        parts.append(disc(*at, chance.between(9 + turn, 8, 22), (colours.first, colours.second)[turn % 2]))
    return "".join(parts)


def sunburst(colours: Palette, chance: Chance) -> str:
    """Draw a low sun and its rays."""
    x, y, rays = MIDDLE, chance.between(0, 250, 330), 22 + 4 * round(chance.between(1, 0, 3))
    wedges = ""
    for ray in range(rays):
        (ax, ay), (bx, by) = (polar(2 * pi * (ray + half) / rays, 560, x, y) for half in (0, 0.5))
        wedges += f"M{x} {y:.0f}L{ax:.0f} {ay:.0f} {bx:.0f} {by:.0f}Z"
    radius = chance.between(2, 80, 112)
    return filled(wedges, colours.first) + disc(x, y, radius + 16, colours.field) + disc(x, y, radius, colours.second)


def constellation(colours: Palette, chance: Chance) -> str:
    """Draw stars joined into a figure beside a thin moon."""
    stars = [(22 + 51 * star, 215 + (1, -1)[star % 2] * chance.between(star, 8, 85)) for star in range(8)]
    joined = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in stars)
    moon = disc(MIDDLE, 150, 88, colours.second) + disc(MIDDLE + 34, 132, 78, colours.field)
    dots = [disc(x, y, 6 + chance.between(turn, 0, 7), colours.first) for turn, (x, y) in enumerate(stars)]
    far = [disc(chance.between(turn, 0, 400), chance.between(turn + 7, 0, 400), 3, colours.first) for turn in range(24)]
    return "".join([*far, moon, stroked(joined, colours.first, 2.5), *dots])


def hills(colours: Palette, chance: Chance) -> str:
    """Draw ranges of hills under a disc of sun or moon."""
    parts = [disc(chance.between(0, 120, 280), chance.between(1, 110, 160), chance.between(2, 52, 76), colours.second)]
    for row in range(4):
        top, lift = 190 + 58 * row, 40 + chance.between(3 + row, 0, 50)
        shift = chance.between(8 + row, -120, 0)
        path = f"M{shift:.0f} {top:.0f}q65 -{lift:.0f} 130 0t130 0 130 0 130 0V420H{shift:.0f}Z"
        parts.append(filled(path, colours.first, f' fill-opacity="{0.3 + 0.22 * row:.2f}"'))
    return "".join(parts)


def arches(colours: Palette, chance: Chance) -> str:
    """Draw an arcade of nested arches in two storeys."""
    parts, count = [], 3 + chance.bit(0)
    span = SIDE / count
    for foot in (SIDE // 2, SIDE):
        for column in range(-1, count + 1):
            middle = span * (column + 0.5)
            for depth, colour in enumerate((colours.first, colours.field, colours.second)):
                half = span * (0.45 - 0.12 * depth)
                path = f"M{middle - half:.0f} {foot}v-{150 - span * 0.55:.0f}"
                parts.append(filled(f"{path}a{half:.0f} {half:.0f} 0 0 1 {2 * half:.0f} 0V{foot}Z", colour))
    return "".join(parts)


def blinds(colours: Palette, chance: Chance) -> str:
    """Draw a lamp seen between the slats of a blind."""
    x, y = chance.between(0, 150, 250), chance.between(1, 150, 230)
    slats = "".join(f"M0 {28 * slat}l400 {chance.between(2, -40, 40):.0f}" for slat in range(-2, 17))
    return disc(x, y, chance.between(3, 110, 140), colours.second) + stroked(slats, colours.first, 15, "butt")


def keyhole(colours: Palette, chance: Chance) -> str:
    """Draw a keyhole with outlines spreading from it."""
    parts, step = [], chance.between(0, 20, 28)
    for ripple in range(7, -1, -1):
        radius, grow = 50 + step * ripple, step * ripple
        foot = f"M{MIDDLE} 160L{MIDDLE + 62 + grow * 1.1:.0f} {318 + grow:.0f}H{MIDDLE - 62 - grow * 1.1:.0f}Z"
        colour = (colours.second, colours.field, colours.first, colours.field)[ripple % 4]
        parts += [disc(MIDDLE, 150, radius, colour), filled(foot, colour)]
    return "".join(parts)


def labyrinth(colours: Palette, chance: Chance) -> str:
    """Draw broken rings, one inside the other."""
    parts = []
    for turn, radius in enumerate(range(26, 290, 22)):
        around = 2 * pi * radius
        gap = chance.between(turn, 0.1, 0.3) * around
        colour = (colours.first, colours.first, colours.second)[turn % 3]
        spin = chance.between(turn + 13, 0, 360)
        parts.append(
            f'<circle cx="200" cy="200" r="{radius}" fill="none" stroke="{colour}" stroke-width="10"'
            f' stroke-dasharray="{around - gap:.0f} {gap:.0f}" transform="rotate({spin:.0f} 200 200)"/>'
        )
    return "".join(parts)


def scales(colours: Palette, chance: Chance) -> str:
    """Draw overlapping scales in rows."""
    size = round(chance.between(0, 40, 56))
    tints = (colours.first, colours.field, colours.second, colours.field, colours.first)
    scale = "".join(disc(0, 0, size * (1 - 0.2 * depth), tint) for depth, tint in enumerate(tints))
    places = [(column, row) for row in range(SIDE * 2 // size + 2) for column in range(SIDE // size // 2 + 2)]
    uses = "".join(
        f'<use href="#s" x="{2 * size * column + size * (row % 2)}" y="{row * size // 2}"/>' for column, row in places
    )
    return f'<defs><g id="s">{scale}</g></defs>{uses}'


def bloom(colours: Palette, chance: Chance) -> str:
    """Draw a flower of pointed petals in rings."""
    parts, petals = [], 8 + 2 * round(chance.between(0, 0, 3))
    for layer, reach in enumerate((226, 172, 118, 62)):
        path = f"M0 0Q{reach * 0.34:.0f} {-reach * 0.55:.0f} 0 {-reach}Q{-reach * 0.34:.0f} {-reach * 0.55:.0f} 0 0"
        colour = (colours.first, colours.second)[layer % 2]
        turned = (f'<use href="#p{layer}" transform="rotate({360 * n / petals:.1f})"/>' for n in range(petals))
        spin = 180 / petals * (layer % 2)
        shape = (
            f'<defs><path id="p{layer}" d="{path}" fill="{colour}" stroke="{colours.field}" stroke-width="3"/></defs>'
        )
        parts.append(f'{shape}<g transform="translate(200 200) rotate({spin:.1f})">{"".join(turned)}</g>')
    return "".join(parts)


def tiles(colours: Palette, chance: Chance) -> str:
    """Draw a floor of quarter, half and whole discs."""
    parts, size = [], (80, 100)[chance.bit(3)]
    shapes = (
        f"h{size}a{size} {size} 0 0 1 -{size} {size}Z",
        f"h{size}v{size}a{size} {size} 0 0 1 -{size} -{size}Z",
        f"v{size}h{size}a{size} {size} 0 0 0 -{size} -{size}Z",
        f"a{size / 2:g} {size / 2:g} 0 0 0 {size} 0Z",
        f"m0 {size}h{size}v-{size}a{size} {size} 0 0 0 -{size} {size}Z",
    )
    for turn in range((SIDE // size) ** 2):
        row, column = divmod(turn, SIDE // size)
        shape = shapes[round(chance.between(turn, 0, 97)) % len(shapes)]
        parts.append((chance.bit(turn + 40), f"M{column * size} {row * size}{shape}"))
    first, second = ("".join(path for colour, path in parts if colour is side) for side in (True, False))
    return filled(first, colours.first) + filled(second, colours.second)
