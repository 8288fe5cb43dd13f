"""Ornaments that show things: skies, landscapes, plants, buildings and people."""

from math import pi

from catalogue.covers.shapes import MIDDLE, SIDE, Palette, Variation, disc, filled, polar, ring, stroked


def orbits(palette: Palette, variation: Variation) -> str:
    """Draw planets on their rings around a star."""
    x, y = variation.between(0, 150, 250), variation.between(1, 170, 230)
    parts = [disc(x, y, variation.between(2, 44, 62), palette.first)]
    for turn, radius in enumerate(range(92, 330, 46)):
        parts.append(ring(x, y, radius, palette.second, 2.5))
        at = polar(variation.between(3 + turn, -pi, pi), radius, x, y)
        parts.append(disc(*at, variation.between(9 + turn, 8, 22), (palette.first, palette.second)[turn % 2]))
    return "".join(parts)


def sunburst(palette: Palette, variation: Variation) -> str:
    """Draw a low sun and its rays."""
    x, y, rays = MIDDLE, variation.between(0, 250, 330), 22 + 4 * round(variation.between(1, 0, 3))
    wedges = ""
    for ray in range(rays):
        (ax, ay), (bx, by) = (polar(2 * pi * (ray + half) / rays, 560, x, y) for half in (0, 0.5))
        wedges += f"M{x} {y:.0f}L{ax:.0f} {ay:.0f} {bx:.0f} {by:.0f}Z"
    radius = variation.between(2, 80, 112)
    return filled(wedges, palette.first) + disc(x, y, radius + 16, palette.field) + disc(x, y, radius, palette.second)


def constellation(palette: Palette, variation: Variation) -> str:
    """Draw stars joined into a figure with a crescent moon."""
    stars = [(22 + 51 * star, 215 + (1, -1)[star % 2] * variation.between(star, 8, 85)) for star in range(8)]
    joined = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in stars)
    moon = disc(MIDDLE, 150, 88, palette.second) + disc(MIDDLE + 34, 132, 78, palette.field)
    dots = [disc(x, y, 6 + variation.between(turn, 0, 7), palette.first) for turn, (x, y) in enumerate(stars)]
    far = [
        disc(variation.between(turn, 0, 400), variation.between(turn + 7, 0, 400), 3, palette.first)
        for turn in range(24)
    ]
    return "".join([*far, moon, stroked(joined, palette.first, 2.5), *dots])


def hills(palette: Palette, variation: Variation) -> str:
    """Draw ranges of hills under a disc of sun or moon."""
    parts = [
        disc(
            variation.between(0, 120, 280), variation.between(1, 110, 160), variation.between(2, 52, 76), palette.second
        )
    ]
    for row in range(4):
        top, lift = 190 + 58 * row, 40 + variation.between(3 + row, 0, 50)
        shift = variation.between(8 + row, -120, 0)
        path = f"M{shift:.0f} {top:.0f}q65 -{lift:.0f} 130 0t130 0 130 0 130 0V420H{shift:.0f}Z"
        parts.append(filled(path, palette.first, f' fill-opacity="{0.3 + 0.22 * row:.2f}"'))
    return "".join(parts)


def keyhole(palette: Palette, variation: Variation) -> str:
    """Draw a keyhole with outlines spreading from it."""
    parts, step = [], variation.between(0, 20, 28)
    for ripple in range(7, -1, -1):
        radius, grow = 50 + step * ripple, step * ripple
        foot = f"M{MIDDLE} 160L{MIDDLE + 62 + grow * 1.1:.0f} {318 + grow:.0f}H{MIDDLE - 62 - grow * 1.1:.0f}Z"
        colour = (palette.second, palette.field, palette.first, palette.field)[ripple % 4]
        parts += [disc(MIDDLE, 150, radius, colour), filled(foot, colour)]
    return "".join(parts)


def blinds(palette: Palette, variation: Variation) -> str:
    """Draw a lamp seen between the slats of a blind."""
    x, y = variation.between(0, 150, 250), variation.between(1, 150, 230)
    slats = "".join(f"M0 {28 * slat}l400 {variation.between(2, -40, 40):.0f}" for slat in range(-2, 17))
    return disc(x, y, variation.between(3, 110, 140), palette.second) + stroked(slats, palette.first, 15, "butt")


def bloom(palette: Palette, variation: Variation) -> str:
    """Draw a flower of pointed petals in rings."""
    parts, petals = [], 8 + 2 * round(variation.between(0, 0, 3))
    for layer, reach in enumerate((226, 172, 118, 62)):
        path = f"M0 0Q{reach * 0.34:.0f} {-reach * 0.55:.0f} 0 {-reach}Q{-reach * 0.34:.0f} {-reach * 0.55:.0f} 0 0"
        colour = (palette.first, palette.second)[layer % 2]
        turned = (f'<use href="#p{layer}" transform="rotate({360 * n / petals:.1f})"/>' for n in range(petals))
        spin = 180 / petals * (layer % 2)
        shape = (
            f'<defs><path id="p{layer}" d="{path}" fill="{colour}" stroke="{palette.field}" stroke-width="3"/></defs>'
        )
        parts.append(f'{shape}<g transform="translate(200 200) rotate({spin:.1f})">{"".join(turned)}</g>')
    return "".join(parts)


def waves(palette: Palette, variation: Variation) -> str:
    """Draw the sea in lines under a disc."""
    sun = disc(
        variation.between(0, 130, 270), variation.between(1, 90, 130), variation.between(2, 56, 84), palette.second
    )
    half, drift, sea = round(variation.between(3, 44, 70)), variation.between(4, -14, 14), ""
    for row in range(11):
        start = -3 * half + drift * row * (1, -1)[row // 4 % 2]
        rows = f"t{half} 0" * (SIDE // half + 6)
        sea += f"M{start:.0f} {170 + 26 * row}q{half / 2:g} {-14 - 2 * row} {half} 0{rows}"
    shade = filled("M-300 178H700V700H-300Z", palette.field)
    return sun + shade + stroked(sea, palette.first, 9)


def columns(palette: Palette, variation: Variation) -> str:
    """Draw a row of fluted columns on their steps."""
    parts, count = [], 3 + variation.bit(0)
    pitch = SIDE / count
    for column in range(count):
        left, wide = pitch * column + pitch * 0.18, pitch * 0.64
        flutes = "".join(f"M{left + wide * (n + 0.5) / 4:.0f} 92V330" for n in range(4))
        parts.append(stroked(flutes, palette.first, wide / 6, "butt"))
        capital = f"M{left - 10:.0f} 66h{wide + 20:.0f}l-8 22h-{wide + 4:.0f}Z"
        base = f"M{left - 8:.0f} 334h{wide + 16:.0f}v14h-{wide + 16:.0f}Z"
        parts.append(filled(capital + base, palette.second))
    steps = "".join(f"M0 {y}H{SIDE}" for y in (360, 380, 400))
    return "".join(parts) + stroked(steps + f"M0 36H{SIDE}M0 52H{SIDE}", palette.first, 9, "butt")


def portrait(palette: Palette, variation: Variation) -> str:
    """Draw a head and shoulders in front of a halo."""
    x, step = MIDDLE + variation.between(0, -24, 24), variation.between(1, 18, 24)
    halo = (disc(x, 170, 108 + step * turn, (palette.second, palette.field)[turn % 2]) for turn in range(4, -1, -1))
    bust = f"M{x - 150:.0f} 430c0-130 110-130 122-162v-48h56v48c12 32 122 32 122 162Z"
    return "".join(halo) + filled(bust, palette.first) + disc(x, 176, 64, palette.first)


def confetti(palette: Palette, variation: Variation) -> str:
    """Draw strings of balloons, flags and beads."""
    parts = []
    for row in range(5):
        y, sag = 30 + 82 * row, variation.between(row, 20, 70)
        parts.append(stroked(f"M-10 {y}Q200 {y + sag:.0f} 410 {y}", palette.paper, 3))
        for n in range(7):
            x, drop = 30 + 57 * n, sag * 2 * (0.075 + 0.15 * n) * (0.925 - 0.15 * n)
            hue = (palette.first, palette.second, palette.paper)[(n + row) % 3]
            flag = filled(f"M{x - 19} {y + drop:.0f}h38l-19 42Z", hue)
            parts.append(flag if row % 2 else disc(x, y + drop + 18, 19, hue))
    return "".join(parts)


def leaves(palette: Palette, variation: Variation) -> str:
    """Draw stems of paired leaves."""
    parts = []
    for stem in range(3):
        x, size = 70 + 130 * stem, variation.between(stem, 60, 78)
        parts.append(stroked(f"M{x} 420V20", palette.first, 4))
        for pair in range(7):
            y, hue = 400 - 56 * pair - 26 * (stem % 2), (palette.first, palette.second)[(pair + stem) % 2]
            for reach in (size, -size):
                out = f"q{reach * 0.1:.0f} {-size * 0.8:.0f} {reach:.0f} {-size:.0f}"
                back = f"q{reach * 0.1:.0f} {size * 0.8:.0f} {-reach:.0f} {size:.0f}"
                parts.append(filled(f"M{x} {y}{out}{back}", hue))
    return "".join(parts)
