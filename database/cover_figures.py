"""More ornaments of the covers, and the list of all of them by name."""

from math import pi, sqrt

from database import cover_ornaments as plain
from database.cover_ornaments import MIDDLE, SIDE, Chance, Ornament, Palette, disc, filled, polar, ring, stroked


def cutouts(colours: Palette, chance: Chance) -> str:
    """Draw soft shapes as if cut from coloured paper."""
    parts = []
    for piece in range(5):
        x, y = polar(2.4 * piece + chance.between(piece, 0, 1), 40 + 34 * piece)
        corners = [polar(2 * pi * n / 7, chance.between(7 * piece + n, 40, 62 + 16 * piece), x, y) for n in range(7)]
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
                (colours.first, colours.second, colours.paper)[piece % 3],
            )
        )
    return "".join(reversed(parts))


def waves(colours: Palette, chance: Chance) -> str:
    """Draw the sea in lines under a disc."""
    sun = disc(chance.between(0, 130, 270), chance.between(1, 90, 130), chance.between(2, 56, 84), colours.second)
    half, drift, sea = round(chance.between(3, 44, 70)), chance.between(4, -14, 14), ""
    for row in range(11):
        start = -3 * half + drift * row * (1, -1)[row // 4 % 2]
        rows = f"t{half} 0" * (SIDE // half + 6)
        sea += f"M{start:.0f} {170 + 26 * row}q{half / 2:g} {-14 - 2 * row} {half} 0{rows}"
    shade = filled("M-300 178H700V700H-300Z", colours.field)
    return sun + shade + stroked(sea, colours.first, 9)


def columns(colours: Palette, chance: Chance) -> str:
    """Draw a row of fluted columns on their steps."""
    parts, count = [], 3 + chance.bit(0)
    pitch = SIDE / count
    for column in range(count):
        left, wide = pitch * column + pitch * 0.18, pitch * 0.64
        flutes = "".join(f"M{left + wide * (n + 0.5) / 4:.0f} 92V330" for n in range(4))
        parts.append(stroked(flutes, colours.first, wide / 6, "butt"))
        capital = f"M{left - 10:.0f} 66h{wide + 20:.0f}l-8 22h-{wide + 4:.0f}Z"
        base = f"M{left - 8:.0f} 334h{wide + 16:.0f}v14h-{wide + 16:.0f}Z"
        parts.append(filled(capital + base, colours.second))
    steps = "".join(f"M0 {y}H{SIDE}" for y in (360, 380, 400))
    return "".join(parts) + stroked(steps + f"M0 36H{SIDE}M0 52H{SIDE}", colours.first, 9, "butt")


def lattice(colours: Palette, chance: Chance) -> str:
    """Draw a lattice of hexagons, some of them filled."""
    size, paths = chance.between(0, 34, 46), {True: "", False: ""}
    for row in range(10):
        for column in range(7):
            x, y = size * sqrt(3) * (column + row % 2 / 2), size * 1.5 * row
            corners = (polar(pi / 3 * n + pi / 6, size * 0.88, x, y) for n in range(6))
            path = "M" + "L".join(f"{cx:.0f} {cy:.0f}" for cx, cy in corners) + "Z"
            paths[chance.bit(row * 7 + column) and chance.bit(90 + row * 3 + column)] += path
    return stroked(paths[False], colours.first, 3) + filled(paths[True], colours.second)


def spiral(colours: Palette, chance: Chance) -> str:
    """Draw seeds packed as in a sunflower."""
    golden = pi * (3 - sqrt(5))
    rings: dict[int, list[str]] = {}
    for seed in range(14, 300):
        x, y = polar(seed * golden + chance.between(0, 0, 6), 15.5 * sqrt(seed))
        if max(abs(x - MIDDLE), abs(y - MIDDLE)) < MIDDLE + 10:
            rings.setdefault(min(seed // 50, 4), []).append(f"M{x:.0f} {y:.0f}h0")
    hues = (colours.second, colours.second, colours.first, colours.first, colours.first)
    return "".join(stroked("".join(dots), hues[level], 10 + 3 * level) for level, dots in rings.items())


def punchcard(colours: Palette, chance: Chance) -> str:
    """Draw the rows of a punched card."""
    holes = {True: "", False: ""}
    for row in range(8):
        for column in range(13):
            holes[chance.bit(row * 13 + column)] += f"M{8 + 32 * column} {18 + 50 * row}v28"
    return stroked(holes[False], colours.first, 4, "butt") + stroked(holes[True], colours.second, 16, "butt")


def circuits(colours: Palette, chance: Chance) -> str:
    """Draw the traces of a circuit board."""
    traces, pads = "", []
    for x in range(20, SIDE, 30):
        trace, side = x // 30, (x > MIDDLE) - (x < MIDDLE)
        turn, bend = 70 + chance.between(trace, 0, 110), 12 + chance.between(trace + 13, 0, 24)
        traces += f"M{x} 0V{turn:.0f}l{side * bend:.0f} {bend:.0f}V{turn + bend + 60:.0f}"
        traces += f"M{x} 400V{400 - turn / 2:.0f}"
        pads += [disc(x + side * bend, turn + bend + 60, 8, colours.second), disc(x, 400 - turn / 2, 8, colours.second)]
    return stroked(traces, colours.first, 5) + "".join(pads)


def nested(colours: Palette, chance: Chance) -> str:
    """Draw squares turning inside one another."""
    parts, spin = [], chance.between(0, 5, 12) * (1, -1)[chance.bit(9)]
    for depth in range(13):
        half = 300 * 0.82**depth
        colour = (colours.second, colours.field, colours.first, colours.field)[depth % 4]
        square = f"M{-half:.0f} {-half:.0f}h{2 * half:.0f}v{2 * half:.0f}h-{2 * half:.0f}Z"
        parts.append(filled(square, colour, f' transform="translate(200 200) rotate({spin * depth:.1f})"'))
    return "".join(parts)


def portrait(colours: Palette, chance: Chance) -> str:
    """Draw a head and shoulders before a halo."""
    x, step = MIDDLE + chance.between(0, -24, 24), chance.between(1, 18, 24)
    halo = (disc(x, 170, 108 + step * turn, (colours.second, colours.field)[turn % 2]) for turn in range(4, -1, -1))
    bust = f"M{x - 150:.0f} 430c0-130 110-130 122-162v-48h56v48c12 32 122 32 122 162Z"
    return "".join(halo) + filled(bust, colours.first) + disc(x, 176, 64, colours.first)


def confetti(colours: Palette, chance: Chance) -> str:
    """Draw strings of balloons, flags and beads."""
    parts = []
    for row in range(5):
        y, sag = 30 + 82 * row, chance.between(row, 20, 70)
        parts.append(stroked(f"M-10 {y}Q200 {y + sag:.0f} 410 {y}", colours.paper, 3))
        for n in range(7):
            x, drop = 30 + 57 * n, sag * 2 * (0.075 + 0.15 * n) * (0.925 - 0.15 * n)
            hue = (colours.first, colours.second, colours.paper)[(n + row) % 3]
            flag = filled(f"M{x - 19} {y + drop:.0f}h38l-19 42Z", hue)
            parts.append(flag if row % 2 else disc(x, y + drop + 18, 19, hue))
    return "".join(parts)


def leaves(colours: Palette, chance: Chance) -> str:
    """Draw stems of paired leaves."""
    parts = []
    for stem in range(3):
        x, size = 70 + 130 * stem, chance.between(stem, 60, 78)
        parts.append(stroked(f"M{x} 420V20", colours.first, 4))
        for pair in range(7):
            y, hue = 400 - 56 * pair - 26 * (stem % 2), (colours.first, colours.second)[(pair + stem) % 2]
            for reach in (size, -size):
                out = f"q{reach * 0.1:.0f} {-size * 0.8:.0f} {reach:.0f} {-size:.0f}"
                back = f"q{reach * 0.1:.0f} {size * 0.8:.0f} {-reach:.0f} {size:.0f}"
                parts.append(filled(f"M{x} {y}{out}{back}", hue))
    return "".join(parts)


def circles(colours: Palette, chance: Chance) -> str:
    """Draw discs that overlap like the terms of an argument."""
    radius, apart = chance.between(0, 92, 112), chance.between(1, 70, 92)
    spin = chance.between(2, 0, 2 * pi)
    centres = [polar(spin + 2 * pi * n / 3, apart) for n in range(3)]
    hues = (colours.first, colours.second, colours.first)
    discs = "".join(f'<g opacity=".72">{disc(*at, radius, hue)}</g>' for at, hue in zip(centres, hues, strict=True))
    return discs + "".join(ring(*at, radius + 16 * n, colours.first, 2) for at in centres for n in (1, 2))


ORNAMENTS: dict[str, Ornament] = {
    drawing.__name__: drawing
    for drawing in (
        plain.orbits,
        plain.sunburst,
        plain.constellation,
        plain.hills,
        plain.arches,
        plain.blinds,
        plain.keyhole,
        plain.labyrinth,
        plain.scales,
        plain.bloom,
        plain.tiles,
        cutouts,
        waves,
        columns,
        lattice,
        spiral,
        punchcard,
        circuits,
        nested,
        portrait,
        confetti,
        leaves,
        circles,
    )
}
