"""The built pages are quick, and nothing on them moves."""

import re
from collections.abc import Callable
from typing import TypedDict

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.shopkeeper import Member, Shopkeeper

pytestmark = pytest.mark.e2e

LONGEST_TASK = 200
"""Milliseconds."""
LARGEST_SHIFT = 0.02
LOADS = 3
"""A task that is long because the machine was busy is not as long in every load."""
OBSERVE = """
window.seen = { tasks: [0], shift: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) seen.tasks.push(duration);
}).observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) seen.shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""


class Seen(TypedDict):
    """What a page has measured of itself."""

    tasks: list[float]
    shift: float


PAGES = {
    "/": "main article >> nth=11",
    "/books/2": "#neighbours",
    "/login": "main form",
    "/browse?genre=Poetry&sort=price": "main article >> nth=5",
}
"""Pages, each with what comes last on it."""
SETTLED = """() =>
document.fonts.status === "loaded" && [...document.querySelectorAll("main img")].every(
  ({ complete, naturalWidth, y }) => (complete && naturalWidth > 0) || y > innerHeight)
"""


def settle(page: Page, last: str) -> Seen:
    """Waits until all that belongs to the first screen is there; answers what was seen."""
    expect(page.locator(last)).to_be_attached()
    page.wait_for_function(SETTLED)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    found: Seen = page.evaluate("seen")
    return found


def load(context: BrowserContext, path: str, width: int) -> Seen:
    """Opens the page for the first time."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(OBSERVE)
    page.goto(path)
    return settle(page, PAGES[path])


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_quickly_and_stands_still(
    open_context: Callable[..., BrowserContext], path: str, width: int
) -> None:
    """No task blocks it for long, and nothing shifts while it loads."""
    loads = [load(open_context(), path, width) for _ in range(LOADS)]
    assert min(max(each["tasks"]) for each in loads) <= LONGEST_TASK
    assert max(each["shift"] for each in loads) < LARGEST_SHIFT


def test_filters_and_pages_shift_nothing(page: Page) -> None:
    """Choosing, searching, scrolling and going to a book leave everything in its place."""
    page.add_init_script(OBSERVE)
    page.goto("/")
    settle(page, PAGES["/"])
    page.get_by_role("button", name=re.compile("^Fantasy")).click()
    expect(page.get_by_role("heading", level=1, name="Fantasy")).to_be_visible()
    page.get_by_role("searchbox").fill("wind")
    books = page.get_by_role("list", name="Books").get_by_role("listitem")
    expect(books).to_have_count(1)
    page.get_by_role("button", name="Clear all").click()
    expect(books.nth(11)).to_be_attached()
    books.nth(11).scroll_into_view_if_needed()
    expect(books.nth(20)).to_be_attached()
    books.nth(11).get_by_role("link").click()
    assert settle(page, "#neighbours")["shift"] < LARGEST_SHIFT


def test_the_orders_stand_still(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """While the page finds out who is there, and loads what they bought."""
    keeper.place_order(member, keeper.book())
    keeper.wait_for_end(member, "completed")
    member_page.add_init_script(OBSERVE)
    member_page.goto("/myorders")
    assert settle(member_page, "main article")["shift"] < LARGEST_SHIFT


def test_images_come_when_they_are_needed(page: Page) -> None:
    """Covers far below are not asked for at first, and every cover keeps its place free."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/images/books/" in request.url else None)
    page.set_viewport_size({"width": 1440, "height": 600})
    page.add_init_script(OBSERVE)
    page.goto("/")
    settle(page, PAGES["/"])
    covers = page.locator("main img")
    assert all(covers.nth(each).get_attribute("width") for each in range(12))
    assert 4 <= len(set(asked)) <= 24


def test_the_first_page_loads_one_route_only(page: Page) -> None:
    """What belongs to a book, to orders or to the forms comes later; every script is packed and kept for good."""
    scripts: dict[str, dict[str, str]] = {}
    page.on(
        "response",
        lambda answer: scripts.update({answer.url: answer.headers}) if answer.url.endswith(".js") else None,
    )
    page.goto("/")
    expect(page.locator(PAGES["/"])).to_be_attached()
    names = " ".join(scripts)
    assert "/assets/browse-" in names
    assert not re.search("/assets/(book|my-orders|log-in|sign-up|confirm-dialog|dialog)-", names)
    for url, headers in scripts.items():
        if "/assets/" in url:
            assert "immutable" in headers["cache-control"]
    assert any(headers.get("content-encoding") == "gzip" for headers in scripts.values())
