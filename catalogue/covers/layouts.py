"""The layouts of the covers: the places of the ornament, the title, the author and the publisher's mark."""

from collections.abc import Callable
from typing import NamedTuple
from xml.sax.saxutils import escape

from catalogue.covers.shapes import Palette, filled, stroked
from catalogue.covers.typesetting import LINE_HEIGHT_EM, SANS, SERIF, TypesetText, fit, width

WIDTH, HEIGHT, MARGIN = 400, 600, 30
TEXT_WIDTH = WIDTH - 2 * MARGIN
PICTURE_BOTTOM = 548


class Cover(NamedTuple):
    """What a layout arranges: the texts, the palette and the drawn ornament."""

    title: str
    subtitle: str
    author: str
    genre: str
    palette: Palette
    ornament: str


class TextStyle(NamedTuple):
    """Font, colour and horizontal position of a text."""

    x: float
    face: str
    fill: str
    anchor: str = "start"
    weight: str = "700"


Layout = Callable[[Cover], str]


def lines(typeset: TypesetText, top: float, style: TextStyle) -> str:
    """Draw lines of text; the first capital touches `top`."""
    spans = "".join(
        f'<tspan x="{style.x:g}" y="{top + typeset.size * (0.74 + LINE_HEIGHT_EM * row):.0f}">{escape(line)}</tspan>'
        for row, line in enumerate(typeset.lines)
    )
    return (
        f'<text font-family="{style.face}" font-weight="{style.weight}" font-size="{typeset.size}"'
        f' fill="{style.fill}" text-anchor="{style.anchor}">{spans}</text>'
    )


def byline(author: str, max_width: float) -> TypesetText:
    """Set the author in one line where that is legible, else in several."""
    # The widths are those of bold type, and this text is not bold: 8 % more fits.
    for size in range(27, 20, -1):
        if width(author) * size <= max_width * 1.08:
            return TypesetText(size, (author,))
    return fit(author, (max_width, 80), 24, 18)


def stack(cover: Cover, top: float, box: tuple[float, float], style: TextStyle, largest: int = 84) -> tuple[str, float]:
    """Draw title, subtitle and author below each other; return the drawing and the y of its lower edge."""
    room = box[1] - 24 - 26 * len(byline(cover.author, box[0]).lines)
    subtitle = fit(cover.subtitle, (box[0], room / 3), 24, 19) if cover.subtitle else None
    if subtitle:
        room -= subtitle.height + 26
    title = fit(cover.title, (box[0], room), largest, 26)
    drawn, foot = lines(title, top, style), top + title.height + 12 + title.size * 0.2
    if subtitle:
        drawn += lines(subtitle, foot, style._replace(weight="400"))
        foot += 20 + subtitle.height
    author = byline(cover.author, box[0])
    return drawn + lines(author, foot, style._replace(face=SANS, weight="400")), foot + author.height


def footer(cover: Cover) -> str:
    """Draw the publisher's mark, an open book, and the genre at the bottom."""
    left, top, ink = MARGIN, 567, cover.palette.ink
    book = f"M{left} {top}q7 -5 13 0q6 -5 13 0v15q-7 -5 -13 0q-6 -5 -13 0Z"
    return (
        f'<path d="{book}" fill="{ink}"/><text x="{WIDTH - MARGIN}" y="581" font-family="{SANS}" font-size="15"'
        f' letter-spacing="1.5" fill="{ink}" text-anchor="end">{escape(cover.genre.upper())}</text>'
    )


def background(colour: str) -> str:
    """Draw the background."""
    return filled(f"M0 0H{WIDTH}V{HEIGHT}H0Z", colour)


def moved_down(drawing: str, top: float) -> str:
    """Return the drawing, moved down by `top`."""
    return f'<g transform="translate(0 {top:.0f})">{drawing}</g>'


def pane(cover: Cover, box: tuple[float, float, float, float], extra: str = "") -> str:
    """Draw the ornament so that it fills a box."""
    x, y, wide, high = box
    return (
        f'<g{extra}><svg x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" viewBox="0 0 400 400"'
        f' preserveAspectRatio="xMidYMid slice"><path d="M-300-300H700V700H-300Z" fill="{cover.palette.field}"/>'
        f"{cover.ornament}</svg></g>"
    )


def window(cover: Cover, shape: str, box: tuple[float, float, float, float]) -> str:
    """Draw the ornament as seen through a window."""
    return f'<clipPath id="w"><path d="{shape}"/></clipPath>' + pane(cover, box, ' clip-path="url(#w)"')


def above(cover: Cover) -> str:
    """Set the title under a picture that bleeds off the page."""
    words, foot = stack(cover, 0, (TEXT_WIDTH, 200), TextStyle(MARGIN, SERIF, cover.palette.ink), 80)
    top = PICTURE_BOTTOM - foot - 26
    return pane(cover, (0, 0, WIDTH, top - 30)) + moved_down(words, top)


def label(cover: Cover) -> str:
    """Set the title on a framed label over a picture that fills the page."""
    words, foot = stack(cover, 0, (266, 250), TextStyle(WIDTH / 2, SERIF, cover.palette.ink, "middle"), 64)
    height = foot + 68
    top = (PICTURE_BOTTOM - height) / 2
    card = filled(f"M40 {top:.0f}h320v{height:.0f}h-320Z", cover.palette.paper)
    frame = stroked(f"M49 {top + 9:.0f}h302v{height - 18:.0f}h-302Z", cover.palette.ink, 2)
    return pane(cover, (0, 0, WIDTH, PICTURE_BOTTOM)) + card + frame + moved_down(words, top + 34)


def below(cover: Cover) -> str:
    """Set the title large, over a band of ornament."""
    words, foot = stack(cover, 36, (TEXT_WIDTH, 270), TextStyle(MARGIN, SANS, cover.palette.ink), 120)
    return words + pane(cover, (0, foot + 34, WIDTH, PICTURE_BOTTOM - foot - 34))


def roundel(cover: Cover) -> str:
    """Set the title over a round window."""
    words, foot = stack(cover, 38, (TEXT_WIDTH, 220), TextStyle(WIDTH / 2, SERIF, cover.palette.ink, "middle"), 70)
    radius = min((PICTURE_BOTTOM - foot - 30) / 2, 165)
    top = (foot + PICTURE_BOTTOM) / 2 + 8 - radius
    shape = f"M{200 - radius:.0f} {top + radius:.0f}a{radius:.0f} {radius:.0f} 0 1 1 0 1Z"
    return words + window(cover, shape, (200 - radius, top, 2 * radius, 2 * radius))


def diagonal(cover: Cover) -> str:
    """Set the title over a picture with a slanted upper edge."""
    words, foot = stack(cover, 36, (TEXT_WIDTH, 250), TextStyle(MARGIN, SANS, cover.palette.ink), 104)
    low = max(foot + 34, 250)
    shape = f"M0 {low + 110:.0f}L400 {low - 4:.0f}V{PICTURE_BOTTOM}H0Z"
    return words + window(cover, shape, (0, low - 10, WIDTH, PICTURE_BOTTOM - low + 10))


def arch(cover: Cover) -> str:
    """Set the title under an arched window."""
    words, foot = stack(cover, 0, (TEXT_WIDTH, 190), TextStyle(WIDTH / 2, SERIF, cover.palette.ink, "middle"), 60)
    top = PICTURE_BOTTOM - foot - 20
    shape = f"M62 {top - 26:.0f}V172a138 138 0 0 1 276 0V{top - 26:.0f}Z"
    line = stroked(f"M52 {top - 26:.0f}V172a148 148 0 0 1 296 0V{top - 26:.0f}Z", cover.palette.ink, 2)
    return window(cover, shape, (62, 34, 276, top - 60)) + line + moved_down(words, top)


def quarter(cover: Cover) -> str:
    """Set the title under a quarter disc in the corner."""
    words, foot = stack(cover, 0, (TEXT_WIDTH, 230), TextStyle(MARGIN, SANS, cover.palette.ink), 104)
    top = PICTURE_BOTTOM - foot - 22
    radius = min(top - 30, 370)
    shape = f"M400 0V{radius:.0f}A{radius:.0f} {radius:.0f} 0 0 1 {400 - radius:.0f} 0Z"
    return window(cover, shape, (400 - radius, 0, radius, radius)) + moved_down(words, top)


LAYOUTS: tuple[Layout, ...] = (below, label, quarter, arch, above, roundel, diagonal)
