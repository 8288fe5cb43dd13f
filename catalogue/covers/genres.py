"""The palettes, ornaments and first layout of each genre."""

from typing import NamedTuple


class GenreStyle(NamedTuple):
    """What the covers of a genre share.

    Args:
        first_layout: index of the layout of the genre's first book; the next book gets the next layout.
        ornaments: names of ornaments, used in turn.
        palettes: five colours each, used in turn: background, type, ornament's background and its two colours.
    """

    first_layout: int
    ornaments: tuple[str, ...]
    palettes: tuple[str, ...]


GENRE_STYLES = {
    "Science Fiction": GenreStyle(
        0,
        ("orbits", "sunburst", "constellation"),
        (
            "0d1b2a f1ede2 1b3a5b f2a541 e4572e",
            "f3e9d6 1d1a31 2b1f4f ff7b54 ffd56b",
            "f26b3a 1c1024 1c1024 ffd9a0 8c2f6b",
            "12232e e9f5f2 1d4a57 3fc1b0 f4d35e",
        ),
    ),
    "Fantasy": GenreStyle(
        1,
        ("hills", "scales", "arches"),
        (
            "f4ead5 23301f 2f4a3a a9c29b e0b04c",
            "241a38 f3e3c3 3d2a63 d9a441 8f6fc4",
            "163832 f2e8cf 0d2421 c9a227 6a994e",
            "e9d8c5 4a1c2b 7a2e3f f0b67f 2f1422",
        ),
    ),
    "Mystery": GenreStyle(
        2,
        ("keyhole", "blinds", "labyrinth"),
        (
            "141414 f2ead8 c1121f 141414 f2ead8",
            "f0e6d2 14181f 14181f 5b6673 d8a31a",
            "20302f f1ecdf d98e04 14201f f1ecdf",
            "7d1128 f6e7cb 2b0a12 d64550 f6e7cb",
        ),
    ),
    "Classics": GenreStyle(
        3,
        ("scales", "bloom", "tiles"),
        (
            "f6efe0 1f2a44 1f2a44 c8a35b f6efe0",
            "234d3c f5ecd7 f5ecd7 234d3c c46b3d",
            "7b1e2b f7e9cf f0d9b0 7b1e2b d08c3a",
            "efe3d3 3b2b20 b5532f f3d9a4 3b2b20",
        ),
    ),
    "Literary Fiction": GenreStyle(
        4,
        ("cutouts", "waves", "sunburst"),
        (
            "fbf3e4 20313f f28f6b 2f6f73 f7d070",
            "e8efe9 1d3b36 1d6f63 f2b8a0 f5efe0",
            "1f3a5f fbf1df e9c46a e76f51 fbf1df",
            "f6d9c8 4a1931 b23a5a f6b26b 4a1931",
        ),
    ),
    "History": GenreStyle(
        5,
        ("columns", "arches", "sunburst"),
        (
            "efe4cf 3a2416 b4552d e9c88f 3a2416",
            "2d3a3a f0e3c8 c79a4b 2d3a3a efe0bd",
            "f5ead7 1c3144 1c3144 d0572f e6c58a",
            "5c1f1b f6e4c4 d39b45 5c1f1b f6e4c4",
        ),
    ),
    "Science": GenreStyle(
        6,
        ("spiral", "lattice", "orbits"),
        (
            "eef4f4 0b3142 0b3142 19b5a5 f6c453",
            "0e2433 eaf6f6 123a52 5fd0c5 f2f7e4",
            "f7f3e8 17355c 2a6fb0 f7f3e8 f2a33a",
            "123524 eef5df 1d5238 9bd45e f2e394",
        ),
    ),
    "Computing": GenreStyle(
        0,
        ("punchcard", "circuits", "nested"),
        (
            "101418 e8f0ea 1d2730 4ade80 f5d547",
            "f2f2ec 14213d fca311 14213d ffffff",
            "e9edf5 1b1f3b 2f3fbf 8fd3ff ff6b6b",
            "2b2d42 f5f3ee ef476f 2b2d42 ffd166",
        ),
    ),
    "Philosophy": GenreStyle(
        3,
        ("circles", "nested", "labyrinth"),
        (
            "f3f0e8 222222 d9d2c0 222222 b5432a",
            "2f3e46 f1ede0 52796f f1ede0 e0b15e",
            "e9e2f0 2d2147 5a4a8a e9e2f0 f0b45b",
            "f1dfc3 3d2b1f 8a5a34 f1dfc3 3d2b1f",
        ),
    ),
    "Biography": GenreStyle(
        0,
        ("portrait", "cutouts", "labyrinth"),
        (
            "f7ede2 2b2233 f28482 2b2233 f6bd60",
            "1d3b4f f8efdd e9b44c 1d3b4f d1495b",
            "efe9dd 31352e 84a59d f7ede2 31352e",
            "5b2333 f7f0e3 c9736b f7e1c0 2f0f1a",
        ),
    ),
    "Children's": GenreStyle(
        4,
        ("tiles", "hills", "confetti"),
        (
            "fff3d6 24417a 4cb5e6 ffd23f ee4266",
            "ffd23f 2b2d5b ff6f59 2b2d5b fff6df",
            "d9f2e6 1f4d3f 3bb07f ffdb5c f46b45",
            "f9d5e0 4b1d52 7b4bb3 ffd166 f9f0ff",
        ),
    ),
    "Poetry": GenreStyle(
        2,
        ("leaves", "bloom", "waves"),
        (
            "f8f1ea 3a2a3f c98ca7 3a2a3f f4dccb",
            "22333b f2e9e1 41606b e8c7a5 f2e9e1",
            "eaf0e2 27382b 6f9a6a f4efd9 27382b",
            "f3ddc7 54223a 9c3f56 f6b99a f3ddc7",
        ),
    ),
}

ORNAMENT_BY_ISBN = {
    "9780441013593": "hills",
    "9780441478125": "circles",
    "9780765382030": "orbits",
    "9780156027601": "waves",
    "9780807083697": "labyrinth",
    "9780441569595": "circuits",
    "9780316229296": "hills",
    "9781635575637": "arches",
    "9780756404741": "waves",
    "9781400034772": "sunburst",
    "9780312375065": "lattice",
    "9780393332148": "waves",
    "9780141439518": "bloom",
    "9780141439471": "portrait",
    "9780142437247": "waves",
    "9780140449136": "labyrinth",
    "9780142437230": "tiles",
    "9780142437148": "scales",
    "9780060883287": "leaves",
    "9781400079278": "waves",
    "9780156628709": "bloom",
    "9780060977498": "leaves",
    "9780385474542": "sunburst",
    "9781400033416": "hills",
    "9780062316097": "portrait",
    "9781631492228": "arches",
    "9781400032051": "nested",
    "9780609809648": "hills",
    "9780679763888": "sunburst",
    "9780140449082": "columns",
    "9780345539434": "constellation",
    "9780618249060": "leaves",
    "9780199291151": "lattice",
    "9780399184413": "orbits",
    "9780525510321": "cutouts",
    "9780201896831": "tiles",
    "9781449373320": "lattice",
    "9780140449334": "columns",
    "9780140449143": "arches",
    "9780679776192": "circles",
    "9780679733737": "hills",
    "9780465026562": "nested",
    "9780679724513": "labyrinth",
    "9780316548182": "hills",
    "9780375714832": "tiles",
    "9780060085896": "bloom",
    "9780553279375": "sunburst",
    "9780156012195": "orbits",
    "9780064400558": "labyrinth",
    "9780060254926": "leaves",
    "9780142402498": "confetti",
    "9780374423070": "hills",
    "9780525457589": "scales",
    "9780062509598": "spiral",
    "9781555976903": "blinds",
    "9780140441857": "hills",
}
"""Ornaments that suit a book better than its turn among the ornaments of the genre."""
