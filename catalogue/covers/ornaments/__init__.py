"""The ornaments of the covers: each fills a square of 400 units with a drawing in three colours."""

from collections.abc import Callable

from catalogue.covers.ornaments import patterns, pictures
from catalogue.covers.shapes import Palette, Variation

Ornament = Callable[[Palette, Variation], str]

ORNAMENTS: dict[str, Ornament] = {
    ornament.__name__: ornament
    for ornament in (
        pictures.orbits,
        pictures.sunburst,
        pictures.constellation,
        pictures.hills,
        pictures.keyhole,
        pictures.blinds,
        pictures.bloom,
        pictures.waves,
        pictures.columns,
        pictures.portrait,
        pictures.confetti,
        pictures.leaves,
        patterns.arches,
        patterns.labyrinth,
        patterns.scales,
        patterns.tiles,
        patterns.cutouts,
        patterns.lattice,
        patterns.spiral,
        patterns.punchcard,
        patterns.circuits,
        patterns.nested,
        patterns.circles,
    )
}
"""All ornaments by the name of their function."""
