"""Ornaments that are abstract patterns."""

from math import pi, sqrt

from catalogue.covers.shapes import MIDDLE, SIDE, Palette, Variation, disc, filled, polar, ring, stroked


def arches(palette: Palette, variation: Variation) -> str:
    """Draw an arcade of nested arches in two storeys."""
    parts, count = [], 3 + variation.bit(0)
    span = SIDE / count
    for foot in (SIDE // 2, SIDE):
        for column in range(-1, count + 1):
            middle = span * (column + 0.5)
            for depth, colour in enumerate((palette.first, palette.field, palette.second)):
                half = span * (0.45 - 0.12 * depth)
                path = f"M{middle - half:.0f} {foot}v-{150 - span * 0.55:.0f}"
                parts.append(filled(f"{path}a{half:.0f} {half:.0f} 0 0 1 {2 * half:.0f} 0V{foot}Z", colour))
    return "".join(parts)


def labyrinth(palette: Palette, variation: Variation) -> str:
    """Draw broken rings, one inside the other."""
    parts = []
    for turn, radius in enumerate(range(26, 290, 22)):
        around = 2 * pi * radius
        gap = variation.between(turn, 0.1, 0.3) * around
        colour = (palette.first, palette.first, palette.second)[turn % 3]
        spin = variation.between(turn + 13, 0, 360)
        parts.append(
            f'<circle cx="200" cy="200" r="{radius}" fill="none" stroke="{colour}" stroke-width="10"'
            f' stroke-dasharray="{around - gap:.0f} {gap:.0f}" transform="rotate({spin:.0f} 200 200)"/>'
        )
    return "".join(parts)


def scales(palette: Palette, variation: Variation) -> str:
    """Draw overlapping scales in rows."""
    size = round(variation.between(0, 40, 56))
    tints = (palette.first, palette.field, palette.second, palette.field, palette.first)
    scale = "".join(disc(0, 0, size * (1 - 0.2 * depth), tint) for depth, tint in enumerate(tints))
    places = [(column, row) for row in range(SIDE * 2 // size + 2) for column in range(SIDE // size // 2 + 2)]
    uses = "".join(
        f'<use href="#s" x="{2 * size * column + size * (row % 2)}" y="{row * size // 2}"/>' for column, row in places
    )
    return f'<defs><g id="s">{scale}</g></defs>{uses}'


def tiles(palette: Palette, variation: Variation) -> str:
    """Draw a floor of quarter, half and whole discs."""
    parts, size = [], (80, 100)[variation.bit(3)]
    shapes = (
        f"h{size}a{size} {size} 0 0 1 -{size} {size}Z",
        f"h{size}v{size}a{size} {size} 0 0 1 -{size} -{size}Z",
        f"v{size}h{size}a{size} {size} 0 0 0 -{size} -{size}Z",
        f"a{size / 2:g} {size / 2:g} 0 0 0 {size} 0Z",
        f"m0 {size}h{size}v-{size}a{size} {size} 0 0 0 -{size} {size}Z",
    )
    for turn in range((SIDE // size) ** 2):
        row, column = divmod(turn, SIDE // size)
        shape = shapes[round(variation.between(turn, 0, 97)) % len(shapes)]
        parts.append((variation.bit(turn + 40), f"M{column * size} {row * size}{shape}"))
    first, second = ("".join(path for colour, path in parts if colour is side) for side in (True, False))
    return filled(first, palette.first) + filled(second, palette.second)


def cutouts(palette: Palette, variation: Variation) -> str:
    """Draw soft shapes as if cut from coloured paper."""
    parts = []
    for piece in range(5):
        x, y = polar(2.4 * piece + variation.between(piece, 0, 1), 40 + 34 * piece)
        corners = [polar(2 * pi * n / 7, variation.between(7 * piece + n, 40, 62 + 16 * piece), x, y) for n in range(7)]
        middles = [
            ((ax + bx) / 2, (ay + by) / 2)
            for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
        ]
        curves = "".join(
            f"Q{cx:.0f} {cy:.0f} {mx:.0f} {my:.0f}" for (cx, cy), (mx, my) in zip(corners, middles, strict=True)
        )
        parts.append(
            filled(
                f"M{middles[-1][0]:.0f} {middles[-1][1]:.0f}{curves}Z",
                (palette.first, palette.second, palette.paper)[piece % 3],
            )
        )
    return "".join(reversed(parts))


def lattice(palette: Palette, variation: Variation) -> str:
    """Draw a lattice of hexagons, some of them filled."""
    size, paths = variation.between(0, 34, 46), {True: "", False: ""}
    for row in range(10):
        for column in range(7):
            x, y = size * sqrt(3) * (column + row % 2 / 2), size * 1.5 * row
            corners = (polar(pi / 3 * n + pi / 6, size * 0.88, x, y) for n in range(6))
            path = "M" + "L".join(f"{cx:.0f} {cy:.0f}" for cx, cy in corners) + "Z"
            paths[variation.bit(row * 7 + column) and variation.bit(90 + row * 3 + column)] += path
    return stroked(paths[False], palette.first, 3) + filled(paths[True], palette.second)


def spiral(palette: Palette, variation: Variation) -> str:
    """Draw seeds packed as in a sunflower."""
    golden = pi * (3 - sqrt(5))
    rings: dict[int, list[str]] = {}
    for seed in range(14, 300):
        x, y = polar(seed * golden + variation.between(0, 0, 6), 15.5 * sqrt(seed))
        if max(abs(x - MIDDLE), abs(y - MIDDLE)) < MIDDLE + 10:
            rings.setdefault(min(seed // 50, 4), []).append(f"M{x:.0f} {y:.0f}h0")
    hues = (palette.second, palette.second, palette.first, palette.first, palette.first)
    return "".join(stroked("".join(dots), hues[level], 10 + 3 * level) for level, dots in rings.items())


def punchcard(palette: Palette, variation: Variation) -> str:
    """Draw the rows of a punched card."""
    holes = {True: "", False: ""}
    for row in range(8):
        for column in range(13):
            holes[variation.bit(row * 13 + column)] += f"M{8 + 32 * column} {18 + 50 * row}v28"
    return stroked(holes[False], palette.first, 4, "butt") + stroked(holes[True], palette.second, 16, "butt")


def circuits(palette: Palette, variation: Variation) -> str:
    """Draw the traces of a circuit board."""
    traces, pads = "", []
    for x in range(20, SIDE, 30):
        trace, side = x // 30, (x > MIDDLE) - (x < MIDDLE)
        turn, bend = 70 + variation.between(trace, 0, 110), 12 + variation.between(trace + 13, 0, 24)
        traces += f"M{x} 0V{turn:.0f}l{side * bend:.0f} {bend:.0f}V{turn + bend + 60:.0f}"
        traces += f"M{x} 400V{400 - turn / 2:.0f}"
        pads += [disc(x + side * bend, turn + bend + 60, 8, palette.second), disc(x, 400 - turn / 2, 8, palette.second)]
    return stroked(traces, palette.first, 5) + "".join(pads)


def nested(palette: Palette, variation: Variation) -> str:
    """Draw squares turning inside one another."""
    parts, spin = [], variation.between(0, 5, 12) * (1, -1)[variation.bit(9)]
    for depth in range(13):
        half = 300 * 0.82**depth
        colour = (palette.second, palette.field, palette.first, palette.field)[depth % 4]
        square = f"M{-half:.0f} {-half:.0f}h{2 * half:.0f}v{2 * half:.0f}h-{2 * half:.0f}Z"
        parts.append(filled(square, colour, f' transform="translate(200 200) rotate({spin * depth:.1f})"'))
    return "".join(parts)


def circles(palette: Palette, variation: Variation) -> str:
    """Draw three overlapping discs with outlines."""
    radius, apart = variation.between(0, 92, 112), variation.between(1, 70, 92)
    spin = variation.between(2, 0, 2 * pi)
    centres = [polar(spin + 2 * pi * n / 3, apart) for n in range(3)]
    hues = (palette.first, palette.second, palette.first)
    discs = "".join(f'<g opacity=".72">{disc(*at, radius, hue)}</g>' for at, hue in zip(centres, hues, strict=True))
    return discs + "".join(ring(*at, radius + 16 * n, palette.first, 2) for at in centres for n in (1, 2))
