"""axe finds no accessibility violation on any page, in any state, in either theme."""

import json
import re
from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from launcher.frontend_build import FOLDER
from tests.browser.actions import expect_pending, listed_books, log_in, open_confirm_dialog, place_order
from tests.browser.backend import Backend, User

pytestmark = pytest.mark.e2e

AXE_SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VARIANTS: list[tuple[Literal["light", "dark"], int]] = [("light", 1440), ("dark", 390)]


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser context without motion, so that axe does not measure a colour in transition."""
    return open_context(reduced_motion="reduce")


def check_accessibility(page: Page) -> None:
    """Run axe in light at 1440 px and in dark at 390 px: colours do not depend on the width, nor sizes on the theme."""
    page.evaluate(AXE_SCRIPT.read_text("utf-8"))
    for theme, width in VARIANTS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_function("() => document.getAnimations().length === 0")
        violations = find_violations(page)
        assert not violations, f"{theme}, {width} px: {json.dumps(violations, indent=2)}"


def find_violations(page: Page) -> list[dict[str, list[str]]]:
    """Return the violations that axe reports. Its script must have been evaluated on the page."""
    violations: list[Any] = page.evaluate("tags => axe.run({ runOnly: tags })", AXE_TAGS)["violations"]
    return [{each["id"]: [node["html"] for node in each["nodes"]]} for each in violations]


def test_the_list_of_books(page: Page) -> None:
    """The list with active filters is accessible."""
    page.goto("/browse?genre=Poetry&in_stock=true")
    expect(listed_books(page).first).to_be_visible()
    check_accessibility(page)


def test_the_filter_sheet(page: Page) -> None:
    """The dialog with the filters on a small screen is accessible."""
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto("/")
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("dialog", name="Filters").get_by_role("button", name=re.compile("^Poetry"))).to_be_visible()
    check_accessibility(page)


def test_the_list_while_it_loads(page: Page, context: BrowserContext) -> None:
    """The skeletons are accessible."""
    held_routes: list[Route] = []
    context.route(re.compile(r"/books\?"), lambda route: held_routes.append(route))  # noqa: PLW0108 - Playwright wants a function
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check_accessibility(page)
    for route in held_routes:
        route.abort()


@pytest.mark.parametrize("path", ["/browse?search=zzzz&genre=Poetry", "/books/99999", "/no/such/page"])
def test_missing_books_and_pages(page: Page, path: str) -> None:
    """A list without results, a missing book and a missing page are accessible."""
    page.goto(path)
    expect(page.get_by_role("heading", name=re.compile("No books found|not found$"))).to_be_visible()
    check_accessibility(page)


def test_a_book_as_a_guest(backend: Backend, page: Page) -> None:
    """A book's page with related books is accessible to guests."""
    page.goto(backend.book().path)
    expect(page.get_by_role("heading", name="On the same shelf")).to_be_visible()
    check_accessibility(page)


def test_a_sold_out_book(backend: Backend, page: Page) -> None:
    """The page of a sold-out book is accessible."""
    page.goto(backend.book(stock=0).path)
    expect(page.get_by_text("This book is sold out.")).to_be_visible()
    check_accessibility(page)


def test_a_purchase_at_each_step(backend: Backend, user_page: Page) -> None:
    """A purchase is accessible in the form, the dialog, with an error, while it is pending and when it is completed."""
    book = backend.book()
    user_page.goto(book.path)
    expect(user_page.get_by_role("button", name="Buy now")).to_be_enabled()
    check_accessibility(user_page)
    open_confirm_dialog(user_page)
    check_accessibility(user_page)
    backend.set_price(book.book_id, "9.99")
    user_page.get_by_role("button", name="Place order").click()
    expect(user_page.get_by_role("alert")).to_be_visible()
    check_accessibility(user_page)
    backend.stop("worker")
    user_page.get_by_role("button", name="Buy at").click()
    expect_pending(user_page)
    check_accessibility(user_page)
    backend.start("worker")
    expect(user_page.get_by_role("button", name="Buy another")).to_be_visible()
    check_accessibility(user_page)


def test_orders_in_each_state(backend: Backend, user: User, user_page: Page) -> None:
    """The orders are accessible when there are none, and with a completed, a failed and a pending one."""
    user_page.goto("/myorders")
    expect(user_page.get_by_role("heading", name="No orders yet")).to_be_visible()
    check_accessibility(user_page)
    backend.place_and_complete_order(user, backend.book())
    failing = backend.book()
    backend.stop("worker")
    place_order(user_page, failing)
    expect_pending(user_page)
    backend.set_stock(failing.book_id, 0)
    backend.start("worker")
    expect(user_page.get_by_text("Order failed").first).to_be_visible()
    check_accessibility(user_page)
    backend.stop("worker")
    backend.place_order(user, backend.book())
    user_page.goto("/myorders")
    expect(user_page.get_by_text("Processing")).to_be_visible()
    check_accessibility(user_page)


def test_the_forms(page: Page, user: User) -> None:
    """The forms are accessible when they are empty, with errors at fields, and after a rejected log-in."""
    page.goto("/signup")
    expect(page.get_by_label("Name")).to_be_visible()
    check_accessibility(page)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    check_accessibility(page)
    page.goto("/login")
    log_in(page, User(0, "", user.email, "a wrong one"))
    expect(page.get_by_role("alert")).to_have_text("Invalid email or password.")
    check_accessibility(page)


def test_an_unreachable_shop(backend: Backend, page: Page) -> None:
    """The error message and its button are accessible."""
    backend.stop("gateway")
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("The shop cannot be reached.")
    check_accessibility(page)


def test_a_page_that_could_not_be_loaded(page: Page, context: BrowserContext) -> None:
    """The error page for missing settings is accessible."""
    context.route("**/config.json", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("heading", name="This page could not be loaded")).to_be_visible()
    check_accessibility(page)


SMALLEST_WIDTH = 320
"""Pixels: a page of 1280 px at a zoom of 400 % (WCAG 2.2, 1.4.10)."""


def test_no_page_scrolls_sideways_on_the_smallest_screen(backend: Backend, user: User, user_page: Page) -> None:
    """No page is wider than 320 px, including pages with an order."""
    book = backend.book()
    backend.place_and_complete_order(user, book)
    user_page.set_viewport_size({"width": SMALLEST_WIDTH, "height": 640})
    for path in (
        "/",
        "/browse?genre=Science+Fiction&min_price=5&search=the&in_stock=true",
        book.path,
        "/myorders",
        "/no",
    ):
        user_page.goto(path)
        expect(user_page.get_by_role("button", name="Log out")).to_be_visible()
        expect(user_page.get_by_role("heading", level=1)).to_be_visible()
        assert user_page.evaluate("document.documentElement.scrollWidth") == SMALLEST_WIDTH, path


def test_the_focus_is_never_lost(backend: Backend, user_page: Page) -> None:
    """When the focused control disappears, the heading gets the focus."""
    user_page.goto("/browse?genre=Poetry&sort=title")
    user_page.get_by_role("button", name="Remove filter Poetry").click()
    expect(user_page.get_by_role("heading", level=1, name="All books")).to_be_focused()
    book = backend.book()
    place_order(user_page, book)
    user_page.get_by_role("button", name="Buy another").click()
    expect(user_page.get_by_role("heading", level=1, name=book.title)).to_be_focused()
    user_page.get_by_role("button", name="Log out").click()
    expect(user_page.get_by_role("heading", level=1, name=book.title)).to_be_focused()


def test_an_app_whose_code_does_not_load_shows_an_error(page: Page, context: BrowserContext) -> None:
    """The page shows an error instead of staying empty."""
    context.route("**/assets/*.js", lambda route: route.abort())
    for theme, width in VARIANTS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/")
        expect(page.get_by_role("heading", name="This page could not be loaded")).to_be_visible()
        expect(page.get_by_text("The shop could not be reached.")).to_be_visible()
        page.evaluate(AXE_SCRIPT.read_text("utf-8"))
        assert find_violations(page) == []
