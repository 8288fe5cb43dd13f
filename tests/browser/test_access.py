"""axe finds nothing to complain about, on every page, in every state, in both themes."""

import json
import re
from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from launcher.frontend_build import FOLDER
from tests.browser.shopkeeper import Book, Member, Shopkeeper
from tests.browser.test_buying import ask, expect_pending, order
from tests.browser.test_session import enter

pytestmark = pytest.mark.e2e

AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS: list[tuple[Literal["light", "dark"], int]] = [("light", 1440), ("dark", 390)]


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser without motion, so that no colour is measured half-way."""
    return open_context(reduced_motion="reduce")


def check(page: Page) -> None:
    """Runs axe in both themes. The colours do not depend on the width, nor the sizes on the theme."""
    page.evaluate(AXE.read_text("utf-8"))
    for theme, width in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_function("() => document.getAnimations().length === 0")
        told = violations(page)
        assert not told, f"{theme}, {width} px: {json.dumps(told, indent=2)}"


def violations(page: Page) -> list[dict[str, list[str]]]:
    """What axe says of the page as it stands, once it has been read into it."""
    found: list[Any] = page.evaluate("tags => axe.run({ runOnly: tags })", TAGS)["violations"]
    return [{each["id"]: [node["html"] for node in each["nodes"]]} for each in found]


def test_the_shelves(page: Page) -> None:
    """The list, with filters, and its sheet of filters on a small screen."""
    page.goto("/browse?genre=Poetry&in_stock=true")
    expect(page.get_by_role("list", name="Books").get_by_role("listitem").first).to_be_visible()
    check(page)


def test_the_sheet_of_filters(page: Page) -> None:
    """A dialog of its own."""
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto("/")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("dialog", name="Filters").get_by_role("button", name=re.compile("^Poetry"))).to_be_visible()
    check(page)


def test_the_shelves_while_they_load(page: Page, context: BrowserContext) -> None:
    """Skeletons."""
    held: list[Route] = []
    context.route(re.compile(r"/books\?"), lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants a function
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check(page)
    for route in held:
        route.abort()


@pytest.mark.parametrize("path", ["/browse?search=zzzz&genre=Poetry", "/books/99999", "/no/such/page"])
def test_what_is_not_there(page: Page, path: str) -> None:
    """An empty shelf, no such book, no such page."""
    page.goto(path)
    expect(page.get_by_role("heading", name=re.compile("Nothing on|was not found"))).to_be_visible()
    check(page)


def test_a_book_as_a_guest(keeper: Shopkeeper, page: Page) -> None:
    """With its neighbours."""
    page.goto(keeper.book().path)
    expect(page.get_by_role("heading", name="On the same shelf")).to_be_visible()
    check(page)


def test_a_book_that_is_sold_out(keeper: Shopkeeper, page: Page) -> None:
    """And the way to others."""
    page.goto(keeper.book(stock=0).path)
    expect(page.get_by_text("Every copy has found a reader")).to_be_visible()
    check(page)


def test_a_purchase_at_each_step(keeper: Shopkeeper, member_page: Page) -> None:
    """Before, in the dialog, refused, being processed and completed."""
    book = keeper.book()
    member_page.goto(book.path)
    expect(member_page.get_by_role("button", name="Buy now")).to_be_enabled()
    check(member_page)
    ask(member_page)
    check(member_page)
    keeper.set_price(book.book_id, "9.99")
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_role("alert")).to_be_visible()
    check(member_page)
    keeper.stop("worker")
    member_page.get_by_role("button", name="Buy at").click()
    expect_pending(member_page)
    check(member_page)
    keeper.start("worker")
    expect(member_page.get_by_role("button", name="Buy another")).to_be_visible()
    check(member_page)


def test_orders_in_each_state(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """None yet, then a completed, a failed and a pending one."""
    member_page.goto("/myorders")
    expect(member_page.get_by_role("heading", name="No orders yet")).to_be_visible()
    check(member_page)
    ends(keeper, member, keeper.book(), "completed")
    failing = keeper.book()
    keeper.stop("worker")
    order(member_page, failing)
    expect_pending(member_page)
    keeper.set_stock(failing.book_id, 0)
    keeper.start("worker")
    expect(member_page.get_by_text("Order failed").first).to_be_visible()
    check(member_page)
    keeper.stop("worker")
    keeper.place_order(member, keeper.book())
    member_page.goto("/myorders")
    expect(member_page.get_by_text("Processing")).to_be_visible()
    check(member_page)


def ends(keeper: Shopkeeper, member: Member, book: Book, status: str) -> None:
    """Places an order, which ends so."""
    keeper.place_order(member, book)
    keeper.wait_for_end(member, status)


def test_the_forms(page: Page, member: Member) -> None:
    """Empty, with what is wrong beside the fields, and refused."""
    page.goto("/signup")
    expect(page.get_by_label("Name")).to_be_visible()
    check(page)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    check(page)
    page.goto("/login")
    enter(page, Member(0, "", member.email, "a wrong one"))
    expect(page.get_by_role("alert")).to_have_text("Invalid email or password.")
    check(page)


def test_a_closed_shop(keeper: Shopkeeper, page: Page) -> None:
    """The sentence and the button."""
    keeper.stop("gateway")
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("The shop cannot be reached.")
    check(page)


def test_a_page_that_did_not_open(page: Page, context: BrowserContext) -> None:
    """Not even its settings could be read."""
    context.route("**/config.json", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("heading", name="This page did not open")).to_be_visible()
    check(page)


SMALL = 320
"""Pixels: a page of 1280 at four times its size (WCAG 2.2, 1.4.10)."""


def test_nothing_is_wider_than_the_smallest_screen(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """Nor does any page scroll sideways, with an order in each place where one is shown."""
    book = keeper.book()
    keeper.place_order(member, book)
    keeper.wait_for_end(member, "completed")
    member_page.set_viewport_size({"width": SMALL, "height": 640})
    for path in (
        "/",
        "/browse?genre=Science+Fiction&min_price=5&search=the&in_stock=true",
        book.path,
        "/myorders",
        "/no",
    ):
        member_page.goto(path)
        expect(member_page.get_by_role("button", name="Log out")).to_be_visible()
        expect(member_page.get_by_role("heading", level=1)).to_be_visible()
        assert member_page.evaluate("document.documentElement.scrollWidth") == SMALL, path


def test_the_focus_is_never_lost(keeper: Shopkeeper, member_page: Page) -> None:
    """The control that one has just used goes away: what it belonged to has the focus then."""
    member_page.goto("/browse?genre=Poetry&sort=title")
    member_page.get_by_role("button", name="Remove the filter Poetry").click()
    expect(member_page.get_by_role("heading", level=1, name="All books")).to_be_focused()
    book = keeper.book()
    order(member_page, book)
    member_page.get_by_role("button", name="Buy another").click()
    expect(member_page.get_by_role("heading", level=1, name=book.title)).to_be_focused()
    member_page.get_by_role("button", name="Log out").click()
    expect(member_page.get_by_role("heading", level=1, name=book.title)).to_be_focused()


def test_an_app_whose_code_does_not_come_says_so(page: Page, context: BrowserContext) -> None:
    """Instead of a page that stays empty."""
    context.route("**/assets/*.js", lambda route: route.abort())
    for theme, width in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/")
        expect(page.get_by_role("heading", name="This page did not open")).to_be_visible()
        expect(page.get_by_text("The shop could not be reached.")).to_be_visible()
        page.evaluate(AXE.read_text("utf-8"))
        assert violations(page) == []
